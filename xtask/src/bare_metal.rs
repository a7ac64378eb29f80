//! Builds the archive, and firmware in Rust, for targets without an operating system.
//!
//! Three ways, the first that is there: a toolchain with the target's `core` installed (rustup), a
//! toolchain with the standard library's source (`rust-src`), or Debian's packages `rustc-web` and
//! `rust-web-src`, which bring such a source for machines without rustup.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, cargo, command, output_of, run};
use crate::report::Outcome;
use crate::{archive, paths};

/// One target per instruction set that users have: Cortex-M0 and M0+ (no compare-and-swap),
/// Cortex-M4 and M7, 32-bit RISC-V.
pub(crate) const TARGETS: [&str; 3] = [
    "thumbv6m-none-eabi",
    "thumbv7em-none-eabi",
    "riscv32imc-unknown-none-elf",
];

/// Where Debian's packages put their compiler, apart from rustup's.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

enum Toolchain {
    /// The target's `core` is installed.
    Installed,
    /// `core` is built from the source that came with this compiler.
    FromSource(&'static str),
}

/// Builds the archive for `target` where that is possible.
pub(crate) fn build(target: &str) -> Outcome {
    match toolchain(target) {
        None => Outcome::Skipped(format!("rustup target add {target}")),
        Some(toolchain) => build_with(target, &toolchain).into(),
    }
}

/// Whether an archive for `target` can be built here.
pub(crate) fn can_build(target: &str) -> bool {
    toolchain(target).is_some()
}

/// Whether the target's `core` is installed.
pub(crate) fn is_installed(target: &str) -> bool {
    let libraries =
        output_of(command("rustc").args(["--print", "target-libdir", "--target", target]));
    libraries.is_some_and(|folder| Path::new(&folder).is_dir())
}

fn toolchain(target: &str) -> Option<Toolchain> {
    if is_installed(target) {
        return Some(Toolchain::Installed);
    }
    ["rustc", SYSTEM_RUSTC]
        .into_iter()
        .find(|rustc| has_source(rustc))
        .map(Toolchain::FromSource)
}

fn has_source(rustc: &str) -> bool {
    output_of(command(rustc).args(["--print", "sysroot"])).is_some_and(|sysroot| {
        Path::new(&sysroot)
            .join("lib/rustlib/src/rust/library/core/Cargo.toml")
            .is_file()
    })
}

/// As it ships, and with what a user may ask for. Each time nothing in it may panic.
const FEATURES: [&str; 2] = ["critical-section,crc-table", ""];

fn build_with(target: &str, toolchain: &Toolchain) -> Result<(), Failure> {
    FEATURES
        .into_iter()
        .try_for_each(|features| build_features(target, toolchain, features))
}

/// Builds the archive for `target` without any features that users may ask for.
pub(crate) fn build_as_it_ships(target: &str) -> Result<PathBuf, Failure> {
    let toolchain =
        toolchain(target).ok_or_else(|| Failure::new(format!("rustup target add {target}")))?;
    build_features(target, &toolchain, "")?;
    Ok(built(target, "libnvkv.a"))
}

/// The compiler that builds for `target`, with its version.
pub(crate) fn compiler(target: &str) -> String {
    match toolchain(target) {
        Some(Toolchain::FromSource(rustc)) => version_of(rustc),
        _ => version_of("rustc"),
    }
}

/// `rustc 1.96.0`
pub(crate) fn version_of(rustc: &str) -> String {
    let said = output_of(command(rustc).arg("--version")).unwrap_or_default();
    let words: Vec<&str> = said.split(' ').take(2).collect();
    words.join(" ")
}

fn build_features(target: &str, toolchain: &Toolchain, features: &str) -> Result<(), Failure> {
    let mut command = archive::build_command();
    command.args(["--features", features]);
    run(build_for(&mut command, target, toolchain))?;
    archive::has_no_panic(&built(target, "libnvkv.a"))
}

/// Adds to a command of cargo what it needs to build for `target`.
fn build_for<'c>(command: &'c mut Command, target: &str, toolchain: &Toolchain) -> &'c mut Command {
    command.args(["--target", target]);
    if let Toolchain::FromSource(rustc) = toolchain {
        // build-std is an unstable option; the variable lets a stable compiler take it.
        command
            .env("RUSTC", rustc)
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zbuild-std=core");
    }
    command
}

/// Where cargo puts what it builds for `target`.
pub(crate) fn built(target: &str, file: &str) -> PathBuf {
    paths::target().join(target).join("release").join(file)
}

/// Builds the static library of a package of the tests, which is none of this workspace.
pub(crate) fn build_staticlib(
    manifest: &Path,
    target: &str,
    name: &str,
) -> Result<PathBuf, Failure> {
    let toolchain =
        toolchain(target).ok_or_else(|| Failure::new(format!("rustup target add {target}")))?;
    let mut command = cargo("build");
    command.args(["--release", "--locked", "--manifest-path"]);
    run(build_for(command.arg(manifest), target, &toolchain))?;
    Ok(built(target, name))
}

/// Builds firmware in Rust that uses the whole API for such programs: it compiles without an
/// operating system, its panic handler is the only one, and none of it may panic.
pub(crate) fn build_firmware(target: &str) -> Outcome {
    match toolchain(target) {
        None => Outcome::Skipped(format!("rustup target add {target}")),
        Some(toolchain) => build_firmware_with(target, &toolchain).into(),
    }
}

fn build_firmware_with(target: &str, toolchain: &Toolchain) -> Result<(), Failure> {
    let mut command = cargo("build");
    command
        .args(["--release", "--locked", "--manifest-path"])
        .arg(paths::root().join("tests/rust_firmware/Cargo.toml"));
    run(build_for(&mut command, target, toolchain))?;
    archive::has_no_panic(&built(target, "libnvkv_firmware.a"))
}
