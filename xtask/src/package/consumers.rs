//! The package in the build systems that take it by a file of their own: stand-ins for Zephyr,
//! ESP-IDF and Mbed CE, which call what they call.

use std::path::{Path, PathBuf};

use super::{bundle, folder, slim};
use crate::cmake::{cmake, expect, quiet};
use crate::paths;
use crate::process::{Failure, command, output_of};
use crate::report::Outcome;

/// Those that the other steps build as well.
const TARGETS: [&str; 3] = [
    "thumbv6m-none-eabi",
    "thumbv7em-none-eabi",
    "riscv32imc-unknown-none-elf",
];

const M0PLUS: &str = "-mcpu=cortex-m0plus -mthumb";
const M4: &str = "-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16";

/// A program that hangs is a failure.
const LIMIT_SECONDS: &str = "20";

/// The whole step.
pub(crate) fn check() -> Outcome {
    if let Some(what) = slim::missing(&TARGETS) {
        return Outcome::Skipped(what);
    }
    for (program, package) in [
        ("cmake", "cmake"),
        ("ninja", "ninja-build"),
        ("qemu-system-arm", "qemu-system-arm"),
    ] {
        if output_of(command(program).arg("--version")).is_none() {
            return Outcome::Skipped(format!("apt-get install {package}"));
        }
    }
    all().into()
}

fn all() -> Result<(), Failure> {
    let archives = TARGETS
        .into_iter()
        .map(slim::build)
        .collect::<Result<Vec<_>, _>>()?;
    let nvkv = bundle::lay_out(&archives)?;
    for (flags, target, machine) in [
        (M0PLUS, TARGETS[0], "mps2-an385"),
        (M4, TARGETS[1], "mps2-an386"),
    ] {
        let zephyr = Consumer::new("zephyr", &nvkv, flags)?;
        zephyr.build(&[
            "-DCONFIG_NVKV=y",
            &format!("-DCONFIG_NVKV_RUST_TARGET={target}"),
        ])?;
        zephyr.run(machine, "C on the emulator: MBED_SUCCESS\n")?;
    }
    let missing = Consumer::new("zephyr", &nvkv, M4)?;
    let options = [
        "-DCONFIG_NVKV=y",
        "-DCONFIG_NVKV_RUST_TARGET=thumbv7m-none-eabi",
    ];
    missing.is_refused(
        &options,
        "nvkv: no archive for thumbv7m-none-eabi came along, only for",
    )?;
    let labels = [
        ("CORTEX_M;LIKE_CORTEX_M0;M0P;CORTEX", M0PLUS, "mps2-an385"),
        ("CORTEX_M;RTOS_M4_M7;M4;CORTEX", M4, "mps2-an386"),
    ];
    for (labels, flags, machine) in labels {
        let mbed = Consumer::new("mbed_ce", &nvkv, flags)?;
        mbed.build(&[&format!("-DMBED_TARGET_LABELS={labels}")])?;
        mbed.run(machine, "C++ on the emulator: MBED_SUCCESS\n")?;
    }
    esp_idf(&nvkv)
}

/// A chip with an archive, one without, and the first reading of a component.
fn esp_idf(nvkv: &Path) -> Result<(), Failure> {
    let early = paths::root().join("tests/packages/esp_idf/early.cmake");
    let mut script = cmake();
    script.arg(format!("-DNVKV={}", nvkv.display()));
    let said = quiet(script.arg("-P").arg(early))?;
    expect(&said, "component: include\n")?;

    let esp = Consumer::new("esp_idf", nvkv, "")?;
    esp.build(&["-DMARCH=rv32imc", "-DCHIP=esp32c3"])?;
    let other = Consumer::new("esp_idf", nvkv, "")?;
    other.is_refused(
        &["-DMARCH=rv32imc", "-DCHIP=esp32s3"],
        "nvkv: there is no archive for esp32s3, only for ESP32-C2,",
    )
}

/// A project of `tests/packages`.
struct Consumer {
    source: PathBuf,
    build: PathBuf,
    options: Vec<String>,
}

impl Consumer {
    /// With a fresh build folder.
    fn new(name: &str, nvkv: &Path, flags: &str) -> Result<Self, Failure> {
        let build = folder().join(format!("with {name}"));
        if build.exists() {
            std::fs::remove_dir_all(&build)
                .map_err(|error| crate::cmake::cannot("remove", &build, &error))?;
        }
        let tests = paths::root().join("tests");
        let is_riscv = name == "esp_idf";
        let toolchain = if is_riscv {
            "-DCMAKE_C_COMPILER=riscv64-unknown-elf-gcc".to_owned()
        } else {
            let file = tests.join("cmake/firmware/toolchain.cmake");
            format!("-DCMAKE_TOOLCHAIN_FILE={}", file.display())
        };
        Ok(Consumer {
            source: tests.join("packages").join(name),
            build,
            options: vec![
                toolchain,
                "-DCMAKE_SYSTEM_NAME=Generic".to_owned(),
                "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY".to_owned(),
                format!("-DNVKV={}", nvkv.display()),
                format!("-DTESTS={}", tests.display()),
                format!("-DLATE_FLAGS={flags}"),
            ],
        })
    }

    fn build(&self, options: &[&str]) -> Result<(), Failure> {
        let mut configure = cmake();
        configure.args(["-G", "Ninja", "-S"]).arg(&self.source);
        configure.arg("-B").arg(&self.build);
        // No Rust: what came along is all there is.
        configure.args(["-DNVKV_CARGO=/no/cargo", "-DNVKV_RUSTC=/no/rustc"]);
        quiet(configure.args(&self.options).args(options))?;
        quiet(cmake().arg("--build").arg(&self.build)).map(|_| ())
    }

    /// An error unless the configuration ends with these words.
    fn is_refused(&self, options: &[&str], words: &str) -> Result<(), Failure> {
        match self.build(options) {
            Err(failure) => expect(&failure.to_string(), words),
            Ok(()) => Err(Failure::new(format!("{options:?} were not refused"))),
        }
    }

    fn run(&self, machine: &str, says: &str) -> Result<(), Failure> {
        let mut emulator = command("timeout");
        emulator.args([LIMIT_SECONDS, "qemu-system-arm", "-M", machine]);
        emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
        emulator.args(["-semihosting-config", "enable=on,target=native"]);
        emulator.arg("-kernel").arg(self.build.join("firmware"));
        expect(&quiet(&mut emulator)?, says)
    }
}
