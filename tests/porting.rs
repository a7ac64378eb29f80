//! The adapters of docs/porting.md: each is compiled with all warnings against a header that stands
//! for the vendor's, and on Linux runs a store, through power cuts, over a player of the vendor's
//! functions (`tests/porting`).
#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
#[expect(dead_code, reason = "the tests of the C interface use the rest")]
mod build;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use build::root;

/// The adapters by name: the blocks of C whose first line is `/* NAME.c: ...`.
fn adapters() -> BTreeMap<String, String> {
    let text = fs::read_to_string(root().join("docs/porting.md")).expect("docs/porting.md");
    let blocks = text.split("\n```c\n").skip(1);
    blocks
        .filter_map(|rest| {
            let (block, _) = rest.split_once("\n```\n").expect("the block ends");
            let (name, _) = block.strip_prefix("/* ")?.split_once(".c: ")?;
            Some((name.to_owned(), format!("{block}\n")))
        })
        .collect()
}

/// The adapter as a file.
fn written(name: &str) -> PathBuf {
    let adapters = adapters();
    let text = adapters.get(name).expect("docs/porting.md has it");
    let path = build::folder().join(format!("porting_{name}.c"));
    fs::write(&path, text).expect("the folder can be written");
    path
}

fn compiler() -> Command {
    let mut command = Command::new(build::compiler());
    command.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-g"]);
    for include in [
        "include",
        "ports/flash",
        "tests/porting/include",
        "tests/porting",
        "tests/footprint",
    ] {
        command.arg("-I").arg(root().join(include));
    }
    // Addresses have 32 bits on the chips: what is static has such, too.
    command.args(["-O1", "-fno-pie"]);
    command
}

fn compiled(path: &Path) -> PathBuf {
    let object = build::folder().join(path.with_extension("o").file_name().expect("a name"));
    let mut command = compiler();
    command.arg("-c").arg(path).arg("-o").arg(&object);
    let output = command.output().expect("the C compiler runs");
    build::assert_success(&format!("compiling {}", path.display()), &output);
    object
}

/// Compiles the adapter; where this machine can, runs a store over it `stores` times.
fn check(name: &str, stores: usize) {
    let adapter = compiled(&written(name));
    if !cfg!(all(target_os = "linux", target_pointer_width = "64")) {
        println!("{name}: compiled, not run");
        return;
    }
    let program = build::folder().join(format!("porting_{name}"));
    let mut command = compiler();
    command.arg("-no-pie").arg(adapter);
    for source in [
        &format!("tests/porting/{name}.c"),
        "tests/porting/try.c",
        "ports/flash/nvkv_flash_check.c",
        "tests/footprint/nor.c",
    ] {
        command.arg(root().join(source));
    }
    command.arg(&*build::ARCHIVE).arg("-o").arg(&program);
    command.args(["-lpthread", "-ldl", "-lm"]);
    let output = command.output().expect("the C compiler runs");
    build::assert_success(&format!("linking {name}"), &output);
    let expected = "120 cuts\n".repeat(stores);
    assert_eq!(build::run(&program, &[]), expected, "{name}");
}

#[test]
fn stm32h7() {
    check("stm32h7", 1);
}

#[test]
fn stm32l4() {
    check("stm32l4", 1);
}

#[test]
fn stm32f4() {
    check("stm32f4", 1);
}

#[test]
fn nrf52_softdevice() {
    check("nrf52_softdevice", 2);
}

#[test]
fn rp2040() {
    check("rp2040", 1);
}

#[test]
fn esp_idf() {
    check("esp_idf", 2);
}

#[test]
fn zephyr() {
    check("zephyr", 1);
}

#[test]
fn each_adapter_is_checked() {
    let here = include_str!("porting.rs");
    let adapters = adapters();
    assert_eq!(adapters.len(), 7);
    for name in adapters.keys() {
        assert!(here.contains(&format!("check(\"{name}\", ")), "{name}");
    }
}
