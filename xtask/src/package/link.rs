//! Links the slimmed archives in the ways in which firmware is linked, and runs what can be run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, slim};
use crate::cmake::{cannot, expect, quiet};
use crate::process::{Failure, command, output_of};
use crate::report::Outcome;
use crate::{bare_metal, paths};

/// A compiler with flags, and the archive that goes with them.
struct Way {
    name: &'static str,
    target: &'static str,
    flags: &'static str,
    /// A machine of QEMU that runs its programs. A Cortex-M3 runs those of an M0+.
    machine: Option<&'static str>,
}

/// Those that the other steps build as well. One archive serves all ways of passing floats.
const WAYS: [Way; 6] = [
    Way {
        name: "m0plus",
        target: "thumbv6m-none-eabi",
        flags: "-mcpu=cortex-m0plus -mthumb",
        machine: Some("mps2-an385"),
    },
    Way {
        name: "m4-soft",
        target: "thumbv7em-none-eabi",
        flags: "-mcpu=cortex-m4 -mthumb",
        machine: Some("mps2-an386"),
    },
    Way {
        name: "m4-softfp",
        target: "thumbv7em-none-eabi",
        flags: "-mcpu=cortex-m4 -mthumb -mfloat-abi=softfp -mfpu=fpv4-sp-d16",
        machine: Some("mps2-an386"),
    },
    Way {
        name: "m7-hard",
        target: "thumbv7em-none-eabi",
        flags: "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16",
        machine: Some("mps2-an500"),
    },
    Way {
        name: "m33-hard",
        target: "thumbv8m.main-none-eabi",
        flags: "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard",
        machine: Some("mps2-an505"),
    },
    Way {
        name: "rv32imc",
        target: "riscv32imc-unknown-none-elf",
        flags: "-march=rv32imc -mabi=ilp32",
        machine: None,
    },
];

/// How the parts of a program are put together; the flags are for each compilation and the link.
const MANNERS: [(&str, &str); 3] = [
    ("all of it", ""),
    ("what is used", "-Wl,--gc-sections"),
    (
        "as a whole",
        "-flto -ffat-lto-objects -Os -Wl,--gc-sections",
    ),
];

/// What Arduino's compiler for the Mbed cores, a GCC 7, is given.
const ARDUINO_CPP: &str = "-std=gnu++14 -fno-rtti -fno-exceptions -funsigned-char -Wvla -Os";

const SAYS: &str = "on the emulator: MBED_SUCCESS\n";

/// A program that hangs is a failure.
const LIMIT_SECONDS: &str = "20";

/// A compiler knows the path of a file that it has, and repeats the name of another.
const C_LIBRARIES: [(&str, &str, &str); 2] = [
    (
        "arm-none-eabi-gcc",
        "libc_nano.a",
        "libnewlib-arm-none-eabi",
    ),
    (
        "riscv64-unknown-elf-gcc",
        "picolibc.specs",
        "picolibc-riscv64-unknown-elf",
    ),
];

/// The targets of all ways, each once.
fn targets() -> Vec<&'static str> {
    let mut targets: Vec<&str> = WAYS.iter().map(|way| way.target).collect();
    targets.dedup();
    targets
}

/// The whole step.
pub(crate) fn check() -> Outcome {
    if let Some(what) = slim::missing(&targets()) {
        return Outcome::Skipped(what);
    }
    if output_of(command("qemu-system-arm").arg("--version")).is_none() {
        return Outcome::Skipped("apt-get install qemu-system-arm".to_owned());
    }
    for (compiler, library, package) in C_LIBRARIES {
        let path = output_of(command(compiler).arg(format!("-print-file-name={library}")));
        if !path.is_some_and(|path| Path::new(&path).is_absolute()) {
            return Outcome::Skipped(format!("apt-get install {package}"));
        }
    }
    all().into()
}

fn all() -> Result<(), Failure> {
    let mut archives = Vec::new();
    for target in targets() {
        archives.push((target, slim::build(target)?.file));
    }
    let scratch = folder().join("linked");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(|error| cannot("make", &scratch, &error))?;
    let archive_of = |way: &Way| {
        let found = archives.iter().find(|(target, _)| *target == way.target);
        found
            .map(|(_, file)| file.as_path())
            .ok_or_else(|| Failure::new(format!("no archive for {}", way.target)))
    };
    for way in &WAYS {
        let archive = archive_of(way)?;
        for (manner, flags) in MANNERS {
            way.build_and_run(archive, "main.c", manner, flags)?;
        }
        way.build_and_run(archive, "main.cpp", "GCC 7", ARDUINO_CPP)?;
        way.relocatable(archive)?;
    }
    let [_, _, softfp, ..] = &WAYS;
    beside_rust(softfp, archive_of(softfp)?)
}

impl Way {
    fn gcc(&self) -> Command {
        let mut gcc = command(format!("{}gcc", slim::tools(self.target).0));
        gcc.args(self.flags.split(' '));
        gcc.args(["-O1", "-ffunction-sections", "-fdata-sections", "-Wall"]);
        gcc.args(["-Wextra", "-Werror"]);
        gcc.arg("-I").arg(paths::root().join("include"));
        // The C library that comes with the compiler.
        gcc.arg(if self.machine.is_some() {
            "--specs=nano.specs"
        } else {
            "--specs=picolibc.specs"
        });
        gcc
    }

    /// The sources of `tests/cmake` with `main`, and how this processor starts.
    fn sources(&self, main: &[&str]) -> Vec<PathBuf> {
        let firmware = paths::root().join("tests/cmake/firmware");
        let mut sources: Vec<_> = main.iter().map(|name| firmware.join(name)).collect();
        sources.push(paths::root().join("tests/cmake/store.c"));
        sources.push(if self.machine.is_some() {
            firmware.join("startup.c")
        } else {
            paths::root().join("tests/package/startup_riscv.c")
        });
        sources
    }

    /// Adds what ends a link: the archive, and the C library, of which a few functions are used.
    fn finish(&self, link: &mut Command, archive: &Path, program: &Path) {
        let script = paths::root().join(if self.machine == Some("mps2-an505") {
            "tests/package/m33.ld"
        } else {
            "tests/cmake/firmware/memory.ld"
        });
        link.arg(archive).arg("-nostartfiles").arg("-T").arg(script);
        link.args(["-Wl,--no-warn-rwx-segments", "-o"]);
        link.arg(program);
    }

    fn program(&self, manner: &str) -> PathBuf {
        let name = format!("{}-{}", self.name, manner.replace(' ', "-"));
        folder().join("linked").join(name)
    }

    /// Compiles the sources for `program` with those of the flags that are for their language.
    fn compile(&self, main: &str, program: &Path, flags: &str) -> Result<Vec<PathBuf>, Failure> {
        let mut objects = Vec::new();
        for source in self.sources(&[main]) {
            let name = source.file_name().unwrap_or_default().to_string_lossy();
            let object = program.with_extension(format!("{name}.o"));
            let is_for_this = |flag: &&str| {
                let is_for_cpp = flag.starts_with("-std=gnu++") || *flag == "-fno-rtti";
                !flag.starts_with("-Wl,") && (name.ends_with(".cpp") || !is_for_cpp)
            };
            let mut compile = self.gcc();
            compile.args(flags.split_whitespace().filter(is_for_this));
            quiet(compile.arg("-c").arg(&source).arg("-o").arg(&object))?;
            objects.push(object);
        }
        Ok(objects)
    }

    fn build_and_run(
        &self,
        archive: &Path,
        main: &str,
        manner: &str,
        flags: &str,
    ) -> Result<(), Failure> {
        let program = self.program(manner);
        let objects = self.compile(main, &program, flags)?;
        let is_for_link = |flag: &&str| flag.starts_with("-Wl,") || *flag == "-flto";
        let mut link = self.gcc();
        link.args(flags.split_whitespace().filter(is_for_link));
        self.finish(link.args(&objects), archive, &program);
        quiet(&mut link)?;
        self.run(&program)
    }

    /// `ld -r` makes one object of the program and the archive, and that is linked.
    fn relocatable(&self, archive: &Path) -> Result<(), Failure> {
        let program = self.program("relocatable");
        let object = program.with_extension("whole.o");
        let mut partial = command(format!("{}ld", slim::tools(self.target).0));
        if self.machine.is_none() {
            partial.args(["-m", "elf32lriscv"]);
        }
        partial
            .arg("-r")
            .args(self.compile("main.c", &program, "")?);
        quiet(partial.arg(archive).arg("-o").arg(&object))?;
        let mut link = self.gcc();
        // Nothing is left to be taken from the archive; it is named so that the lines are alike.
        self.finish(link.arg(&object), archive, &program);
        quiet(&mut link)?;
        self.run(&program)
    }

    fn run(&self, program: &Path) -> Result<(), Failure> {
        let Some(machine) = self.machine else {
            return Ok(());
        };
        let mut emulator = command("timeout");
        emulator.args([LIMIT_SECONDS, "qemu-system-arm", "-M", machine]);
        emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
        emulator.args(["-semihosting-config", "enable=on,target=native"]);
        expect(&quiet(emulator.arg("-kernel").arg(program))?, SAYS)
    }
}

/// Beside another library in Rust, in either order: there is one panic handler in the program.
fn beside_rust(way: &Way, archive: &Path) -> Result<(), Failure> {
    let manifest = paths::root().join("tests/package/neighbour/Cargo.toml");
    let neighbour = bare_metal::build_staticlib(&manifest, way.target, "libneighbour.a")?;
    let main = paths::root().join("tests/package/beside_rust.c");
    for (manner, first, last) in [
        ("beside Rust", neighbour.as_path(), archive),
        ("Rust first", archive, neighbour.as_path()),
    ] {
        let program = way.program(manner);
        let mut link = way.gcc();
        link.arg("-Wl,--gc-sections").arg(&main);
        link.args(way.sources(&[])).arg(first);
        way.finish(&mut link, last, &program);
        quiet(&mut link)?;
        way.run(&program)?;
    }
    Ok(())
}
