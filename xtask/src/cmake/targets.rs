//! The Rust target that goes with a compiler and its flags. clang speaks for the processors and
//! systems that are not at hand.

use std::process::Command;

use super::{CMAKE, cmake, missing, scratch};
use crate::paths;
use crate::process::{Failure, captured, succeeded_with};
use crate::report::Outcome;

const GCC_ARM: &str = "arm-none-eabi-gcc";

/// Compiler, flags, and the target; none where Rust has none that fits.
const TABLE: [(&str, &str, &str); 38] = [
    (GCC_ARM, "-mcpu=cortex-m0", "thumbv6m-none-eabi"),
    (GCC_ARM, "-mcpu=cortex-m0plus", "thumbv6m-none-eabi"),
    (GCC_ARM, "-mcpu=cortex-m3", "thumbv7m-none-eabi"),
    (GCC_ARM, "-mcpu=cortex-m4 -mthumb", "thumbv7em-none-eabi"),
    (
        GCC_ARM,
        "-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16",
        "thumbv7em-none-eabi",
    ),
    (
        GCC_ARM,
        "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
        "thumbv7em-none-eabihf",
    ),
    (
        GCC_ARM,
        "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-d16",
        "thumbv7em-none-eabihf",
    ),
    (GCC_ARM, "-mcpu=cortex-m23", "thumbv8m.base-none-eabi"),
    (GCC_ARM, "-mcpu=cortex-m33", "thumbv8m.main-none-eabi"),
    (
        GCC_ARM,
        "-mcpu=cortex-m33 -mfloat-abi=hard",
        "thumbv8m.main-none-eabihf",
    ),
    (
        GCC_ARM,
        "-mcpu=cortex-m55 -mfloat-abi=hard",
        "thumbv8m.main-none-eabihf",
    ),
    (
        GCC_ARM,
        "-mcpu=cortex-r5 -mfloat-abi=hard",
        "armv7r-none-eabihf",
    ),
    // Without a processor GCC compiles for ARMv4T.
    (GCC_ARM, "", ""),
    (GCC_ARM, "-mcpu=arm926ej-s", ""),
    (
        "clang",
        "--target=arm-none-eabi -mcpu=cortex-r5 -mbig-endian",
        "",
    ),
    (
        "clang",
        "--target=arm-none-eabi -mcpu=cortex-m55",
        "thumbv8m.main-none-eabi",
    ),
    (
        "clang",
        "--target=arm-none-eabi -mcpu=cortex-m4 -mfloat-abi=hard",
        "thumbv7em-none-eabihf",
    ),
    ("clang", "--target=aarch64-none-elf", "aarch64-unknown-none"),
    (
        "clang",
        "--target=aarch64-none-elf -mgeneral-regs-only",
        "aarch64-unknown-none-softfloat",
    ),
    (
        "clang",
        "--target=riscv32 -march=rv32imac -mabi=ilp32",
        "riscv32imac-unknown-none-elf",
    ),
    (
        "clang",
        "--target=riscv32 -march=rv32imc -mabi=ilp32",
        "riscv32imc-unknown-none-elf",
    ),
    // No target has exactly this: the next smaller.
    (
        "clang",
        "--target=riscv32 -march=rv32ima -mabi=ilp32",
        "riscv32im-unknown-none-elf",
    ),
    (
        "clang",
        "--target=riscv32 -march=rv32i -mabi=ilp32",
        "riscv32i-unknown-none-elf",
    ),
    // Has a floating point unit, but does not pass floats in it.
    (
        "clang",
        "--target=riscv32 -march=rv32imafc -mabi=ilp32",
        "riscv32imac-unknown-none-elf",
    ),
    (
        "clang",
        "--target=riscv32 -march=rv32imafc -mabi=ilp32f",
        "riscv32imafc-unknown-none-elf",
    ),
    (
        "clang",
        "--target=riscv32 -march=rv32imafdc -mabi=ilp32d",
        "",
    ),
    (
        "clang",
        "--target=riscv64 -march=rv64imac -mabi=lp64",
        "riscv64imac-unknown-none-elf",
    ),
    (
        "clang",
        "--target=x86_64-linux-gnu",
        "x86_64-unknown-linux-gnu",
    ),
    (
        "clang++",
        "--target=x86_64-linux-gnu -std=c++17",
        "x86_64-unknown-linux-gnu",
    ),
    ("clang", "--target=x86_64-linux-gnux32", ""),
    (
        "clang",
        "--target=x86_64-linux-musl",
        "x86_64-unknown-linux-musl",
    ),
    (
        "clang",
        "--target=aarch64-linux-gnu",
        "aarch64-unknown-linux-gnu",
    ),
    (
        "clang",
        "--target=arm-linux-gnueabihf",
        "armv7-unknown-linux-gnueabihf",
    ),
    ("clang", "--target=aarch64-linux-android", ""),
    (
        "clang",
        "--target=arm64-apple-macos12",
        "aarch64-apple-darwin",
    ),
    ("clang", "--target=arm64-apple-ios12", ""),
    (
        "clang",
        "--target=x86_64-w64-mingw32",
        "x86_64-pc-windows-gnu",
    ),
    ("clang", "--target=x86_64-none-elf", ""),
];

/// A toolchain file of `cmake/toolchains`, what it is given, and the target.
const TOOLCHAINS: [(&str, &[&str], &str); 6] = [
    (
        ARM_FILE,
        &["-DNVKV_CPU=cortex-m0plus"],
        "thumbv6m-none-eabi",
    ),
    (
        ARM_FILE,
        &[
            "-DNVKV_CPU=cortex-m4",
            "-DNVKV_FLOAT_ABI=hard",
            "-DNVKV_FPU=fpv4-sp-d16",
        ],
        "thumbv7em-none-eabihf",
    ),
    (
        ARM_FILE,
        &[
            "-DNVKV_CPU=cortex-m7",
            "-DNVKV_FLOAT_ABI=softfp",
            "-DNVKV_FPU=fpv5-d16",
        ],
        "thumbv7em-none-eabi",
    ),
    (
        ARM_FILE,
        &["-DNVKV_CPU=cortex-m33"],
        "thumbv8m.main-none-eabi",
    ),
    (
        RISCV_FILE,
        &["-DNVKV_ARCH=rv32imc"],
        "riscv32imc-unknown-none-elf",
    ),
    (
        RISCV_FILE,
        &["-DNVKV_ARCH=rv64imac", "-DNVKV_ABI=lp64"],
        "riscv64imac-unknown-none-elf",
    ),
];

const ARM_FILE: &str = "arm-none-eabi";
const RISCV_FILE: &str = "riscv64-unknown-elf";

/// The whole step.
pub(crate) fn check() -> Outcome {
    let tools = [
        CMAKE,
        (GCC_ARM, "gcc-arm-none-eabi"),
        ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf"),
        ("clang", "clang"),
    ];
    if let Some(what) = missing(&tools) {
        return Outcome::Skipped(what);
    }
    each().into()
}

fn each() -> Result<(), Failure> {
    println!("{} compilers with flags", TABLE.len());
    let mut wrong = Vec::new();
    for (compiler, flags, expected) in TABLE {
        let found = target_of(compiler, flags)?;
        if found != expected {
            wrong.push(format!(
                "{compiler} {flags}: `{found}` instead of `{expected}`"
            ));
        }
    }
    for (file, options, expected) in TOOLCHAINS {
        let found = printed_target(options, file)?;
        if found != expected {
            wrong.push(format!(
                "{file}.cmake {options:?}: `{found}` instead of `{expected}`"
            ));
        }
    }
    // Without a processor they say what to set.
    for (file, variable) in [(ARM_FILE, "NVKV_CPU"), (RISCV_FILE, "NVKV_ARCH")] {
        let (status, printed) = captured(&mut print_target(&[], file)?)?;
        if status.success() || !printed.contains(&format!("Set {variable} to")) {
            wrong.push(format!("{file}.cmake without {variable}: {printed}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(wrong.join("\n")))
}

fn target_of(compiler: &str, flags: &str) -> Result<String, Failure> {
    let language = if compiler.ends_with("++") { "CXX" } else { "C" };
    let options = [
        format!("-DLANGUAGE={language}"),
        format!("-DCOMPILER={compiler}"),
        format!("-DFLAGS={flags}"),
    ];
    printed_target(&options.each_ref().map(String::as_str), "")
}

/// The script with options, and a toolchain file where one is named.
fn print_target(options: &[&str], toolchain: &str) -> Result<Command, Failure> {
    let mut script = cmake();
    script
        .current_dir(scratch("targets")?)
        .args(options)
        .arg(format!("-DTOOLCHAIN={toolchain}"))
        .arg("-P")
        .arg(paths::root().join("tests/cmake/print_target.cmake"));
    Ok(script)
}

fn printed_target(options: &[&str], toolchain: &str) -> Result<String, Failure> {
    let mut script = print_target(options, toolchain)?;
    let (status, printed) = captured(&mut script)?;
    succeeded_with(&script, status, &printed)?;
    let line = printed
        .lines()
        .find_map(|line| line.strip_prefix("target: "));
    line.map(|target| target.trim().to_owned())
        .ok_or_else(|| Failure::new(format!("no target in: {printed}")))
}
