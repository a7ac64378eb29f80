//! `cargo xtask size` and `cargo xtask time`: what the library takes of flash, RAM, stack and
//! processor in firmware, against the figures in `docs/size.md` and `docs/time.md`.

mod callgrind;
mod depth;
mod figures;
mod firmware;
mod stack;
mod text;
mod time;

use std::fs;

use clap::Args;

use crate::paths;
use crate::process::Failure;
use crate::report::Outcome;
use figures::{Document, Table};

/// Options of `cargo xtask size` and `cargo xtask time`.
#[derive(Args)]
pub(crate) struct Options {
    /// Write the figures to the document instead of comparing them with it
    #[arg(long)]
    update: bool,
    /// Only print the functions of a linked image by size: m0plus, m4 or rv32imc
    #[arg(long, value_name = "TARGET")]
    symbols: Option<String>,
}

/// What a measurement gives: tables, or what to install.
type Measured = Result<Result<Measurement, String>, Failure>;

/// Figures, and the compiler that made what was measured.
struct Measurement {
    compiler: String,
    tables: Vec<Table>,
}

/// `cargo xtask size`.
pub(crate) fn size(options: &Options) -> Result<(), Failure> {
    match &options.symbols {
        Some(target) => text::print_symbols(target),
        None => finish(text::measure(), "docs/size.md", options.update),
    }
}

/// `cargo xtask time`.
pub(crate) fn time(options: &Options) -> Result<(), Failure> {
    finish(time::measure(), "docs/time.md", options.update)
}

/// The step of `cargo xtask test`.
pub(crate) fn check_size() -> Outcome {
    checked(text::measure(), "docs/size.md")
}

/// The step of `cargo xtask test`.
pub(crate) fn check_time() -> Outcome {
    checked(time::measure(), "docs/time.md")
}

fn finish(measured: Measured, document: &str, update: bool) -> Result<(), Failure> {
    let measured = measured?.map_err(Failure::new)?;
    let file = paths::root().join(document);
    let text = fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("cannot read {document}: {error}")))?;
    if update {
        let text = Document::replaced(&text, &measured.compiler, &measured.tables)?;
        return fs::write(&file, text)
            .map_err(|error| Failure::new(format!("cannot write {document}: {error}")));
    }
    println!("\n{}", Table::all_as_text(&measured.tables));
    let committed = Document::parse(&text)?;
    let verdict = committed.compare(&measured.compiler, &measured.tables);
    for note in &verdict.notes {
        println!("note: {note}");
    }
    if verdict.worse.is_empty() {
        println!("No figure is worse than in {document}.");
        return Ok(());
    }
    Err(Failure::new(format!(
        "worse than in {document}:\n  {}\nWhere that is meant, `--update` writes the new figures.",
        verdict.worse.join("\n  ")
    )))
}

fn checked(measured: Measured, document: &str) -> Outcome {
    match measured {
        Ok(Err(what)) => Outcome::Skipped(what),
        other => finish(other, document, false).into(),
    }
}
