//! Threads that share a store: `tests/c/threads.c`, linked with the archive that ships, under each
//! kind of lock, by handle and by paths. `cargo xtask test` runs the same under a tool that finds
//! races.

#[path = "c/build.rs"]
mod build;

use std::{path::PathBuf, process::Command, sync::LazyLock};

const SOURCES: [&str; 4] = [
    "tests/c/threads.c",
    "tests/c/threads_setup.c",
    "ports/lock/nvkv_lock_posix.c",
    "tests/c/chip.c",
];

static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| build::program("threads", &SOURCES, &["-O1"]));

/// How many scenarios ran, for each way to the store.
fn check(kind: &str, scenarios: u32) {
    for way in ["handle", "paths"] {
        let printed = build::run(&PROGRAM, &[kind, way]);
        let expected = format!("{scenarios} scenarios\n");
        assert!(printed.ends_with(&expected), "{kind} {way}: {printed}");
    }
}

#[test]
fn mutexes() {
    check("mutex", 11);
}

#[test]
fn mutexes_that_notice_the_death_of_their_thread() {
    check("robust", 10);
}

#[test]
fn spin_locks() {
    check("spin", 10);
}

#[test]
fn one_mutex_for_both() {
    check("single", 6);
}

#[test]
fn no_lock() {
    check("none", 4);
}

/// Without the writer's mutex the second writer does not wait, and the program says so.
#[test]
fn a_missing_mutex_is_noticed() {
    let output = Command::new(&*PROGRAM)
        .args(["half", "handle", "two_streams"])
        .output()
        .expect("the program runs");
    assert!(!output.status.success());
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(printed.contains("not so: reached() == 2"), "{printed}");
}

/// With the feature `critical-section` that decides between threads, is really used, and is never
/// on during a flash operation.
#[test]
fn critical_sections() {
    let features = ["critical-section", "critical-section/restore-state-u32"];
    let archive = build::archive("archive-critical", &features);
    let mut sources = SOURCES.to_vec();
    sources.push("tests/c/critical.c");
    let program = build::program_with(&archive, "threads_critical", &sources, &["-O1"]);
    for (kind, way) in [("none", "handle"), ("none", "paths"), ("spin", "handle")] {
        build::run(&program, &[kind, way]);
    }
}
