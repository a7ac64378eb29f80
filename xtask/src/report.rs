//! The steps of a run: a headline before each, a table of what ran at the end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::process::Failure;

/// How a step ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All was well.
    Passed,
    /// It could not run here; what to do so that it can.
    Skipped(String),
    /// Something is wrong.
    Failed(String),
}

impl From<Result<(), Failure>> for Outcome {
    fn from(result: Result<(), Failure>) -> Self {
        match result {
            Ok(()) => Outcome::Passed,
            Err(failure) => Outcome::Failed(failure.to_string()),
        }
    }
}

struct Step {
    name: String,
    took: Duration,
    outcome: Outcome,
}

/// What ran so far.
pub(crate) struct Report {
    steps: Vec<Step>,
    /// In CI everything must run: a skipped step is a failed one.
    strict: bool,
    /// Steps without this in their names are left out.
    only: String,
}

impl Report {
    pub(crate) fn new(strict: bool, only: &str) -> Self {
        Report {
            steps: Vec::new(),
            strict,
            only: only.to_owned(),
        }
    }

    /// Runs one step under its headline.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce() -> Outcome) {
        if !name.contains(&self.only) {
            return;
        }
        println!("\n==> {name}");
        let start = Instant::now();
        let outcome = match work() {
            Outcome::Skipped(what) if self.strict => {
                Outcome::Failed(format!("nothing may be skipped in CI: {what}"))
            }
            outcome => outcome,
        };
        match &outcome {
            Outcome::Passed => {}
            Outcome::Skipped(what) => println!("skipped: {what}"),
            Outcome::Failed(why) => println!("FAILED: {why}"),
        }
        self.steps.push(Step {
            name: name.to_owned(),
            took: start.elapsed(),
            outcome,
        });
    }

    /// Prints the summary; an error when a step failed.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        println!("\n{}", self.summary());
        if self.steps.is_empty() {
            return Err(Failure::new(format!(
                "no step has `{}` in its name",
                self.only
            )));
        }
        let failed: Vec<&str> = self
            .steps
            .iter()
            .filter(|step| matches!(step.outcome, Outcome::Failed(_)))
            .map(|step| step.name.as_str())
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(Failure::new(format!("failed: {}", failed.join(", "))))
    }

    fn summary(&self) -> String {
        let mut text = String::from("==> summary\n");
        for step in &self.steps {
            let (word, detail) = match &step.outcome {
                Outcome::Passed => ("ok", ""),
                Outcome::Skipped(what) => ("skipped", what.as_str()),
                // All of it stands where it failed.
                Outcome::Failed(why) => ("FAILED", why.lines().next().unwrap_or("")),
            };
            let seconds = step.took.as_secs_f64();
            let line = format!("{word:8} {seconds:7.1} s  {:40} {detail}", step.name);
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let count = |wanted: fn(&Outcome) -> bool| {
            self.steps
                .iter()
                .filter(|step| wanted(&step.outcome))
                .count()
        };
        let _ = write!(
            text,
            "steps: {} passed, {} failed, {} skipped",
            count(|outcome| matches!(outcome, Outcome::Passed)),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three_steps(strict: bool) -> Report {
        let mut report = Report::new(strict, "");
        report.step("good", || Outcome::Passed);
        report.step("absent", || Outcome::Skipped("install it".to_owned()));
        report.step("also good", || Ok(()).into());
        report
    }

    #[test]
    fn a_skipped_step_fails_only_where_all_must_run() {
        assert!(three_steps(false).finish().is_ok());
        assert!(three_steps(true).finish().is_err());
        let summary = three_steps(false).summary();
        assert!(
            summary.ends_with("steps: 2 passed, 0 failed, 1 skipped"),
            "{summary}"
        );
    }

    #[test]
    fn steps_are_chosen_by_name_and_none_is_an_error() {
        let mut report = Report::new(true, "go");
        report.step("bad", || Outcome::Failed("not to be run".to_owned()));
        report.step("good", || Outcome::Passed);
        assert!(report.finish().is_ok());
        assert!(report.summary().ends_with("1 passed, 0 failed, 0 skipped"));
        assert!(Report::new(true, "none").finish().is_err());
    }

    #[test]
    fn a_failed_step_fails_the_run() {
        let mut report = Report::new(false, "");
        report.step("bad", || Err(Failure::new("broken")).into());
        assert!(
            report
                .finish()
                .is_err_and(|failure| failure.to_string().contains("bad"))
        );
        assert!(report.summary().contains("broken"));
    }
}
