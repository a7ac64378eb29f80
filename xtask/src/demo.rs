//! `cargo xtask demo`: the C demo on a flash image, through a power cut and the restart after it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::process::{Failure, command, run_lines, succeeded};
use crate::{archive, compiler, paths, process};

/// The exit code of the demo when it ends itself in the middle of a write.
const CUT_EXIT_CODE: i32 = 86;

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// Start with a new flash image
    #[arg(long)]
    fresh: bool,
}

/// Runs the demo on the image that is kept between invocations.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let program = build()?;
    let image = folder().join("flash.img");
    if options.fresh {
        remove(&image)?;
    }
    let count = run_once(&program, &image)?;
    println!();
    println!(
        "Nothing was lost. The flash is the file {}.",
        image.display()
    );
    println!("Run `cargo xtask demo` again: the run count is {count} now and will be higher then.");
    Ok(())
}

/// Runs the demo twice on a new image of its own; the run count must be 1 and then rise.
pub(crate) fn check() -> Result<(), Failure> {
    let program = build()?;
    let image = folder().join("check.img");
    remove(&image)?;
    let first = run_once(&program, &image)?;
    let second = run_once(&program, &image)?;
    if first == 1 && second > first {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the run count went from {first} to {second} on a new image"
    )))
}

fn folder() -> PathBuf {
    paths::target().join("demo")
}

fn remove(image: &Path) -> Result<(), Failure> {
    if !image.exists() {
        return Ok(());
    }
    fs::remove_file(image)
        .map_err(|error| Failure::new(format!("cannot remove {}: {error}", image.display())))
}

/// Compiles the demo against the header and the archive, as a user's own build would.
fn build() -> Result<PathBuf, Failure> {
    let compiler = compiler::find_or_install()?;
    let archive = archive::build_for_host()?;
    let examples = paths::root().join("c-examples");
    let ports = paths::root().join("ports").join("flash");
    let program = folder().join("demo");
    process::run(
        command(compiler)
            .args(["-std=gnu99", "-O1", "-Wall", "-Wextra"])
            .arg("-I")
            .arg(paths::root().join("include"))
            .arg("-I")
            .arg(&ports)
            .arg(examples.join("demo.c"))
            .arg(ports.join("nvkv_flash_posix_file.c"))
            .arg(archive)
            .args(archive::system_libraries())
            .arg("-o")
            .arg(&program),
    )?;
    Ok(program)
}

/// A normal run, a run that dies in the middle of a write, and the look at what is left.
/// Returns the run count that the first one printed.
fn run_once(program: &Path, image: &Path) -> Result<u32, Failure> {
    println!();
    let mut count = None;
    let mut normal = command(program);
    let status = run_lines(normal.arg(image), |line| {
        println!("{line}");
        count = count.or_else(|| run_count(line));
    })?;
    succeeded(&normal, status)?;

    println!();
    let mut cut = command(program);
    let status = run_lines(cut.arg(image).arg("--cut"), |line| println!("{line}"))?;
    if status.code() != Some(CUT_EXIT_CODE) {
        return Err(Failure::new(format!(
            "the run that cuts its own power should end with exit code {CUT_EXIT_CODE}, \
             but ended with {status}"
        )));
    }
    println!("(the process ended in the middle of a write)\n");

    process::run(command(program).arg(image).arg("--verify"))?;
    count.ok_or_else(|| Failure::new("the demo printed no line `Run count: N`"))
}

fn run_count(line: &str) -> Option<u32> {
    line.split_once("Run count: ")?
        .1
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_count_is_read_from_its_line() {
        assert_eq!(run_count("Run count: 12"), Some(12));
        assert_eq!(run_count("  Run count: 3 (first run)"), Some(3));
        assert_eq!(run_count("Run count: many"), None);
        assert_eq!(run_count("count: 3"), None);
    }
}
