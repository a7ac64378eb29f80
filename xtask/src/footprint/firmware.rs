//! Firmware: the archive for a processor, C programs linked with it, and the emulator.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::bare_metal;
use crate::paths;
use crate::process::{Failure, announce, captured, command, output_of, succeeded_with};

/// A processor.
pub(super) struct Processor {
    /// Its column in the tables.
    pub(super) name: &'static str,
    /// Its name on the command line.
    pub(super) short: &'static str,
    /// Rust's name of it.
    pub(super) target: &'static str,
    /// What the names of the tools of GCC begin with, and the package they are in.
    pub(super) tools: &'static str,
    package: &'static str,
    flags: &'static [&'static str],
    /// A machine of QEMU that runs its programs.
    pub(super) machine: Option<&'static str>,
}

/// A Cortex-M3 runs the programs of an M0+, and the machine that has one has memory for them.
pub(super) const PROCESSORS: [Processor; 3] = [
    Processor {
        name: "Cortex-M0+",
        short: "m0plus",
        target: "thumbv6m-none-eabi",
        tools: "arm-none-eabi-",
        package: "gcc-arm-none-eabi",
        flags: &["-mcpu=cortex-m0plus", "-mthumb"],
        machine: Some("mps2-an385"),
    },
    Processor {
        name: "Cortex-M4",
        short: "m4",
        target: "thumbv7em-none-eabi",
        tools: "arm-none-eabi-",
        package: "gcc-arm-none-eabi",
        flags: &["-mcpu=cortex-m4", "-mthumb"],
        machine: Some("mps2-an386"),
    },
    Processor {
        name: "RV32IMC",
        short: "rv32imc",
        target: "riscv32imc-unknown-none-elf",
        tools: "riscv64-unknown-elf-",
        package: "gcc-riscv64-unknown-elf",
        flags: &["-march=rv32imc", "-mabi=ilp32"],
        machine: None,
    },
];

const EMULATOR: &str = "qemu-system-arm";

/// A program that hangs is a failure.
const LIMIT_SECONDS: &str = "120";

/// What to install so that all can be measured, as one line.
pub(super) fn missing() -> Option<String> {
    let mut packages: Vec<&str> = PROCESSORS
        .iter()
        .filter(|processor| !is_there(&format!("{}gcc", processor.tools)))
        .map(|processor| processor.package)
        .collect();
    packages.dedup();
    if !is_there(EMULATOR) {
        packages.push("qemu-system-arm");
    }
    if !packages.is_empty() {
        return Some(format!("apt-get install {}", packages.join(" ")));
    }
    let mut targets = PROCESSORS.iter().map(|processor| processor.target);
    let target = targets.find(|target| !bare_metal::can_build(target))?;
    Some(format!("rustup target add {target}"))
}

/// The compilers that make the archives.
pub(super) fn compilers() -> String {
    let all = PROCESSORS.each_ref().map(|processor| {
        format!(
            "{} ({})",
            bare_metal::compiler(processor.target),
            processor.name
        )
    });
    all.join(", ")
}

fn is_there(program: &str) -> bool {
    output_of(command(program).arg("--version")).is_some()
}

impl Processor {
    /// Builds the archive as it ships.
    pub(super) fn archive(&self) -> Result<PathBuf, Failure> {
        bare_metal::build_as_it_ships(self.target)
    }

    /// Links `sources` of `tests/footprint` with the archive; what nothing refers to is left out.
    pub(super) fn link(
        &self,
        name: &str,
        sources: &[&str],
        options: &[&str],
    ) -> Result<PathBuf, Failure> {
        let folder = paths::root().join("tests/footprint");
        let image = self.file(name)?;
        let mut link = self.gcc();
        link.args(options)
            .args(sources.iter().map(|source| folder.join(source)))
            .args(["-nostartfiles", "-nostdlib", "-Wl,--gc-sections"])
            .args(["-Wl,--no-warn-execstack", "-Wl,--no-warn-rwx-segments"])
            .arg("-T")
            .arg(folder.join("board.ld"))
            .arg(bare_metal::built(self.target, "libnvkv.a"))
            .arg("-lgcc")
            .arg("-o")
            .arg(&image);
        let (status, printed) = captured(&mut link)?;
        succeeded_with(&link, status, &printed)?;
        Ok(image)
    }

    /// Compiles one of them without linking it.
    pub(super) fn compile(&self, source: &str) -> Result<PathBuf, Failure> {
        let object = self.file(&format!("{source}.o"))?;
        let mut compile = self.gcc();
        compile
            .arg("-c")
            .arg(paths::root().join("tests/footprint").join(source))
            .arg("-o")
            .arg(&object);
        let (status, printed) = captured(&mut compile)?;
        succeeded_with(&compile, status, &printed)?;
        Ok(object)
    }

    fn gcc(&self) -> Command {
        let mut gcc = command(format!("{}gcc", self.tools));
        gcc.args(self.flags)
            .args(["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror"])
            .args(["-ffreestanding", "-ffunction-sections", "-fdata-sections"])
            .arg("-I")
            .arg(paths::root().join("include"));
        gcc
    }

    fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = paths::target().join("footprint").join(self.short);
        fs::create_dir_all(&folder)
            .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
        Ok(folder.join(name))
    }

    /// What one of the tools of its compiler prints.
    pub(super) fn tool(&self, name: &str, arguments: &[&str]) -> Result<String, Failure> {
        let mut tool = command(format!("{}{name}", self.tools));
        tool.args(arguments);
        let (status, printed) = captured(&mut tool)?;
        succeeded_with(&tool, status, &printed)?;
        Ok(printed)
    }
}

/// Runs an image; what it prints is lines `name number`.
pub(super) fn run(
    machine: &str,
    image: &str,
    options: &[&str],
) -> Result<Vec<(String, u64)>, Failure> {
    let mut emulator = command("timeout");
    emulator
        .args([LIMIT_SECONDS, EMULATOR, "-M", machine])
        .args(["-display", "none", "-monitor", "none", "-serial", "null"])
        .args(["-semihosting-config", "enable=on,target=native"])
        .args(options)
        .args(["-kernel", image]);
    announce(&emulator);
    let (status, printed) = captured(&mut emulator)?;
    succeeded_with(&emulator, status, &printed)?;
    let figures: Option<Vec<_>> = printed.lines().map(figure).collect();
    figures
        .filter(|figures| !figures.is_empty())
        .ok_or_else(|| Failure::new(format!("{image} printed what is no figure:\n{printed}")))
}

fn figure(line: &str) -> Option<(String, u64)> {
    let (name, number) = line.split_once(' ')?;
    Some((name.to_owned(), number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_and_errors_are_none() {
        assert_eq!(
            figure("kv_store_get 688"),
            Some(("kv_store_get".to_owned(), 688))
        );
        assert_eq!(figure("stack.c: failed in line 7"), None);
        assert_eq!(figure("fault"), None);
    }
}
