//! `cargo xtask fuzz`: the fuzz targets of `fuzz/`, with cargo-fuzz.

use std::fs;
use std::process::Command;

use clap::Args;

use crate::paths;
use crate::process::{Failure, command, output_of, run as run_command};
use crate::report::Outcome;

/// Seconds per target of the smoke run that `cargo xtask test` does.
const SMOKE_SECONDS: u32 = 30;

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// The target; without it the targets are listed
    target: Option<String>,
    /// Executions; without it the run ends when something is found, or with Ctrl-C
    #[arg(long, value_name = "N")]
    runs: Option<u64>,
}

/// Lists the targets, or runs one.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let targets = targets()?;
    let Some(target) = &options.target else {
        println!("Fuzz targets: {}", targets.join(", "));
        println!("Run one: cargo xtask fuzz TARGET [--runs N]");
        return Ok(());
    };
    if !targets.contains(target) {
        return Err(Failure::new(format!(
            "there is no fuzz target `{target}`; there are: {}",
            targets.join(", ")
        )));
    }
    if let Some(what) = missing() {
        return Err(Failure::new(format!(
            "fuzzing needs more tools. Run: {what}"
        )));
    }
    let mut command = fuzz_command(target);
    if let Some(runs) = options.runs {
        command.arg(format!("-runs={runs}"));
    }
    run_command(&mut command)
}

/// A short run of each target.
pub(crate) fn smoke() -> Outcome {
    if let Some(what) = missing() {
        return Outcome::Skipped(what);
    }
    let each = || -> Result<(), Failure> {
        for target in targets()? {
            // A check, not a search: the same inputs each time. `cargo xtask fuzz` draws others.
            let seconds = format!("-max_total_time={SMOKE_SECONDS}");
            run_command(fuzz_command(&target).args([seconds.as_str(), "-seed=1"]))?;
        }
        Ok(())
    };
    each().into()
}

/// The command that installs what fuzzing still needs here.
fn missing() -> Option<String> {
    let cargo_fuzz = output_of(command("cargo-fuzz").arg("--version"));
    cargo_fuzz
        .is_none()
        .then(|| "cargo install cargo-fuzz".to_owned())
}

fn fuzz_command(target: &str) -> Command {
    // The sanitizer's options are unstable: a nightly toolchain takes them, a stable one when told.
    let nightly = output_of(command("rustup").args(["run", "nightly", "rustc", "--version"]));
    let mut command = if nightly.is_some() {
        let mut command = command("rustup");
        command.args(["run", "nightly", "cargo"]);
        command
    } else {
        let mut command = command("cargo");
        command.env("RUSTC_BOOTSTRAP", "1");
        command
    };
    // The engine has no unsafe code for a sanitizer to watch, and what it compares is mostly
    // checksums: without both, three times as many inputs are tried.
    command.args(["fuzz", "run", target, "--sanitizer", "none"]);
    command.arg("--no-trace-compares");
    command
        .arg("--target-dir")
        .arg(paths::target().join("fuzz"))
        .arg("--");
    command
}

fn targets() -> Result<Vec<String>, Failure> {
    let manifest = paths::root().join("fuzz").join("Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", manifest.display())))?;
    let names = binaries(&text);
    if names.is_empty() {
        return Err(Failure::new(format!(
            "{} names no [[bin]]",
            manifest.display()
        )));
    }
    Ok(names)
}

/// The names of the `[[bin]]` tables of a manifest.
fn binaries(manifest: &str) -> Vec<String> {
    let mut in_binary = false;
    let mut names = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_binary = line == "[[bin]]";
        } else if let Some((key, value)) = line.split_once('=')
            && in_binary
            && key.trim() == "name"
        {
            names.push(value.trim().trim_matches('"').to_owned());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_binaries_of_the_manifest() {
        let manifest = "[package]\nname = \"fuzz\"\n[[bin]]\nname = \"image\"\npath = \"a.rs\"\n\
                        [dependencies]\nname = \"no\"\n[[bin]]\npath = \"b.rs\"\nname=\"ops\"\n";
        assert_eq!(binaries(manifest), ["image", "ops"]);
    }
}
