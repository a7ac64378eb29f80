//! The kernel's source, the programs made with it, and where they run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::verdict::{Ended, ended};
use crate::process::{Failure, captured, command, output_of, run, succeeded_with};
use crate::{archive, bare_metal, compiler, paths};

/// A processor, the kernel's port for it, and how floats are passed.
pub(super) struct Processor {
    pub(super) name: &'static str,
    flags: &'static [&'static str],
    port: &'static str,
    pub(super) target: &'static str,
    machine: &'static str,
}

pub(super) const PROCESSORS: [Processor; 4] = [
    Processor {
        name: "m3",
        flags: &["-mcpu=cortex-m3", "-mthumb"],
        port: "ARM_CM3",
        target: "thumbv7m-none-eabi",
        machine: "mps2-an385",
    },
    Processor {
        name: "m4-softfp",
        flags: &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=softfp", FPU_M4],
        port: "ARM_CM4F",
        target: "thumbv7em-none-eabi",
        machine: "mps2-an386",
    },
    Processor {
        name: "m4-hard",
        flags: &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", FPU_M4],
        port: "ARM_CM4F",
        target: "thumbv7em-none-eabihf",
        machine: "mps2-an386",
    },
    Processor {
        name: "m7",
        flags: &["-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=softfp", FPU_M7],
        port: "ARM_CM7/r0p1",
        target: "thumbv7em-none-eabi",
        machine: "mps2-an500",
    },
];
const FPU_M4: &str = "-mfpu=fpv4-sp-d16";
const FPU_M7: &str = "-mfpu=fpv5-d16";

pub(super) const GCC: &str = "arm-none-eabi-gcc";
pub(super) const EMULATOR: &str = "qemu-system-arm";

/// A program that hangs is a failure: seconds.
const LIMIT: &str = "180";

/// The sources of the program, whatever it runs on.
pub(super) const SOURCES: [&str; 8] = [
    "tests/freertos/program.c",
    "tests/freertos/single.c",
    "tests/freertos/tasks.c",
    "tests/freertos/values.c",
    "tests/freertos/flash.c",
    "tests/footprint/nor.c",
    "ports/lock/nvkv_lock_freertos.c",
    "ports/lock/nvkv_lock_single.c",
];
const INCLUDES: [&str; 4] = ["tests/freertos", "tests/footprint", "ports/lock", "include"];

/// The kernel, whatever it runs on.
const KERNEL: [&str; 3] = ["tasks.c", "queue.c", "list.c"];

/// The folder of the kernel's source: a crate has it, and cargo fetches that.
pub(super) fn kernel() -> Result<PathBuf, Failure> {
    let manifest = paths::root().join("tests/freertos/Cargo.toml");
    run(cargo_fetch(&manifest).arg("--quiet"))?;
    let mut metadata = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    metadata.args(["metadata", "--format-version=1", "--locked", "--offline"]);
    metadata.arg("--manifest-path").arg(&manifest);
    let printed = output_of(&mut metadata).unwrap_or_default();
    let folder = folder_of_crate(&printed, "freertos-next")
        .map(|folder| Path::new(folder).join("FreeRTOS-Kernel"));
    folder
        .filter(|folder| folder.join("tasks.c").is_file())
        .ok_or_else(|| Failure::new("cargo metadata does not say where freertos-next is"))
}

fn cargo_fetch(manifest: &Path) -> Command {
    let mut fetch = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    fetch.args(["fetch", "--locked", "--manifest-path"]);
    fetch.arg(manifest);
    fetch
}

/// The folder of a crate in what `cargo metadata` prints: that of its manifest.
fn folder_of_crate<'t>(metadata: &'t str, name: &str) -> Option<&'t str> {
    metadata
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|rest| rest.split_once("/Cargo.toml\"").map(|(folder, _)| folder))
        .find(|folder| {
            let last = folder.rsplit('/').next().unwrap_or("");
            last.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('-'))
        })
}

pub(super) fn folder(name: &str) -> Result<PathBuf, Failure> {
    let folder = paths::target().join("freertos").join(name);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

/// Compiles the kernel, whose warnings are not ours.
fn compile_kernel(
    mut cc: impl FnMut() -> Command,
    kernel: &Path,
    port: &Path,
    sources: &[PathBuf],
    folder: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let mut objects = Vec::new();
    for source in sources {
        let name = source.file_name().unwrap_or_default().to_string_lossy();
        let object = folder.join(format!("kernel-{name}.o"));
        let mut compile = cc();
        compile.args(["-std=gnu99", "-w", "-c"]).arg(source);
        for include in [
            paths::root().join("tests/freertos"),
            kernel.join("include"),
            port.to_owned(),
            port.join("utils"),
        ] {
            compile.arg("-I").arg(include);
        }
        quiet(compile.arg("-o").arg(&object))?;
        objects.push(object);
    }
    Ok(objects)
}

/// Adds to a command of the compiler what our own sources need: of those no warning is let pass.
pub(super) fn add_options(link: &mut Command, kernel: &Path, port: &Path) {
    link.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]);
    for include in INCLUDES {
        link.arg("-I").arg(paths::root().join(include));
    }
    for include in [&kernel.join("include"), port] {
        link.arg("-isystem").arg(include);
    }
}

fn files(sources: &[&str]) -> Vec<PathBuf> {
    let root = paths::root();
    sources.iter().map(|source| root.join(source)).collect()
}

impl Processor {
    fn gcc(&self) -> Command {
        let mut gcc = command(GCC);
        gcc.args(self.flags)
            .args(["-O2", "-ffunction-sections", "-fdata-sections"]);
        gcc
    }

    pub(super) fn build(&self, kernel: &Path) -> Result<PathBuf, Failure> {
        let archive = bare_metal::build_as_it_ships(self.target)?;
        let folder = folder(self.name)?;
        let port = kernel.join("portable/GCC").join(self.port);
        let mut sources: Vec<PathBuf> = KERNEL.iter().map(|name| kernel.join(name)).collect();
        sources.push(port.join("port.c"));
        let objects = compile_kernel(|| self.gcc(), kernel, &port, &sources, &folder)?;
        let program = folder.join("program.elf");
        let mut link = self.gcc();
        add_options(&mut link, kernel, &port);
        link.args(files(&SOURCES))
            .args(files(&["tests/freertos/board.c"]))
            .args(["--specs=nano.specs", "-nostartfiles", "-Wl,--gc-sections"])
            .args(["-Wl,--no-warn-execstack", "-Wl,--no-warn-rwx-segments"])
            .arg("-T")
            .arg(paths::root().join("tests/freertos/board.ld"))
            .args(objects)
            .arg(archive)
            .arg("-o")
            .arg(&program);
        quiet(&mut link)?;
        Ok(program)
    }

    pub(super) fn run(&self, program: &Path, kind: &str, shift: u32) -> Result<Ended, Failure> {
        let mut emulator = command("timeout");
        emulator
            .args([LIMIT, EMULATOR, "-M", self.machine])
            .args(["-display", "none", "-monitor", "none", "-serial", "null"])
            // An instruction is 2^shift ns: for 6, a tick of the kernel is 15,625 of them.
            .arg("-icount")
            .arg(format!("shift={shift},sleep=off"))
            .arg("-semihosting-config")
            .arg(format!("enable=on,target=native,arg={kind}"))
            .arg("-kernel")
            .arg(program);
        ended(emulator)
    }
}

/// Builds a program of these sources and objects for this machine.
pub(super) fn build_for_host(
    kernel: &Path,
    name: &str,
    sources: &[&str],
    objects_of_it: &[&Path],
) -> Result<PathBuf, Failure> {
    let archive = archive::build_for_host()?;
    let cc = compiler::find_or_install()?;
    let folder = folder("host")?;
    let port = kernel.join("portable/ThirdParty/GCC/Posix");
    let mut kernel_sources: Vec<PathBuf> = KERNEL.iter().map(|name| kernel.join(name)).collect();
    kernel_sources.push(port.join("port.c"));
    kernel_sources.push(port.join("utils/wait_for_event.c"));
    let gcc = || {
        let mut gcc = command(&cc);
        gcc.args(["-O1", "-g"]);
        gcc
    };
    let objects = compile_kernel(gcc, kernel, &port, &kernel_sources, &folder)?;
    let program = folder.join(name);
    let mut link = gcc();
    add_options(&mut link, kernel, &port);
    link.args(files(sources))
        .args(files(&["tests/freertos/host.c"]))
        .args(objects_of_it)
        .args(objects)
        .arg(archive)
        .arg("-o")
        .arg(&program)
        .args(archive::system_libraries());
    quiet(&mut link)?;
    Ok(program)
}

pub(super) fn run_on_host(program: &Path, kind: &str) -> Result<Ended, Failure> {
    let mut limited = command("timeout");
    limited.arg(LIMIT).arg(program).arg(kind);
    ended(limited)
}

pub(super) fn quiet(command: &mut Command) -> Result<(), Failure> {
    let (status, printed) = captured(command)?;
    succeeded_with(command, status, &printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_crate_is_found() {
        let metadata = r#"{"manifest_path":"/r/freertos-1.0.0/Cargo.toml","x":1},
            {"manifest_path":"/r/freertos-next-0.12.0/Cargo.toml"}"#;
        assert_eq!(
            folder_of_crate(metadata, "freertos-next"),
            Some("/r/freertos-next-0.12.0")
        );
        assert_eq!(folder_of_crate(metadata, "next"), None);
    }
}
