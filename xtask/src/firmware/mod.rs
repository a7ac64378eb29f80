//! `cargo xtask firmware`: firmware on emulated boards with drivers for their flash, killed at any
//! moment while it writes.
//!
//! | file | what it does |
//! |---|---|
//! | `boards.rs` | the boards |
//! | `build.rs` | builds `c-examples/firmware` and `tests/firmware` for one |
//! | `emulator.rs` | one run: started, its lines read, killed |
//! | `soak.rs` | run after run on the same flash |
//! | `figures.rs` | instructions and stack on each board |
//! | `guide.rs` | the commands of `docs/firmware.md` |
//! | `suite.rs` | the programs of `tests/c` and `tests/cpp` |
//! | `expected.rs`, `sequence.rs` | what the flash must hold after a kill |
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "counts of a development command, which a wrong one may end"
)]

mod boards;
mod build;
mod emulator;
mod expected;
mod figures;
mod guide;
mod sequence;
mod soak;
mod suite;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use crate::bare_metal;
use crate::cmake::{CMAKE, NINJA, missing};
use crate::process::{Failure, command, output_of};
use crate::report::Outcome;
use boards::{BOARDS, Board};
use build::Built;
use soak::Soak;

/// Options of `cargo xtask firmware`.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each board is killed
    #[arg(long, value_name = "N", default_value_t = 300)]
    kills: u32,
    /// Only this board
    #[arg(long, value_name = "BOARD")]
    board: Option<String>,
    /// Seed of the moments; without it one that no run had before
    #[arg(long, value_name = "N")]
    seed: Option<u32>,
    /// Only print what operations take on each board: instructions and stack
    #[arg(long)]
    figures: bool,
    /// Open the flash that a loss left in this folder, and compare
    #[arg(long, value_name = "FOLDER", requires = "board")]
    replay: Option<PathBuf>,
}

/// `cargo xtask firmware`.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let boards = chosen(options.board.as_deref())?;
    if let Some(what) = lacking(&boards) {
        return Err(Failure::new(what));
    }
    if options.figures {
        return print_figures(&boards);
    }
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let mut lost = 0;
    for board in boards {
        let built = build::build(board)?;
        if let Some(folder) = &options.replay {
            return soak::replay(board, &built, folder);
        }
        println!("{}: seed {seed}", board.name);
        lost += kills(board, &built, options.kills, seed)?;
    }
    if lost == 0 {
        return Ok(());
    }
    Err(Failure::new(format!("{lost} kills lost data")))
}

/// The table of docs/firmware.md.
fn print_figures(boards: &[&Board]) -> Result<(), Failure> {
    let rows: Result<Vec<String>, Failure> = boards
        .iter()
        .map(|board| figures::row(board, &build::build(board)?))
        .collect();
    println!("\n{}\n{}", figures::head(), rows?.join("\n"));
    Ok(())
}

/// Kills a board so often; how many kills lost something.
fn kills(board: &Board, built: &Built, count: u32, seed: u32) -> Result<u32, Failure> {
    let mut soak = Soak::new(board, built, seed, None)?;
    while soak.tally.kills < count {
        soak.kill_once()?;
        let tally = &soak.tally;
        if tally.kills % 25 == 0 || tally.kills == count {
            println!(
                "{}: {} kills ({} while it started), {} writes acknowledged, up to {} erases of a \
                 sector, stack {} bytes; {} lost",
                board.name,
                tally.kills,
                tally.early,
                tally.acknowledged,
                tally.erases,
                tally.stack,
                tally.lost
            );
        }
    }
    if soak.tally.acknowledged == 0 {
        return Err(Failure::new(format!("{} stored nothing", board.name)));
    }
    Ok(soak.tally.lost)
}

/// The kills of each board in `cargo xtask test`.
const FEW: u32 = 4;

/// Kills of a board whose driver acknowledges too early, until one must have been noticed.
const ENOUGH: u32 = 40;

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Outcome {
    let boards: Vec<&Board> = BOARDS.iter().collect();
    if let Some(what) = lacking(&boards) {
        return Outcome::Skipped(what);
    }
    let all = || -> Result<(), Failure> {
        boards.iter().try_for_each(|board| check_board(board))?;
        guide::check()
    };
    all().into()
}

fn check_board(board: &Board) -> Result<(), Failure> {
    let built = build::build(board)?;
    let programs = suite::run(board, &built)?;
    println!("{}: {programs} programs of the tests run", board.name);
    // One board for each kind of clock.
    if ["microbit", "virt"].contains(&board.name) {
        println!("{}\n{}", figures::head(), figures::row(board, &built)?);
    }
    if kills(board, &built, FEW, fresh_seed())? != 0 {
        return Err(Failure::new(format!("{} lost data", board.name)));
    }
    fault_is_noticed(board, &built)
}

/// The check can fail: where the flash acknowledges what it does not have yet, it does.
fn fault_is_noticed(board: &Board, built: &Built) -> Result<(), Failure> {
    let mut soak = Soak::new(board, built, fresh_seed(), Some("early"))?;
    while soak.tally.kills < ENOUGH {
        soak.kill_once()?;
        if soak.tally.lost > 0 {
            println!(
                "{}: a driver that acknowledges too early is noticed after {} kills",
                board.name, soak.tally.kills
            );
            return Ok(());
        }
    }
    Err(Failure::new(format!(
        "{}: a driver that acknowledges too early lost nothing in {ENOUGH} kills",
        board.name
    )))
}

fn chosen(name: Option<&str>) -> Result<Vec<&'static Board>, Failure> {
    match name {
        None => Ok(BOARDS.iter().collect()),
        Some(name) => match Board::find(name) {
            Some(board) => Ok(vec![board]),
            None => {
                let names: Vec<&str> = BOARDS.iter().map(|board| board.name).collect();
                Err(Failure::new(format!(
                    "no board {name}; there are {}",
                    names.join(", ")
                )))
            }
        },
    }
}

/// What to install so that these boards can be built and run, as one line.
fn lacking(boards: &[&Board]) -> Option<String> {
    let mut tools = vec![CMAKE, NINJA];
    for board in boards {
        tools.extend(
            board
                .tools()
                .iter()
                .filter(|tool| !tools.contains(tool))
                .collect::<Vec<_>>(),
        );
    }
    if let Some(what) = missing(&tools) {
        return Some(what);
    }
    for board in boards {
        let [gcc, file, package] = board.c_library();
        let path = output_of(command(gcc).arg(format!("-print-file-name={file}")));
        // The compiler repeats the name of what it does not have.
        if !path.is_some_and(|path| Path::new(&path).is_absolute()) {
            return Some(format!("apt-get install {package}"));
        }
    }
    let target = boards.iter().map(|board| board.target);
    let target = target
        .into_iter()
        .find(|target| !bare_metal::can_build(target))?;
    Some(format!("rustup target add {target}"))
}

fn fresh_seed() -> u32 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(1, |time| time.subsec_nanos() ^ time.as_secs() as u32)
}
