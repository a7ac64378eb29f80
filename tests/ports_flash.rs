//! The flash drivers of `ports/flash` on this machine: each with a C program that plays the chip,
//! checks what the driver does with it, and makes it fail. As C99 without a warning, plainly and
//! with the address and undefined behaviour sanitizers; the headers in C++, too.
#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;

use std::process::Command;

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Whether this compiler has the sanitizers; not all installations bring their libraries.
fn has_sanitizers(name: &str) -> bool {
    let output = Command::new(build::compiler())
        .args(SANITIZERS)
        .arg(build::root().join("tests/c/empty.c"))
        .arg("-o")
        .arg(build::folder().join(format!("sanitizer_probe_{name}")))
        .output();
    output.is_ok_and(|output| output.status.success())
}

fn check(name: &str, driver: &str) {
    let sources = [
        &*format!("tests/ports/{name}.c"),
        &*format!("ports/flash/{driver}.c"),
    ];
    let include = format!("-I{}", build::root().join("ports/flash").display());
    let program = build::program(name, &sources, &["-O1", &include]);
    build::run(&program, &[]);
    if has_sanitizers(name) {
        let options = [&SANITIZERS[..], &[&include]].concat();
        let program = build::program(&format!("{name}_sanitized"), &sources, &options);
        build::run(&program, &[]);
    } else {
        assert!(
            std::env::var_os("CI").is_none(),
            "nothing is left out in CI"
        );
    }
    let output = Command::new("c++")
        .args(["-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror"])
        .args(["-Wno-long-long", "-fsyntax-only", "-xc++", &include, "-I"])
        .arg(build::root().join("include"))
        .arg(build::root().join(format!("ports/flash/{driver}.h")))
        .output()
        .expect("c++ runs: apt-get install g++");
    build::assert_success(&format!("{driver}.h in C++"), &output);
}

#[test]
fn serial_nor_flash() {
    check("spi_nor", "nvkv_flash_spi_nor");
}

#[test]
fn flash_of_nrf51_and_nrf52() {
    check("nvmc", "nvkv_flash_nvmc_nrf51");
}
