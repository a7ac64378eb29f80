//! A part of `cargo xtask package --check`: the examples built by Arduino's own builder, which
//! finds the library by the first header of a sketch, decides whose headers come first, and writes
//! the prototypes. Its version in Debian is an older one, which knows nothing of archives.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::sketches::{CORE, MBEDS_STORE, Sketch, as_it_is, examples, run_twice};
use super::{arduino, folder, zip};
use crate::cmake::{cannot, copy, quiet};
use crate::paths;
use crate::process::{Failure, command, output_of};

const BUILDER: &str = "arduino-builder";

/// Sources of the stand-in for the core; its headers are on the path, but for that one.
const SOURCES: [&str; 5] = [
    "tests/arduino/core/Arduino.h",
    "tests/arduino/core/WString.h",
    "tests/arduino/core/core.cpp",
    "tests/cmake/firmware/startup.c",
    "tests/cpp/mbed_library.cpp",
];

/// Builds each example with the packed library, and runs it; and a sketch without the first line.
pub(super) fn check() -> Result<(), Failure> {
    if output_of(command(BUILDER).arg("-version")).is_none() {
        return Err(Failure::new(format!("apt-get install {BUILDER}")));
    }
    let scratch = folder().join("builder");
    let _ = fs::remove_dir_all(&scratch);
    let libraries = scratch.join("libraries");
    zip::unpack(&arduino::build()?, &libraries)?;
    let platform = scratch.join("hardware/nvkv/mbed");
    for name in ["boards.txt", "platform.txt"] {
        let from = paths::root().join("tests/arduino/builder").join(name);
        copy(&from, &platform.join(name))?;
    }
    for source in SOURCES {
        let from = paths::root().join(source);
        let name = from.file_name().unwrap_or_default();
        copy(&from, &platform.join("cores/arduino").join(name))?;
    }
    let variant = platform.join("variants/stand_in");
    fs::create_dir_all(&variant).map_err(|error| cannot("make", &variant, &error))?;
    let includes = scratch.join("includes.txt");
    let mut text = String::new();
    for folder in CORE {
        let name = folder.strip_prefix("tests").unwrap_or(folder);
        let _ = writeln!(text, "-iwithprefixbefore{name}");
    }
    fs::write(&includes, text).map_err(|error| cannot("write", &includes, &error))?;

    for sketch in examples(&libraries.join("nvkv"))? {
        let program = build(&scratch, &sketch)?;
        run_twice(&sketch, &program)?;
    }
    let unaware = as_it_is(&scratch, "RunLog")?;
    let program = build(&scratch, &unaware)?;
    match run_twice(&unaware, &program) {
        Err(failure) if failure.to_string().contains(MBEDS_STORE) => Ok(()),
        _ => Err(Failure::new(
            "without the first line the sketch did not get Mbed's own store",
        )),
    }
}

fn build(scratch: &Path, sketch: &Sketch) -> Result<PathBuf, Failure> {
    let build = scratch.join(format!("build of {}", sketch.name).replace(' ', "-"));
    fs::create_dir_all(&build).map_err(|error| cannot("make", &build, &error))?;
    let tests = paths::root().join("tests");
    let archives = scratch.join("libraries/nvkv/src/cortex-m7");
    let settings = [
        ("stand.tests", tests.clone()),
        ("stand.includes", scratch.join("includes.txt")),
        ("stand.firmware", tests.join("cmake/firmware")),
        ("stand.script", tests.join("arduino/board.ld")),
        ("stand.archives", archives),
    ];
    let file = format!("{}.ino", sketch.name);
    let mut builder = command(BUILDER);
    builder.args(["-compile", "-fqbn", "nvkv:mbed:m7", "-tools"]);
    builder.arg("/usr/share/arduino-builder");
    builder.arg("-hardware").arg(scratch.join("hardware"));
    builder.arg("-libraries").arg(scratch.join("libraries"));
    builder.arg("-build-path").arg(&build);
    for (name, value) in settings {
        builder.arg(format!("-prefs={name}={}", value.display()));
    }
    quiet(builder.arg(sketch.folder.join(&file)))?;
    Ok(build.join(format!("{file}.elf")))
}
