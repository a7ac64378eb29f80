//! The C API as C programs see it: each of `tests/c` is linked with the archive that ships, runs,
//! and checks itself; once plainly, and once with the address and undefined behaviour sanitizers.

#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;
#[path = "c/programs.rs"]
mod programs;

use std::{process::Command, sync::LazyLock};

use programs::{COMMON, PROGRAMS};

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Whether this compiler has the sanitizers; not all installations bring their libraries.
static HAS_SANITIZERS: LazyLock<bool> = LazyLock::new(|| {
    let output = Command::new(build::compiler())
        .args(SANITIZERS)
        .arg(build::root().join("tests/c/empty.c"))
        .arg("-o")
        .arg(build::folder().join("sanitizer_probe"))
        .output();
    output.is_ok_and(|output| output.status.success())
});

fn check(name: &str) {
    let program = PROGRAMS.iter().find(|program| program.name == name);
    let program = program.expect("it is listed");
    let sources: Vec<_> = program.sources.iter().chain([&COMMON]).collect();
    let sources: Vec<_> = sources
        .iter()
        .map(|name| format!("tests/c/{name}"))
        .collect();
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    let brief = program.brief.unwrap_or(program.runs);
    let plain = build::program(name, &sources, &["-O1"]);
    brief.iter().for_each(|run| drop(build::run(&plain, run)));
    if *HAS_SANITIZERS {
        let sanitized = build::program(&format!("{name}_sanitized"), &sources, &SANITIZERS);
        brief
            .iter()
            .for_each(|run| drop(build::run(&sanitized, run)));
    } else {
        println!("no sanitizers with this compiler: {name} ran without them");
    }
}

#[test]
fn misuse() {
    check("misuse");
}

#[test]
fn failures() {
    check("failures");
}

#[test]
fn values() {
    check("values");
}

#[test]
fn streams() {
    check("streams");
}

#[test]
fn iterators() {
    check("iterators");
}

#[test]
fn flashes() {
    check("flashes");
}

#[test]
fn locks() {
    check("locks");
}

#[test]
fn names() {
    check("names");
}
