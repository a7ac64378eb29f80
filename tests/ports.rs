//! The ready locks and flash drivers of `ports`, each with a program of `tests/c` that checks
//! itself. `cargo xtask test` runs the same under the sanitizers and valgrind, and that for
//! FreeRTOS on FreeRTOS.

#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;
#[path = "c/programs.rs"]
mod programs;

use std::{collections::BTreeSet, fs};

use programs::{COMMON, PORTS, THREADS};

fn check(name: &str) {
    let program = PORTS.iter().find(|program| program.name == name);
    let program = program.expect("it is listed");
    let sources: Vec<_> = program.sources.iter().chain([&COMMON]).collect();
    let sources: Vec<_> = sources
        .iter()
        .map(|name| format!("tests/c/{name}"))
        .collect();
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    let built = build::program(name, &sources, &["-O1"]);
    build::run(&built, &[]);
}

#[test]
fn eeprom_i2c() {
    check("port_eeprom_i2c");
}

#[test]
fn eeprom_spi() {
    check("port_eeprom_spi");
}

#[test]
fn flash_check() {
    check("port_check");
}

#[test]
fn posix_file() {
    check("port_posix_file");
}

#[test]
fn single() {
    check("port_single");
}

#[test]
fn cmsis() {
    check("port_cmsis");
}

/// Files of a folder with this ending.
fn files(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(build::root().join(folder)).expect("the folder is there");
    entries
        .map(|entry| entry.expect("it can be read").file_name())
        .filter_map(|name| Some(format!("{folder}/{}", name.to_str()?)))
        .filter(|name| name.ends_with(ending))
        .collect()
}

/// `freertos.rs` of xtask has the one that needs FreeRTOS, `ports_flash.rs` those with a chip that
/// it plays; the headers for C++ have no source.
#[test]
fn each_source_is_run() {
    let all = PORTS.iter().chain([&THREADS]);
    let mut run: BTreeSet<String> = all
        .flat_map(|program| program.sources)
        .filter_map(|source| source.strip_prefix("../../"))
        .map(str::to_owned)
        .collect();
    for elsewhere in [
        "ports/lock/nvkv_lock_freertos.c",
        "ports/flash/nvkv_flash_nvmc_nrf51.c",
        "ports/flash/nvkv_flash_spi_nor.c",
    ] {
        run.insert(elsewhere.to_owned());
    }
    let there: BTreeSet<String> = ["ports/lock", "ports/flash"]
        .into_iter()
        .flat_map(|folder| files(folder, ".c"))
        .collect();
    assert_eq!(there, run);
}

/// Each can be the first that a file includes, in C and in C++.
#[test]
fn each_header_stands_alone() {
    for folder in ["ports/lock", "ports/flash"] {
        for header in files(folder, ".h") {
            let name = header.rsplit('/').next().expect("a name");
            if name.contains("freertos") || name.contains("mbed") || name.contains("block_device") {
                continue;
            }
            for (ending, language) in [("c", "-std=c99"), ("cpp", "-std=c++11")] {
                let source = format!("header_{name}.{ending}");
                let path = build::folder().join(&source);
                fs::write(&path, format!("#include \"{name}\"\n#include \"{name}\"\n"))
                    .expect("the folder can be written");
                let mut command = std::process::Command::new(build::compiler());
                command.args([language, "-pedantic", "-Wall", "-Wextra", "-Werror"]);
                for include in programs::INCLUDES {
                    command.arg("-I").arg(build::root().join(include));
                }
                command.arg("-fsyntax-only").arg(&path);
                let output = command.output().expect("the C compiler runs");
                build::assert_success(&source, &output);
            }
        }
    }
}
