//! A sketch for a core without Mbed, on a Cortex-M33 that passes floats in registers: the library
//! finds nothing of Mbed's there, and brings all of it itself.

use std::fs;
use std::path::Path;

use super::sketches::{CPP_FLAGS, GCC, LIMIT_SECONDS};
use crate::cmake::{cannot, quiet};
use crate::paths;
use crate::process::{Failure, announce, captured, command, succeeded_with};

const FLAGS: &str = "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16 \
    --specs=nano.specs --specs=nosys.specs";
const COMPILE: &str = "-Os -ffunction-sections -fdata-sections -Wall -Wextra -Werror \
    -DARDUINO=10810 -DARDUINO_ARCH_ZEPHYR";
const LINK: &str = "-nostartfiles -Wl,--gc-sections -Wl,--fatal-warnings \
    -Wl,--no-warn-execstack -Wl,--no-warn-rwx-segments";

/// Compiles, links and runs it with the library that was unpacked.
pub(super) fn check(library: &Path, scratch: &Path) -> Result<(), Failure> {
    let tests = paths::root().join("tests");
    let folder = scratch.join("for cortex-m33");
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    let mut objects = Vec::new();
    for source in [
        "arduino/other_core/OtherCore.ino",
        "arduino/other_core/core.cpp",
        "cmake/firmware/startup.c",
    ] {
        let source = tests.join(source);
        let name = source.file_stem().unwrap_or_default();
        let object = folder.join(name).with_extension("o");
        let mut compile = command(GCC);
        compile
            .args(FLAGS.split_whitespace())
            .args(COMPILE.split_whitespace());
        if source.extension().is_some_and(|ending| ending == "c") {
            compile.args(["-x", "c"]);
        } else {
            compile.args(CPP_FLAGS.split_whitespace());
            compile.args(["-include", "Arduino.h", "-x", "c++"]);
        }
        compile.arg("-I").arg(library.join("src"));
        compile.arg("-I").arg(tests.join("arduino/other_core"));
        compile.arg("-I").arg(tests.join("cmake/firmware"));
        quiet(compile.arg("-c").arg(&source).arg("-o").arg(&object))?;
        objects.push(object);
    }
    let program = folder.join("OtherCore.elf");
    let mut link = command(GCC);
    link.args(FLAGS.split_whitespace())
        .args(LINK.split_whitespace());
    link.arg("-T")
        .arg(tests.join("package/m33.ld"))
        .args(&objects);
    link.arg("-L").arg(library.join("src/cortex-m33"));
    quiet(link.args(["-lnvkv", "-o"]).arg(&program))?;

    let mut emulator = command("timeout");
    emulator.args([LIMIT_SECONDS, "qemu-system-arm", "-M", "mps2-an505"]);
    emulator.args(["-display", "none", "-monitor", "none", "-serial", "null"]);
    emulator.args(["-semihosting-config", "enable=on,target=native"]);
    emulator.arg("-kernel").arg(&program);
    announce(&emulator);
    let (status, printed) = captured(&mut emulator)?;
    succeeded_with(&emulator, status, &printed)?;
    let file = tests.join("arduino/expected/OtherCore.txt");
    let expected = fs::read_to_string(&file).map_err(|error| cannot("read", &file, &error))?;
    if printed == expected {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} printed:\n{printed}and not:\n{expected}",
        program.display()
    )))
}
