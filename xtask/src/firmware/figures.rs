//! What operations take on each board, the flash driver included: instructions and stack.

use std::fs;

use super::boards::Board;
use super::build::Built;
use super::emulator::{LIMIT, run_command};
use crate::cmake::cannot;
use crate::process::{Failure, announce, captured, command, succeeded_with};

/// The lines that the program prints, in this order, and the columns of the table.
const COLUMNS: [&str; 7] = [
    "set",
    "set,driver",
    "get",
    "get,driver",
    "open",
    "open,driver",
    "stack",
];

/// The head of the table.
pub(super) fn head() -> String {
    format!(
        "| board | {} |\n|---|{}",
        COLUMNS.join(" | ").replace(',', ", "),
        "---:|".repeat(COLUMNS.len())
    )
}

/// The row of a board.
pub(super) fn row(board: &Board, built: &Built) -> Result<String, Failure> {
    let image = built.folder.join("tests.img");
    let erased = vec![0xFF; board.image_size];
    fs::write(&image, &erased).map_err(|error| cannot("write", &image, &error))?;
    let run = run_command(board, &built.program("figures"), &image, &["figures"]);
    let mut emulator = command("timeout");
    emulator.arg(LIMIT.as_secs().to_string());
    emulator.arg(run.get_program()).args(run.get_args());
    // An instruction is 64 ns; the program finds out how many ticks of its clock that are.
    emulator.args(["-icount", "shift=6"]);
    announce(&emulator);
    let (status, printed) = captured(&mut emulator)?;
    succeeded_with(&emulator, status, &printed)?;
    cells(&printed)
        .map(|cells| format!("| {} | {} |", board.name, cells.join(" | ")))
        .ok_or_else(|| Failure::new(format!("these are no figures:\n{printed}")))
}

fn cells(printed: &str) -> Option<Vec<String>> {
    let mut lines = printed.lines();
    let cells: Option<Vec<String>> = COLUMNS
        .iter()
        .map(|column| {
            let (name, number) = lines.next()?.split_once(' ')?;
            let number: u32 = number.parse().ok()?;
            (name == *column && number > 0).then(|| number.to_string())
        })
        .collect();
    cells.filter(|_| lines.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_columns() {
        let lines: Vec<String> = COLUMNS.iter().map(|name| format!("{name} 12")).collect();
        assert_eq!(cells(&lines.join("\n")).map(|cells| cells.len()), Some(7));
        assert_eq!(cells(&lines.join("\n").replace("12", "0")), None);
        assert_eq!(cells(&lines[1..].join("\n")), None);
        assert_eq!(cells("fault\n"), None);
    }
}
