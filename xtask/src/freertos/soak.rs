//! `cargo xtask rtos`: the tasks again and again, with other seeds for what they do and other
//! speeds of the processor, so that they are interrupted elsewhere each time.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::build::{PROCESSORS, Processor, SOURCES, build_for_host, kernel, run_on_host};
use super::missing;
use super::verdict::{counted, passed};
use crate::process::Failure;

/// Options of `cargo xtask rtos`.
#[derive(Args)]
pub(crate) struct Options {
    /// Rounds: in each, one run on each processor and one on this machine
    #[arg(long, value_name = "N", default_value_t = 50)]
    runs: u32,
    /// Seed of the first round; without it one that no run had before
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
}

/// Speeds: an instruction is 4 to 64 ns, a tick of the kernel 250,000 to 15,625 of them.
const SHIFTS: [u32; 5] = [2, 3, 4, 5, 6];

/// Builds all programs, then runs the rounds.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if let Some(what) = missing() {
        return Err(Failure::new(format!("it needs: {what}")));
    }
    let kernel = kernel()?;
    let host = build_for_host(&kernel, "program", &SOURCES, &[])?;
    let mut programs: Vec<(&Processor, PathBuf)> = Vec::new();
    for processor in &PROCESSORS {
        programs.push((processor, processor.build(&kernel)?));
    }
    let first = options.seed.unwrap_or_else(fresh_seed);
    for round in 0..options.runs {
        let seed = first.wrapping_add(round);
        println!("round {round}: cargo xtask rtos --runs 1 --seed {seed}");
        let kind = format!("locked {seed}");
        for (shift, (processor, program)) in shifts(seed).zip(&programs) {
            let run = processor.run(program, &kind, shift)?;
            passed(&run)?;
            counted(&run, "calls from interrupts, refused: ")?;
        }
        passed(&run_on_host(&host, &kind)?)?;
    }
    println!("{} rounds passed", options.runs);
    Ok(())
}

/// The speeds of a round, another one for each processor.
fn shifts(seed: u32) -> impl Iterator<Item = u32> {
    let skip = usize::try_from(seed % 5).unwrap_or(0);
    SHIFTS.iter().copied().cycle().skip(skip)
}

/// From the clock: what matters is that it differs.
fn fresh_seed() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |since| since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_begins_with_another_speed() {
        assert_eq!(shifts(0).take(3).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(shifts(4).take(3).collect::<Vec<_>>(), [6, 2, 3]);
        assert_eq!(shifts(5).next(), Some(2));
    }
}
