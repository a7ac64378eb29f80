//! One run of the emulator: started on a flash image, its lines read, killed.
//!
//! Invariant: the image is what the flash was at the moment of the kill, and nothing of the run is
//! ended in order: it is killed with SIGKILL.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use super::boards::{Board, Flash};
use crate::process::{Failure, command};

/// A program that hangs is a failure.
pub(super) const LIMIT: Duration = Duration::from_secs(240);

/// An emulator that runs.
pub(super) struct Emulator {
    child: Child,
    /// What the firmware prints, line by line.
    lines: Receiver<String>,
    /// Its lines so far.
    seen: Vec<String>,
    /// Where the flash is kept, and the way to ask for it, where that is needed.
    monitor: Option<Monitor>,
}

/// QEMU's monitor protocol on its standard input and output.
struct Monitor {
    input: ChildStdin,
    answers: Receiver<String>,
    /// Where the flash is in memory, where it is not in the file.
    memory: Option<u32>,
    size: usize,
    image: PathBuf,
}

/// The command that runs a program of a board with the words as its command line.
pub(super) fn run_command(board: &Board, program: &Path, image: &Path, words: &[&str]) -> Command {
    let mut emulator = command(board.emulator);
    emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
    let mut semihosting = "enable=on,target=native".to_owned();
    for word in words {
        semihosting.push_str(",arg=");
        semihosting.push_str(word);
    }
    emulator.arg("-semihosting-config").arg(semihosting);
    // A RISC-V with a chip in its second slot would look there for what `-kernel` names.
    let is_riscv = matches!(board.flash, Flash::Parallel);
    emulator.arg(if is_riscv { "-bios" } else { "-kernel" });
    emulator.arg(program);
    let image = image.display();
    match board.flash {
        Flash::Inside(address) => {
            emulator.args(["-M", board.machine, "-device"]);
            emulator.arg(format!(
                "loader,file={image},addr={address:#x},force-raw=on"
            ));
        }
        Flash::Serial => {
            emulator.args(["-M", board.machine, "-drive"]);
            emulator.arg(format!("if=mtd,format=raw,file={image}"));
        }
        Flash::Parallel => {
            emulator.args(["-M", board.machine, "-drive"]);
            emulator.arg(format!("if=pflash,unit=1,format=raw,file={image}"));
        }
        Flash::MainMemory => {
            emulator.arg("-M");
            emulator.arg(format!("{},memory-backend=flash", board.machine));
            emulator.arg("-object").arg(format!(
                "memory-backend-file,id=flash,size={},mem-path={image},share=on",
                board.image_size
            ));
        }
    }
    emulator
}

impl Emulator {
    pub(super) fn start(
        board: &Board,
        program: &Path,
        image: &Path,
        words: &[&str],
    ) -> Result<Self, Failure> {
        let mut command = run_command(board, program, image, words);
        command.stderr(Stdio::piped()).stdout(Stdio::null());
        let is_monitored = matches!(board.flash, Flash::Inside(_) | Flash::Serial);
        if is_monitored {
            command.args(["-qmp", "stdio"]);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
        }
        let mut child = command.spawn().map_err(|error| {
            Failure::new(format!("{} could not be started: {error}", board.emulator))
        })?;
        let lines = match child.stderr.take() {
            Some(stderr) => read_lines(stderr),
            None => return Err(Failure::new("the emulator has no error output")),
        };
        let monitor = match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Some(Monitor {
                input,
                answers: read_lines(output),
                memory: match board.flash {
                    Flash::Inside(address) => Some(address),
                    _ => None,
                },
                size: board.image_size,
                image: image.to_owned(),
            }),
            _ => None,
        };
        Ok(Emulator {
            child,
            lines,
            seen: Vec::new(),
            monitor,
        })
    }

    /// Waits for a line that begins with `word`; false when the program ends before that.
    pub(super) fn wait_for(&mut self, word: &str) -> Result<bool, Failure> {
        let end = Instant::now() + LIMIT;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    let found = line.split(' ').next() == Some(word);
                    self.seen.push(line);
                    if found {
                        return Ok(true);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(false),
                Err(RecvTimeoutError::Timeout) => {
                    let seen = self.seen.join("\n");
                    let _killed = self.child.kill();
                    return Err(Failure::new(format!(
                        "no line `{word}` after {} s:\n{seen}",
                        LIMIT.as_secs()
                    )));
                }
            }
        }
    }

    /// Kills it; all that the firmware printed, and whether it had ended by itself.
    pub(super) fn kill(mut self) -> Result<(Vec<String>, bool), Failure> {
        let mut has_ended = self.has_ended()?;
        if let Some(monitor) = self.monitor.as_mut().filter(|_| !has_ended)
            && let Err(failure) = monitor.save()
        {
            // It may have ended just now.
            std::thread::sleep(Duration::from_millis(50));
            has_ended = self.has_ended()?;
            if !has_ended {
                let _killed = self.child.kill();
                return Err(failure);
            }
        }
        let cannot = |error| Failure::new(format!("the emulator cannot be killed: {error}"));
        self.child.kill().map_err(cannot)?;
        self.child.wait().map_err(cannot)?;
        // Until the pipe ends: what was printed before the kill is in it.
        self.seen.extend(self.lines.iter());
        Ok((self.seen, has_ended))
    }

    fn has_ended(&mut self) -> Result<bool, Failure> {
        match self.child.try_wait() {
            Ok(status) => Ok(status.is_some()),
            Err(error) => Err(Failure::new(format!("the emulator is lost: {error}"))),
        }
    }
}

impl Monitor {
    /// Stops the processor at the instruction that it is at, and sees to it that the image has what
    /// the flash has then: a chip's file is written behind, and a flash in memory not at all.
    fn save(&mut self) -> Result<(), Failure> {
        self.ask(r#"{"execute": "qmp_capabilities"}"#)?;
        self.ask(r#"{"execute": "stop"}"#)?;
        let Some(address) = self.memory else {
            return Ok(());
        };
        let file = self.image.with_extension("new");
        let (size, name) = (self.size, file.display());
        let what = format!(r#"{{"val": {address}, "size": {size}, "filename": "{name}"}}"#);
        self.ask(&format!(r#"{{"execute": "memsave", "arguments": {what}}}"#))?;
        fs::rename(&file, &self.image)
            .map_err(|error| Failure::new(format!("{}: {error}", self.image.display())))
    }

    /// Sends a command, and waits until it is carried out. Other lines are events.
    fn ask(&mut self, question: &str) -> Result<(), Failure> {
        let failed = |why: &str| Failure::new(format!("the emulator was asked {question}: {why}"));
        writeln!(self.input, "{question}").map_err(|error| failed(&error.to_string()))?;
        loop {
            let answer = self.answers.recv_timeout(LIMIT);
            let answer = answer.map_err(|error| failed(&error.to_string()))?;
            if answer.contains(r#""return""#) {
                return Ok(());
            }
            if answer.contains(r#""error""#) {
                return Err(failed(&answer));
            }
        }
    }
}

/// Reads whole lines on a thread of its own, so that the emulator never waits for a reader.
fn read_lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || pass_on(from, &sender));
    receiver
}

/// What the kill cut off in the middle of a line is no line.
fn pass_on(from: impl Read, to: &Sender<String>) {
    let mut reader = BufReader::new(from);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok() {
        if bytes.pop() != Some(b'\n') {
            return;
        }
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if to.send(line).is_err() {
            return;
        }
        bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_none() {
        let lines: Vec<String> = read_lines(&b"did 7\ndid 8\ndid 12"[..]).iter().collect();
        assert_eq!(lines, ["did 7", "did 8"]);
    }
}
