//! `libnvkv.a`: the static library as it ships.

use std::path::PathBuf;
use std::process::Command;

use crate::paths;
use crate::process::{Failure, cargo, run};

/// The command that makes the archive; `--target` and the like can follow.
pub(crate) fn build_command() -> Command {
    let mut command = cargo("rustc");
    command.args([
        "--package",
        "nvkv",
        "--lib",
        "--release",
        "--crate-type",
        "staticlib",
    ]);
    command
}

/// Builds the archive for this machine and returns where it is.
pub(crate) fn build_for_host() -> Result<PathBuf, Failure> {
    run(&mut build_command())?;
    let archive = paths::target().join("release").join("libnvkv.a");
    if archive.is_file() {
        return Ok(archive);
    }
    Err(Failure::new(format!(
        "cargo succeeded, yet there is no {}",
        archive.display()
    )))
}

/// What a C program on this machine must link after the archive.
pub(crate) fn system_libraries() -> &'static [&'static str] {
    if cfg!(target_os = "linux") {
        &["-lpthread", "-ldl", "-lm"]
    } else {
        &[]
    }
}
