//! Firmware that stores values, killed at any moment, started again, and asked for all of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::boards::Board;
use super::build::Built;
use super::emulator::Emulator;
use super::expected::Expected;
use super::sequence::mix;
use crate::cmake::cannot;
use crate::process::Failure;

/// What came of it.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) kills: u32,
    /// Kills after which something was lost.
    pub(super) lost: u32,
    /// Kills that came before the firmware had read all keys: in the emulator's start, and in the
    /// recovery from the kill before.
    pub(super) early: u32,
    pub(super) acknowledged: u64,
    pub(super) stack: u32,
    pub(super) erases: u32,
}

/// A board with its flash image, between two runs.
pub(super) struct Soak<'b> {
    board: &'b Board,
    built: &'b Built,
    image: PathBuf,
    expected: Expected,
    seed: u32,
    /// The word for the firmware that makes its flash driver a bad one.
    fault: Option<&'static str>,
    /// How long it took last from the start to the first write.
    start: Duration,
    pub(super) tally: Tally,
}

impl<'b> Soak<'b> {
    /// Begins with an erased flash.
    pub(super) fn new(
        board: &'b Board,
        built: &'b Built,
        seed: u32,
        fault: Option<&'static str>,
    ) -> Result<Self, Failure> {
        let image = built.folder.join("flash.img");
        write(&image, &vec![0xFF; board.image_size])?;
        Ok(Soak {
            board,
            built,
            image,
            expected: Expected::new(),
            seed,
            fault,
            start: Duration::from_millis(50),
            tally: Tally::default(),
        })
    }

    fn random(&self, which: u32) -> u32 {
        mix(mix(self.seed.wrapping_add(self.tally.kills)) ^ which)
    }

    /// One run and its kill. Where something was lost, prints what, and how to see it again.
    pub(super) fn kill_once(&mut self) -> Result<(), Failure> {
        let before = read(&self.image)?[self.board.partition.clone()].to_vec();
        let expected = self.expected.clone();
        let number = self.expected.next.to_string();
        let mut words = vec!["soak", number.as_str()];
        words.extend(self.fault);
        let program = self.built.program("soak");
        let mut emulator = Emulator::start(self.board, &program, &self.image, &words)?;
        // Some are killed while they start and recover, some in their first writes, which settle
        // what the kill before left, and most, the first above all, after they have written.
        let random = f64::from(self.random(2)) / f64::from(u32::MAX);
        let kind = match self.tally.kills {
            0 => 19,
            _ => self.random(1) % 20,
        };
        let delay = match kind {
            0..5 => self.start.mul_f64(random),
            kind => {
                let start = Instant::now();
                if emulator.wait_for("keys")? {
                    self.start = start.elapsed();
                }
                if kind < 10 {
                    Duration::from_millis(4).mul_f64(random)
                } else {
                    // However slow the machine is.
                    emulator.wait_for("did")?;
                    Duration::from_millis(250).mul_f64(random)
                }
            }
        };
        std::thread::sleep(delay);
        let (lines, has_ended) = emulator.kill()?;
        let mut report = self.expected.take(&lines);
        if has_ended && report.lost.is_empty() {
            report.lost.push("the firmware ended".to_owned());
        }
        let tally = &mut self.tally;
        tally.kills += 1;
        tally.early += u32::from(!report.is_complete);
        tally.acknowledged += u64::from(report.acknowledged);
        tally.stack = tally.stack.max(report.stack);
        tally.erases = tally.erases.max(report.erases);
        if !report.lost.is_empty() {
            tally.lost += 1;
            if self.fault.is_none() {
                self.tell(&report.lost, &before, &expected)?;
            }
        }
        Ok(())
    }

    /// Keeps what is needed to see a loss again.
    fn tell(&self, lost: &[String], before: &[u8], expected: &Expected) -> Result<(), Failure> {
        let name = format!("lost-{}-{}", self.seed, self.tally.kills);
        let folder = self.built.folder.join(name);
        fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
        write(&folder.join("flash.img"), &whole(self.board, before))?;
        write(&folder.join("expected"), expected.to_text().as_bytes())?;
        println!(
            "LOST after kill {} of {}:",
            self.tally.kills - 1,
            self.board.name
        );
        for what in lost {
            println!("  {what}");
        }
        println!("  To see it again, on the flash as that kill left it:");
        println!(
            "  cargo xtask firmware --board {} --replay {}",
            self.board.name,
            folder.display()
        );
        Ok(())
    }
}

/// How long the operations after a loss are repeated.
const REPEATED: Duration = Duration::from_secs(10);

/// Opens a flash that was kept after a loss, as often as one likes; where that is as it must be,
/// goes on with the operations that came then, which are always the same.
pub(super) fn replay(board: &Board, built: &Built, folder: &Path) -> Result<(), Failure> {
    let image = built.folder.join("replay.img");
    let text = String::from_utf8_lossy(&read(&folder.join("expected"))?).into_owned();
    for mode in ["once", ""] {
        write(&image, &read(&folder.join("flash.img"))?)?;
        let mut expected = Expected::parse(&text)?;
        let number = expected.next.to_string();
        let mut words = vec!["soak", number.as_str(), mode];
        words.retain(|word| !word.is_empty());
        let mut emulator = Emulator::start(board, &built.program("soak"), &image, &words)?;
        emulator.wait_for("keys")?;
        if mode.is_empty() {
            std::thread::sleep(REPEATED);
        }
        let (lines, has_ended) = emulator.kill()?;
        let mut report = expected.take(&lines);
        if mode == "once" {
            println!("{}", lines.join("\n"));
        } else if has_ended {
            report.lost.push("the firmware ended".to_owned());
        }
        if !report.lost.is_empty() || !report.is_complete {
            let lost = report.lost.join("\n  ");
            return Err(Failure::new(format!("lost:\n  {lost}")));
        }
        println!(
            "Nothing is lost, and {} writes follow.",
            report.acknowledged
        );
    }
    Ok(())
}

/// A chip with this partition, erased elsewhere.
fn whole(board: &Board, partition: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xFF; board.image_size];
    bytes[board.partition.clone()].copy_from_slice(partition);
    bytes
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| cannot("read", file, &error))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(file, bytes).map_err(|error| cannot("write", file, &error))
}
