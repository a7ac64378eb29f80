//! Firmware for Cortex-M with a toolchain file, in C and C++, run on an emulator.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{CMAKE, NINJA, Project, expect, missing, quiet};
use crate::bare_metal;
use crate::process::{Failure, command, output_of};
use crate::report::Outcome;

/// A processor: its flags, the Rust target that belongs to it, and a machine that can run it.
struct Processor {
    name: &'static str,
    flags: &'static str,
    target: &'static str,
    machine: &'static str,
}

/// The ways in which floats are passed, and a processor with few instructions. A Cortex-M3 runs the
/// programs of an M0+.
const PROCESSORS: [Processor; 3] = [
    Processor {
        name: "m0plus",
        flags: "-mcpu=cortex-m0plus -mthumb",
        target: "thumbv6m-none-eabi",
        machine: "mps2-an385",
    },
    Processor {
        name: "m4 softfp",
        flags: "-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16",
        target: "thumbv7em-none-eabi",
        machine: "mps2-an386",
    },
    Processor {
        name: "m4 hard",
        flags: "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
        target: "thumbv7em-none-eabihf",
        machine: "mps2-an386",
    },
];

const GCC: &str = "arm-none-eabi-gcc";

/// A program that hangs is a failure.
const LIMIT: Duration = Duration::from_secs(20);

/// The whole step.
pub(crate) fn check() -> Outcome {
    let tools = [
        CMAKE,
        NINJA,
        (GCC, "gcc-arm-none-eabi"),
        ("qemu-system-arm", "qemu-system-arm"),
        ("timeout", "coreutils"),
    ];
    if let Some(what) = missing(&tools) {
        return Outcome::Skipped(what);
    }
    if !has_c_library() {
        return Outcome::Skipped("apt-get install libnewlib-arm-none-eabi".to_owned());
    }
    let targets = PROCESSORS.iter().map(|processor| processor.target);
    if let Some(target) = targets.into_iter().find(|t| !bare_metal::can_build(t)) {
        return Outcome::Skipped(format!("rustup target add {target}"));
    }
    let all = || -> Result<(), Failure> {
        PROCESSORS.iter().try_for_each(build_and_run)?;
        prefix_of_a_preset(&PROCESSORS[1])?;
        flags_of_the_project()?;
        critical_section()
    };
    all().into()
}

/// Whether the compiler has the C library that firmware is linked with: it knows the path then, and
/// repeats the name otherwise.
fn has_c_library() -> bool {
    let path = output_of(command(GCC).arg("-print-file-name=libc_nano.a"));
    path.is_some_and(|path| Path::new(&path).is_absolute())
}

fn build_and_run(processor: &Processor) -> Result<(), Failure> {
    let project = Project::new(processor.name, "firmware")?;
    let toolchain = project.source().join("toolchain.cmake");
    let options = [
        format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()),
        format!("-DPROCESSOR_FLAGS={}", processor.flags),
    ];
    let printed = project.configure("Ninja", &[&options[0], &options[1]])?;
    chosen(&printed, processor.target)?;
    project.build()?;
    emulate(processor, &project)
}

/// Runs the project's programs, which check themselves.
fn emulate(processor: &Processor, project: &Project) -> Result<(), Failure> {
    for (program, expected) in [
        ("firmware_c", "C on the emulator: MBED_SUCCESS\n"),
        ("firmware_cpp", "C++ on the emulator: MBED_SUCCESS\n"),
    ] {
        let mut emulator = command("timeout");
        emulator.arg(LIMIT.as_secs().to_string());
        emulator.args(["qemu-system-arm", "-M", processor.machine]);
        emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
        emulator.args(["-semihosting-config", "enable=on,target=native"]);
        emulator.arg("-kernel").arg(project.built(program));
        expect(&quiet(&mut emulator)?, expected)?;
    }
    Ok(())
}

/// Built by somebody with a preset, and used by somebody without Rust: by `find_package`, and with
/// the folder of nvkv.
fn prefix_of_a_preset(processor: &Processor) -> Result<(), Failure> {
    let nvkv = Project::nvkv_alone("preset for firmware")?;
    for arguments in [&["--preset"][..], &["--build", "--preset"]] {
        let mut preset = super::cmake();
        preset.current_dir(nvkv.source()).args(arguments);
        quiet(preset.arg("cortex-m4"))?;
    }
    let prefix = nvkv.source().join("build/cortex-m4/prefix");
    for way in [
        "-DNVKV_IS_INSTALLED=ON -DCMAKE_PREFIX_PATH=",
        "-DNVKV_PREBUILT=",
    ] {
        let project = Project::new("firmware without Rust", "firmware")?;
        let toolchain = project.source().join("toolchain.cmake");
        let mut options = vec![
            format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()),
            format!("-DPROCESSOR_FLAGS={}", processor.flags),
            "-DNVKV_CARGO=/no/cargo".to_owned(),
            "-DNVKV_RUSTC=/no/rustc".to_owned(),
        ];
        options.extend(way.split(' ').map(str::to_owned));
        if let Some(last) = options.last_mut() {
            last.push_str(&prefix.display().to_string());
        }
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        project.configure("Ninja", &options)?;
        project.build()?;
        emulate(processor, &project)?;
    }
    Ok(())
}

/// The processor stands in `add_compile_options` of the project, not in the toolchain file.
fn flags_of_the_project() -> Result<(), Failure> {
    let project = Project::new("options", "firmware")?;
    let toolchain = project.source().join("toolchain.cmake");
    let options = [
        format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()),
        "-DPROCESSOR_OPTIONS=SHELL:-mcpu=cortex-m4 -mthumb;-mfloat-abi=hard".to_owned(),
    ];
    let printed = project.configure("Ninja", &[&options[0], &options[1]])?;
    chosen(&printed, "thumbv7em-none-eabihf")
}

/// An archive with a cargo feature, which brings a crate: here cargo may fetch that.
fn critical_section() -> Result<(), Failure> {
    let project = Project::nvkv_alone("features")?;
    let as_it_is = |mut cmake: Command| {
        cmake
            .env_remove("CARGO_HOME")
            .env_remove("CARGO_NET_OFFLINE");
        quiet(&mut cmake)
    };
    let mut configure = project.configure_command("Ninja");
    configure.arg(format!("-DNVKV_RUST_TARGET={}", PROCESSORS[0].target));
    configure.arg("-DNVKV_FEATURES=critical-section;critical-section/restore-state-u32");
    as_it_is(configure)?;
    let mut build = super::cmake();
    build.arg("--build").arg(project.built(""));
    as_it_is(build)?;
    let symbols = quiet(command("arm-none-eabi-nm").arg(project.built("libnvkv.a")))?;
    expect(&symbols, " U _critical_section_1_0_acquire")
}

/// An error unless the configuration said that it chose this target; to the end of the word, as
/// `eabihf` begins with `eabi`.
fn chosen(printed: &str, target: &str) -> Result<(), Failure> {
    let line = format!("-- nvkv: Rust target {target}");
    if printed
        .lines()
        .any(|said| said.split(';').next() == Some(&line))
    {
        return Ok(());
    }
    Err(Failure::new(format!("no `{line}` in:\n{printed}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_target_is_found() {
        let printed = "-- nvkv: Rust target thumbv7em-none-eabihf; its core is built\n-- Done";
        assert!(chosen(printed, "thumbv7em-none-eabihf").is_ok());
        assert!(chosen(printed, "thumbv7em-none-eabi").is_err());
    }
}
