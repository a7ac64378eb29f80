//! The programs of `c-examples` do what they say, and the demo loses nothing at a power cut.
#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;

use std::{fs, path::Path, process::Command};

fn check(name: &str, expected: &str) {
    check_with(name, &[], expected);
}

/// The same with further sources.
fn check_with(name: &str, further: &[&str], expected: &str) {
    let source = format!("c-examples/{name}.c");
    let mut sources = vec![source.as_str(), "c-examples/flash_ram.c"];
    sources.extend(further);
    let program = build::program(name, &sources, &["-O1"]);
    assert_eq!(build::run(&program, &[]), expected, "{name}");
}

#[test]
fn basic() {
    check(
        "basic",
        "defaults: 9600 baud, brightness 50\n\
         changing the serial number: MBED_ERROR_WRITE_PROTECTED\n\
         serial number: 6 bytes, flags 1\n\
         after a restart: 115200 baud, brightness 50\n\
         removed; looking for it: MBED_ERROR_ITEM_NOT_FOUND\n",
    );
}

#[test]
fn streaming() {
    check(
        "streaming",
        "stored in pieces\n\
         sent 6000 bytes\n\
         the next download broke off; the certificate is still there:\n\
         sent 6000 bytes\n",
    );
}

#[test]
fn iterate() {
    check(
        "iterate",
        "5 keys, 3 of them wifi/; 2 left without those\n\
         the store counts 2 keys too; a further value could have more than 1000 bytes\n",
    );
}

#[test]
fn global() {
    check(
        "global",
        "emptying the partition: MBED_SUCCESS\n\
         setting: MBED_SUCCESS\n\
         setting write-once: MBED_SUCCESS\n\
         setting that again: MBED_ERROR_WRITE_PROTECTED\n\
         getting: MBED_SUCCESS\n\
         pump 1, 7 bytes\n\
         getting info: MBED_SUCCESS\n\
         7 bytes, flags 1\n\
         getting by its bare name: MBED_SUCCESS\n\
         setting a third: MBED_SUCCESS\n\
         2 keys begin with /kv/n\n\
         3 keys begin with /kv/\n\
         removing: MBED_SUCCESS\n\
         getting it then: MBED_ERROR_ITEM_NOT_FOUND\n\
         setting in a partition that is not there: MBED_ERROR_ITEM_NOT_FOUND\n",
    );
}

#[test]
fn partitions() {
    check(
        "partitions",
        "1 settings, 7 days\n\
         day 3, 12:00: 12 (MBED_SUCCESS)\n\
         1 settings, 0 days\n\
         interval: MBED_SUCCESS\n\
         day 1: MBED_ERROR_ITEM_NOT_FOUND\n",
    );
}

#[test]
fn threads() {
    check_with(
        "threads",
        &["ports/lock/nvkv_lock_posix.c"],
        "sensor0: 100\nsensor1: 100\nsensor2: 100\nlog: 400 bytes\n",
    );
}

#[test]
fn two_stores() {
    check(
        "two_stores",
        "new: 2 settings, language en, serial number A-0042\n\
         changed: 2 settings, language fr, serial number A-0042\n\
         reset: 2 settings, language en, serial number A-0042\n",
    );
}

/// Runs the demo until its power is cut.
fn cut(demo: &Path, image: &str) -> String {
    let output = Command::new(demo)
        .args([image, "--cut"])
        .output()
        .expect("the demo runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(86), "{printed}");
    printed
}

/// Fifty runs, each followed by a cut in another place: the run count rises by one each time,
/// and nothing is lost.
#[test]
fn demo_survives_power_cuts() {
    let sources = ["c-examples/demo.c", "ports/flash/nvkv_flash_posix_file.c"];
    let demo = build::program("demo", &sources, &["-O1"]);
    let image = build::folder().join("demo.img");
    let _ = fs::remove_file(&image);
    let image = image.to_str().expect("a path in ASCII");
    for run in 1..=50 {
        let printed = build::run(&demo, &[image]);
        assert!(
            printed.contains(&format!("\nRun count: {run}\n")),
            "run {run}:\n{printed}"
        );
        assert!(cut(&demo, image).contains("the power goes"), "run {run}");
        let left = build::run(&demo, &[image, "--verify"]);
        let expected = format!("Run {run} and all it stored is there\n");
        assert!(left.ends_with(&expected), "run {run}:\n{left}");
    }
}

/// Wrong usage is answered, and a file that is no image of this chip is left alone.
#[test]
fn demo_refuses_what_is_no_image() {
    let sources = ["c-examples/demo.c", "ports/flash/nvkv_flash_posix_file.c"];
    let demo = build::program("demo_refuses", &sources, &["-O1"]);
    let foreign = build::folder().join("foreign.img");
    fs::write(&foreign, "not a flash image").expect("the folder can be written");
    for (arguments, code) in [
        (vec![], 2),
        (vec!["x.img", "--unknown"], 2),
        (vec![foreign.to_str().expect("a path in ASCII")], 1),
    ] {
        let output = Command::new(&demo)
            .args(&arguments)
            .output()
            .expect("the demo runs");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?}");
    }
    let kept = fs::read_to_string(&foreign).expect("the file is there");
    assert_eq!(kept, "not a flash image");
}
