//! What a run of the program must have printed.

use std::process::Command;

use crate::process::{Failure, announce, captured, succeeded};

/// What a run that did something has counted, each more than 0.
const COUNTED: [&str; 9] = [
    "values read whole: ",
    "stored or removed: ",
    "stored in pieces: ",
    "dropped in pieces: ",
    "iterations: ",
    "waits for a mutex: ",
    "priorities inherited: ",
    "longest two reads of the urgent task, ticks: ",
    "ticks: ",
];

/// A run of the program that came to its end.
pub(super) struct Ended {
    pub(super) command: Command,
    pub(super) status: std::process::ExitStatus,
    pub(super) printed: String,
}

pub(super) fn ended(mut command: Command) -> Result<Ended, Failure> {
    announce(&command);
    let (status, printed) = captured(&mut command)?;
    print!("{printed}");
    Ok(Ended {
        command,
        status,
        printed,
    })
}

pub(super) fn came_to_its_end(run: &Ended) -> Result<(), Failure> {
    succeeded(&run.command, run.status)?;
    if run.printed.ends_with("passed\n") {
        return Ok(());
    }
    Err(Failure::new("the program did not come to its end"))
}

/// It succeeded, and did something.
pub(super) fn passed(run: &Ended) -> Result<(), Failure> {
    came_to_its_end(run)?;
    COUNTED.iter().try_for_each(|what| counted(run, what))
}

/// A line that begins like this has a number other than 0.
pub(super) fn counted(run: &Ended, what: &str) -> Result<(), Failure> {
    let number = number_after(&run.printed, what);
    if number.is_some_and(|number| number > 0) {
        return Ok(());
    }
    Err(Failure::new(format!("`{what}` is {number:?}")))
}

pub(super) fn number_after(printed: &str, what: &str) -> Option<u64> {
    let mut numbers = printed.lines().filter_map(|line| line.strip_prefix(what));
    numbers.next()?.parse().ok()
}

/// Without locks it says what went wrong: were that not noticed, a success would prove nothing.
pub(super) fn must_fail(run: &Ended) -> Result<(), Failure> {
    // 124 is the word of `timeout`: that nothing happens is not what is meant.
    let by_itself = run
        .status
        .code()
        .is_some_and(|code| code != 0 && code != 124);
    if by_itself && (run.printed.contains("not so: ") || run.printed.contains("fault\n")) {
        println!("(without locks that is noticed, as it must be)");
        return Ok(());
    }
    Err(Failure::new(format!(
        "without locks the program ended with {}, and found nothing wrong",
        run.status
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        let printed = "calls refused: 0\nticks: 12\n";
        assert_eq!(number_after(printed, "ticks: "), Some(12));
        assert_eq!(number_after(printed, "calls refused: "), Some(0));
        assert_eq!(number_after(printed, "sets: "), None);
    }
}
