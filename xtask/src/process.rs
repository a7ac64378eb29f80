//! Running other programs: each is shown before it runs, and a failure says which it was.

use std::fmt;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::paths;

/// Why a task failed, in words for the person who started it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Failure(reason.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A command that runs in the root of the repository and reads nothing from the terminal.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root()).stdin(Stdio::null());
    command
}

/// The cargo that runs this program, building into the one target directory.
pub(crate) fn cargo(subcommand: &str) -> Command {
    cargo_into(subcommand, &paths::target())
}

/// The same, building into a directory of its own.
pub(crate) fn cargo_into(subcommand: &str, target: &Path) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = command(cargo);
    // A target set for all builds would move the artefacts to another folder.
    command.env_remove("CARGO_BUILD_TARGET").arg(subcommand);
    if subcommand != "fmt" {
        command.arg("--target-dir").arg(target);
    }
    command
}

/// Runs the command with its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    announce(command);
    let status = command
        .status()
        .map_err(|error| not_started(command, &error))?;
    succeeded(command, status)
}

/// Runs the command, passes each line that it prints to `line`, and returns how it ended.
pub(crate) fn run_lines(
    command: &mut Command,
    mut line: impl FnMut(&str),
) -> Result<ExitStatus, Failure> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(command, &error))?;
    if let Some(stdout) = child.stdout.take() {
        let mut reader = BufReader::new(stdout);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|count| count > 0)
        {
            line(String::from_utf8_lossy(&bytes).trim_end());
            bytes.clear();
        }
    }
    child.wait().map_err(|error| not_started(command, &error))
}

/// Runs the command silently; what it printed, or `None` when it cannot run or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs the command silently and keeps what it prints, errors included; how it ended is for the
/// caller.
pub(crate) fn captured(command: &mut Command) -> Result<(ExitStatus, String), Failure> {
    let output = command
        .output()
        .map_err(|error| not_started(command, &error))?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status, String::from_utf8_lossy(&text).into_owned()))
}

/// As [`succeeded`], with what was printed in the error.
pub(crate) fn succeeded_with(
    command: &Command,
    status: ExitStatus,
    printed: &str,
) -> Result<(), Failure> {
    succeeded(command, status).map_err(|failure| Failure::new(format!("{failure}\n{printed}")))
}

/// An error unless the program ended with exit code 0.
pub(crate) fn succeeded(command: &Command, status: ExitStatus) -> Result<(), Failure> {
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` failed: {status}",
        shown(command)
    )))
}

/// Shows the command before it runs.
pub(crate) fn announce(command: &Command) {
    println!("$ {}", shown(command));
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!(
        "`{}` could not be started: {error}",
        shown(command)
    ))
}

/// The command as one could type it in the root of the repository.
fn shown(command: &Command) -> String {
    let mut words = Vec::new();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!(
                "{}={}",
                name.to_string_lossy(),
                quoted(&value.to_string_lossy())
            ));
        }
    }
    let program = Path::new(command.get_program());
    // `/…/bin/cargo` is only `cargo` to a reader.
    let name = program.file_name().unwrap_or(program.as_os_str());
    let short = if name == "cargo" {
        name
    } else {
        program.as_os_str()
    };
    words.push(quoted(&short.to_string_lossy()));
    words.extend(
        command
            .get_args()
            .map(|argument| quoted(&relative(argument.as_ref()))),
    );
    words.join(" ")
}

fn relative(argument: &Path) -> String {
    argument
        .strip_prefix(paths::root())
        .unwrap_or(argument)
        .to_string_lossy()
        .into_owned()
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_they_are_typed() {
        let mut command = command("cc");
        command
            .env("LEVEL", "a b")
            .arg(paths::root().join("include"))
            .arg("-Wall")
            .arg("it's");
        assert_eq!(shown(&command), "LEVEL='a b' cc include -Wall 'it'\\''s'");
    }

    #[test]
    fn a_failing_program_is_an_error() {
        let mut command = cargo("--no-such-flag");
        command.stderr(Stdio::null());
        assert!(run(&mut command).is_err());
        assert_eq!(output_of(&mut command), None);
    }
}
