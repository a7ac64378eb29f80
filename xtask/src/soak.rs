//! `cargo xtask soak`: the tests that draw other seeds each time, then the power-loss test with
//! some millions of cuts.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::process::{Failure, cargo, run as run_command, run_lines, succeeded};

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// Cases to try; each cuts the power once or several times
    #[arg(long, value_name = "N", default_value_t = 2_000_000)]
    cases: u64,
    /// Seed of the first round; without it one that no run had before
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

/// Cases of a round: what was tried is told that often.
const ROUND: u64 = 250_000;

/// Cases, and how many of them lost something.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
struct Tally {
    tried: u64,
    lost: u64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.tried = self.tried.saturating_add(other.tried);
        self.lost = self.lost.saturating_add(other.lost);
    }
}

/// Runs rounds of the soak, each with a seed of its own, until enough cases were tried.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    fresh_seeds()?;
    let mut total = Tally::default();
    let mut seed = options.seed;
    while total.tried < options.cases {
        // A round may try fewer than it was asked for: some workloads have no more cuts than that.
        let left = options.cases.saturating_sub(total.tried);
        let (round, outcome) = one_round(left.min(ROUND), seed.take())?;
        total.add(round);
        println!("so far: {} cases tried, {} lost", total.tried, total.lost);
        outcome?;
        if round.tried == 0 {
            return Err(Failure::new(
                "the power-loss test printed no `cut cases: N tried, N lost`",
            ));
        }
    }
    println!(
        "power cuts: {} cases tried, {} lost",
        total.tried, total.lost
    );
    if total.lost == 0 {
        Ok(())
    } else {
        Err(Failure::new("power cuts lost data"))
    }
}

/// The tests that draw other seeds each time.
fn fresh_seeds() -> Result<(), Failure> {
    let mut command = cargo("test");
    command.args(["--package", "nvkv", "--features", "sim"]);
    let tests = [
        "--test",
        "model",
        "--test",
        "faults",
        "--test",
        "many_faults",
    ];
    command.args(tests).arg("fresh_seeds");
    command.args(["--", "--nocapture", "--ignored"]);
    run_command(&mut command)
}

/// What one run of the test tried, and how it ended.
fn one_round(cases: u64, seed: Option<u64>) -> Result<(Tally, Result<(), Failure>), Failure> {
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
            "cut",
        ])
        .args(["--", "--nocapture"])
        .env("NVKV_SOAK_CASES", cases.to_string());
    if let Some(seed) = seed {
        command.env("NVKV_SEED", seed.to_string());
    }
    let spinner = spinner()?;
    let mut tally = Tally::default();
    let status = run_lines(&mut command, |line| {
        spinner.suspend(|| println!("{line}"));
        tally.add(tally_of(line).unwrap_or_default());
    });
    spinner.finish_and_clear();
    let status = status?;
    Ok((tally, succeeded(&command, status)))
}

/// Shows that the run goes on: the test itself may print nothing for minutes.
fn spinner() -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} cutting the power")
        .map_err(|error| Failure::new(error.to_string()))?;
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.enable_steady_tick(Duration::from_millis(250));
    Ok(spinner)
}

/// The numbers in a line `one cut: cut cases: 3 tried, 0 lost (...)`.
fn tally_of(line: &str) -> Option<Tally> {
    let (_, numbers) = line.split_once("cut cases: ")?;
    let (tried, rest) = numbers.split_once(" tried, ")?;
    let (lost, _) = rest.split_once(" lost")?;
    Some(Tally {
        tried: tried.parse().ok()?,
        lost: lost.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_read_from_the_lines_of_the_test() {
        let line = "one cut: cut cases: 48000 tried, 2 lost (48000 cuts, 7 unseen touches)";
        assert_eq!(
            tally_of(line),
            Some(Tally {
                tried: 48_000,
                lost: 2
            })
        );
        assert_eq!(tally_of("test one_cut ... ok"), None);
        assert_eq!(tally_of("cut cases: many tried, 0 lost"), None);
    }
}
