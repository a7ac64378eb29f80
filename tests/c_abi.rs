//! The C API as C programs see it: each of `tests/c` is linked with the archive that ships, runs,
//! and checks itself; once plainly, and once with the address and undefined behaviour sanitizers.

#[path = "c/build.rs"]
mod build;

use std::{process::Command, sync::LazyLock};

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
    let source = format!("tests/c/{name}.c");
    let sources = [source.as_str(), "tests/c/chip.c"];
    build::run(&build::program(name, &sources, &["-O1"]), &[]);
    if *HAS_SANITIZERS {
        let sanitized = format!("{name}_sanitized");
        build::run(&build::program(&sanitized, &sources, &SANITIZERS), &[]);
    } else {
        println!("no sanitizers with this compiler: {name} ran without them");
    }
}

#[test]
fn misuse() {
    check("misuse");
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
