//! The programs of `tests/c` and `tests/cpp` on a board, and the first example: each checks itself.

use std::fs;

use super::boards::Board;
use super::build::Built;
use super::emulator::{LIMIT, run_command};
use crate::cmake::{cannot, expect};
use crate::process::{Failure, announce, captured, command, succeeded_with};

/// Runs all of them; how many there were.
pub(super) fn run(board: &Board, built: &Built) -> Result<usize, Failure> {
    let image = built.folder.join("tests.img");
    let erased = vec![0xFF; board.image_size];
    fs::write(&image, &erased).map_err(|error| cannot("write", &image, &error))?;
    let programs = all(board);
    for (program, words) in &programs {
        let mut emulator = command("timeout");
        emulator.arg(LIMIT.as_secs().to_string());
        let run = run_command(board, &built.program(program), &image, words);
        emulator.arg(run.get_program()).args(run.get_args());
        announce(&emulator);
        let (status, printed) = captured(&mut emulator)?;
        succeeded_with(&emulator, status, &printed)?;
        if program.starts_with("cpp_") {
            expect(&printed, " 0 failures")?;
        }
    }
    Ok(programs.len())
}

/// Programs with their command lines.
fn all(board: &Board) -> Vec<(String, Vec<&'static str>)> {
    let mut programs = Vec::new();
    for name in board.in_ram {
        // As under other tools that make it slow.
        let words = if *name == "failures" { "few" } else { "" };
        programs.push(((*name).to_owned(), vec![*name, words]));
    }
    for name in board.on_flash {
        programs.push((format!("{name}_on_flash"), vec![*name]));
    }
    for name in board.cpp {
        // Each of its tests is for a program that was just started.
        let runs = match *name {
            "owner" => &["tdbstore_first", "nvstore_first"][..],
            _ => &[""],
        };
        programs.extend(
            runs.iter()
                .map(|run| (format!("cpp_{name}"), vec![*name, *run])),
        );
    }
    for (_, words) in &mut programs {
        words.retain(|word| !word.is_empty());
    }
    programs
}
