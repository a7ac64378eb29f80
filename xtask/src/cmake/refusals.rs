//! What cannot work is refused when the project is configured, in one line that says what to do.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::{CMAKE, NINJA, Project, cannot, missing, scratch, write_program};
use crate::bare_metal;
use crate::process::{Failure, captured, command, output_of};
use crate::report::Outcome;

/// The whole step.
pub(crate) fn check() -> Outcome {
    let tools = [CMAKE, NINJA, ("arm-none-eabi-gcc", "gcc-arm-none-eabi")];
    if let Some(what) = missing(&tools) {
        return Outcome::Skipped(what);
    }
    let all = || -> Result<(), Failure> {
        no_cargo()?;
        old_rust()?;
        unknown_target()?;
        no_library()?;
        no_processor()?;
        bad_prebuilt()
    };
    all().into()
}

/// Runs a configuration that must fail, and looks for the line.
fn refused(configure: &mut Command, line: &str) -> Result<(), Failure> {
    let (status, printed) = captured(configure)?;
    if status.success() {
        return Err(Failure::new(format!("not refused, `{line}`:\n{printed}")));
    }
    let said: Vec<&str> = own_lines(&printed);
    if said == [line] {
        println!("refused: {line}");
        return Ok(());
    }
    Err(Failure::new(format!(
        "it says {said:?} instead of `{line}`:\n{printed}"
    )))
}

/// What nvkv says beside the reports of what goes well.
fn own_lines(printed: &str) -> Vec<&str> {
    let lines = printed.lines().map(str::trim);
    lines
        .filter_map(|line| line.strip_prefix("nvkv: "))
        .collect()
}

/// nvkv by itself, for a target of which no compiler has to be asked.
fn alone(options: &[&str]) -> Result<Command, Failure> {
    let project = Project::nvkv_alone("refusals")?;
    let mut configure = project.configure_command("Ninja");
    configure.args(options);
    Ok(configure)
}

fn no_cargo() -> Result<(), Failure> {
    let ninja = which("ninja")?;
    let cmake = which("cmake")?;
    let given = alone(&["-DNVKV_RUST_TARGET=thumbv6m-none-eabi"])?;
    let empty = scratch("an empty home")?;
    let mut configure = command(cmake);
    configure.args(given.get_args());
    configure.arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja.display()));
    for name in ["PATH", "HOME", "USERPROFILE", "CARGO_HOME"] {
        configure.env(name, &empty);
    }
    refused(
        &mut configure,
        "no cargo found; install Rust from https://rustup.rs, or set NVKV_PREBUILT",
    )
}

fn which(program: &str) -> Result<PathBuf, Failure> {
    let found = output_of(command("sh").args(["-c", &format!("command -v {program}")]));
    found
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new(format!("{program} is not on the PATH")))
}

fn old_rust() -> Result<(), Failure> {
    let rustc = scratch("old rust")?.join("rustc");
    write_program(&rustc, "#!/bin/sh\necho 'rustc 1.63.0'\n")?;
    let option = format!("-DNVKV_RUSTC={}", rustc.display());
    refused(
        &mut alone(&["-DNVKV_RUST_TARGET=thumbv6m-none-eabi", &option])?,
        &format!(
            "{} is Rust 1.63, needed is 1.88; run: rustup update stable",
            rustc.display()
        ),
    )
}

fn unknown_target() -> Result<(), Failure> {
    let version = output_of(command("rustc").arg("--version")).unwrap_or_default();
    refused(
        &mut alone(&["-DNVKV_RUST_TARGET=thumbv9-none-eabi"])?,
        &format!("{version} knows no target thumbv9-none-eabi; correct NVKV_RUST_TARGET"),
    )
}

/// For a processor whose library is not installed, and for an operating system, for which the
/// source of `core` would not do.
fn no_library() -> Result<(), Failure> {
    let candidates = [
        "thumbv8m.base-none-eabi",
        "armv7r-none-eabi",
        "riscv32i-unknown-none-elf",
    ];
    let absent = candidates
        .into_iter()
        .find(|target| !bare_metal::is_installed(target))
        .ok_or_else(|| Failure::new("all the targets of this test are installed"))?;
    for target in [absent, "x86_64-unknown-netbsd"] {
        let option = format!("-DNVKV_RUST_TARGET={target}");
        let mut options = vec![option.as_str()];
        if target == absent {
            options.push("-DNVKV_BUILD_STD=OFF");
        }
        refused(
            &mut alone(&options)?,
            &format!("Rust has no library for {target} here; run: rustup target add {target}"),
        )?;
    }
    Ok(())
}

/// A toolchain file that forgets the processor.
fn no_processor() -> Result<(), Failure> {
    let project = Project::new("no processor", "firmware")?;
    let toolchain = project.source().join("toolchain.cmake");
    let mut configure = project.configure_command("Ninja");
    configure.arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()));
    let compiler = which("arm-none-eabi-gcc")?;
    refused(
        &mut configure,
        &format!(
            "no Rust target is known for {} with its flags; put -mcpu=... into CMAKE_C_FLAGS \
             (the toolchain file), or set NVKV_RUST_TARGET to a Rust target",
            compiler.display()
        ),
    )
}

fn bad_prebuilt() -> Result<(), Failure> {
    let folder = scratch("prebuilt")?;
    let text = folder.join("libnvkv.a");
    let absent = folder.join("none.a");
    fs::write(&text, "<html>").map_err(|error| cannot("write", &text, &error))?;
    for (given, what) in [
        (&absent, format!("there is no {}", absent.display())),
        (&text, format!("{} is not a static library", text.display())),
        (
            &folder,
            format!(
                "{} has no lib/libnvkv.a and include/nvkv.h",
                folder.display()
            ),
        ),
    ] {
        let option = format!("-DNVKV_PREBUILT={}", given.display());
        refused(&mut alone(&[&option])?, &format!("NVKV_PREBUILT: {what}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_broken_is_not_the_line() {
        let whole = "CMake Error at x:1 (message):\n   nvkv: run: this\n\n-- Configuring";
        assert_eq!(own_lines(whole), ["run: this"]);
        assert_eq!(own_lines("  nvkv: run:\n  this\n"), ["run:"]);
        assert_eq!(own_lines("-- nvkv: Rust target x"), [""; 0]);
    }

    #[test]
    fn what_is_not_refused_is_a_failure() {
        assert!(refused(command("cargo").arg("--version"), "no").is_err());
        assert!(refused(command("cargo").arg("--no-such-flag"), "no").is_err());
    }
}
