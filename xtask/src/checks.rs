//! `cargo xtask test`: every check and test but the soaks, in the order of what fails fastest.

use std::process::Command;

use clap::Args;

use crate::process::{Failure, cargo, run as run_command, run_lines, succeeded};
use crate::report::{Outcome, Report};
use crate::{
    bare_metal, bench, cmake, demo, firmware, footprint, freertos, fuzz, memory, package, races,
};

/// The features that tests, lints and documentation are for.
const FEATURES: &str = "nvkv/sim,nvkv/embedded-storage";

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only format, lints and tests; leave out documentation,
    /// benchmark, races, sanitizers, valgrind, bare metal, CMake, firmware,
    /// packages, FreeRTOS,
    /// demo and fuzzing
    #[arg(long)]
    quick: bool,
    /// Only the steps with this in their names
    #[arg(long, value_name = "WORD", default_value = "")]
    only: String,
}

/// Runs the steps; all of them, even when one fails.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    let mut report = Report::new(in_ci, &options.only);
    report.step("format", || passes(cargo("fmt").args(["--all", "--check"])));
    report.step("lints", lints);
    report.step("tests", || {
        cargo_test(cargo("test").args(["--workspace", "--features", FEATURES, "--no-fail-fast"]))
    });
    report.step("tests with crc-table", || {
        let options = [
            "--package",
            "nvkv",
            "--lib",
            "--features",
            "crc-table",
            "checksum",
        ];
        cargo_test(cargo("test").args(options))
    });
    if !options.quick {
        report.step("documentation", documentation);
        report.step("benchmark", bench::check);
        report.step("demo", || demo::check().into());
        report.step("races", races::check);
        report.step("sanitizers", memory::sanitizers);
        report.step("valgrind", memory::valgrind);
        for target in bare_metal::TARGETS {
            report.step(&format!("archive for {target}"), || {
                bare_metal::build(target)
            });
        }
        let smallest = bare_metal::TARGETS[0];
        report.step(&format!("firmware in Rust for {smallest}"), || {
            bare_metal::build_firmware(smallest)
        });
        report.step("archives as they ship", package::link::check);
        report.step("Arduino library", package::sketches::check);
        report.step("packages", package::consumers::check);
        report.step("size", footprint::check_size);
        report.step("time", footprint::check_time);
        report.step("CMake on this machine", cmake::host::check);
        report.step("CMake for Cortex-M", cmake::firmware::check);
        report.step("CMake presets", cmake::presets::check);
        report.step("CMake and Rust targets", cmake::targets::check);
        report.step("CMake refusals", cmake::refusals::check);
        report.step("firmware on emulators", firmware::check);
        report.step("FreeRTOS on this machine", freertos::on_this_machine);
        report.step("FreeRTOS on Cortex-M", freertos::on_cortex_m);
        report.step("fuzz smoke", fuzz::smoke);
    }
    report.finish()
}

fn passes(command: &mut Command) -> Outcome {
    run_command(command).into()
}

/// Runs `cargo test`; a failure names the tests that failed, as what they printed is far up.
fn cargo_test(command: &mut Command) -> Outcome {
    let mut failed = Vec::new();
    let ended = run_lines(command, |line| {
        println!("{line}");
        failed.extend(failed_test(line).map(str::to_owned));
    });
    let result = ended.and_then(|status| match failed.as_slice() {
        [] => succeeded(command, status),
        names => Err(Failure::new(format!("failed tests: {}", names.join(", ")))),
    });
    result.into()
}

/// The name of the test, where this line of the test runner says that one failed.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

fn lints() -> Outcome {
    // With everything; as it ships, for what only the simulator uses is dead code there; and with
    // the features that change what ships.
    let all = || -> Result<(), Failure> {
        run_command(
            cargo("clippy")
                .args(["--workspace", "--all-targets", "--features", FEATURES])
                .args(["--", "-D", "warnings"]),
        )?;
        for features in ["", "critical-section,crc-table", "embedded-storage,defmt"] {
            run_command(
                cargo("clippy")
                    .args(["--package", "nvkv", "--lib", "--features", features])
                    .args(["--", "-D", "warnings"]),
            )?;
        }
        Ok(())
    };
    all().into()
}

fn documentation() -> Outcome {
    passes(
        cargo("doc")
            .args(["--workspace", "--no-deps", "--features", FEATURES])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

#[cfg(test)]
mod tests {
    use super::failed_test;

    #[test]
    fn failed_tests_are_named() {
        assert_eq!(
            failed_test("test keys::order ... FAILED"),
            Some("keys::order")
        );
        assert_eq!(failed_test("test keys::order ... ok"), None);
        assert_eq!(failed_test("test result: FAILED. 1 passed"), None);
    }
}
