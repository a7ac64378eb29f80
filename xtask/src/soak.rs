//! `cargo xtask soak`: the power-loss test with some millions of cuts.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::process::{Failure, cargo, run_lines, succeeded};

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// Power cuts to try
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    cases: u64,
}

/// Runs the soak and prints how many cuts were tried and how many lost data.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let spinner = spinner()?;
    let mut command = cargo("test");
    // The test profile, not release: optimised, and with every overflow and debug check.
    command
        .args([
            "--package",
            "nvkv",
            "--features",
            "sim",
            "--test",
            "power_loss",
            "soak",
        ])
        .args(["--", "--ignored", "--nocapture"])
        .env("NVKV_SOAK_CASES", options.cases.to_string());
    let mut tried_and_lost = None;
    let mut ran = 0_u64;
    let status = run_lines(&mut command, |line| {
        spinner.println(line);
        ran = ran.saturating_add(tests_passed(line));
        if line.contains("tried") && line.contains("lost") {
            tried_and_lost = Some(line.to_owned());
        }
    })?;
    spinner.finish_and_clear();
    succeeded(&command, status)?;
    if ran == 0 {
        return Err(Failure::new("no soak test ran"));
    }
    println!(
        "{}",
        tried_and_lost.unwrap_or_else(|| format!("{} cuts tried", options.cases))
    );
    Ok(())
}

/// Shows that the run goes on: the test itself may print nothing for minutes.
fn spinner() -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} cutting the power")
        .map_err(|error| Failure::new(error.to_string()))?;
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.enable_steady_tick(Duration::from_millis(250));
    Ok(spinner)
}

/// The number in a line `test result: ok. 3 passed; …`.
fn tests_passed(line: &str) -> u64 {
    line.strip_prefix("test result: ok. ")
        .and_then(|rest| rest.split_once(" passed"))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passed_tests_are_counted() {
        assert_eq!(
            tests_passed("test result: ok. 3 passed; 0 failed; 0 ignored"),
            3
        );
        assert_eq!(tests_passed("test result: FAILED. 3 passed; 1 failed"), 0);
        assert_eq!(tests_passed("running 3 tests"), 0);
    }
}
