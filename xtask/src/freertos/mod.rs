//! Tasks of FreeRTOS that share a store by way of `ports/lock/nvkv_lock_freertos.c`: the program of
//! `tests/freertos` on the kernel as it is released, on emulated Cortex-M and as a process of this
//! machine. The same program without locks must fail.
//!
//! | file | what it does |
//! |---|---|
//! | `build.rs` | the kernel's source, the programs made with it, and where they run |
//! | `verdict.rs` | what a run must have printed |
//! | `soak.rs` | `cargo xtask rtos`: other seeds and speeds each time |

mod build;
pub(crate) mod soak;
mod verdict;

use std::fs;
use std::path::Path;

use build::{EMULATOR, GCC, PROCESSORS, SOURCES, build_for_host, kernel, run_on_host};
use verdict::{came_to_its_end, counted, must_fail, passed};

use crate::process::{Failure, command, output_of, succeeded};
use crate::report::Outcome;
use crate::{bare_metal, compiler, paths};

/// An instruction of the emulator is 64 ns, a tick of the kernel 15,625 of them.
const SHIFT: u32 = 6;

/// On each processor, in an emulator that counts instructions: each run is the same.
pub(crate) fn on_cortex_m() -> Outcome {
    if let Some(what) = missing() {
        return Outcome::Skipped(what);
    }
    let all = || -> Result<(), Failure> {
        let kernel = kernel()?;
        for processor in &PROCESSORS {
            let program = processor.build(&kernel)?;
            let locked = processor.run(&program, "locked", SHIFT)?;
            passed(&locked)?;
            counted(&locked, "calls from interrupts, refused: ")?;
            came_to_its_end(&processor.run(&program, "single", SHIFT)?)?;
            for kind in ["none", "empty"] {
                must_fail(&processor.run(&program, kind, SHIFT)?)?;
            }
        }
        Ok(())
    };
    all().into()
}

/// On the kernel's port for POSIX, where a task is a thread.
pub(crate) fn on_this_machine() -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("run it on Linux".to_owned());
    }
    let all = || -> Result<(), Failure> {
        let program = build_for_host(&kernel()?, "program", &SOURCES, &[])?;
        passed(&run_on_host(&program, "locked")?)?;
        must_fail(&run_on_host(&program, "none")?)?;
        first_value(&kernel()?)?;
        as_in_esp_idf(&kernel()?)
    };
    all().into()
}

/// What to install, as one line.
fn missing() -> Option<String> {
    let programs = [(GCC, "gcc-arm-none-eabi"), (EMULATOR, "qemu-system-arm")];
    for (program, package) in programs {
        if output_of(command(program).arg("--version")).is_none() {
            return Some(format!("apt-get install {package}"));
        }
    }
    let library = output_of(command(GCC).arg("-print-file-name=libc_nano.a"));
    if !library.is_some_and(|path| Path::new(&path).is_absolute()) {
        return Some("apt-get install libnewlib-arm-none-eabi".to_owned());
    }
    let mut targets = PROCESSORS.iter().map(|processor| processor.target);
    let target = targets.find(|target| !bare_metal::can_build(target))?;
    Some(format!("rustup target add {target}"))
}

/// The program of docs/freertos.md: compiled as it stands there, and run.
fn first_value(kernel: &Path) -> Result<(), Failure> {
    let page = fs::read_to_string(paths::root().join("docs/freertos.md"))
        .map_err(|error| Failure::new(format!("docs/freertos.md: {error}")))?;
    let program =
        block_of_c(&page).ok_or_else(|| Failure::new("docs/freertos.md has no program in C"))?;
    let folder = build::folder("host")?;
    let source = folder.join("page.c");
    fs::write(&source, program)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", source.display())))?;
    let object = folder.join("page.o");
    let mut compile = command(compiler::find_or_install()?);
    let port = kernel.join("portable/ThirdParty/GCC/Posix");
    compile.arg("-Dmain=first_value").arg("-c").arg(&source);
    build::add_options(&mut compile, kernel, &port);
    build::quiet(compile.arg("-o").arg(&object))?;
    let sources = [
        "tests/freertos/first_value.c",
        "tests/footprint/nor.c",
        "ports/lock/nvkv_lock_freertos.c",
    ];
    let program = build_for_host(kernel, "first_value", &sources, &[&object])?;
    let run = run_on_host(&program, "")?;
    succeeded(&run.command, run.status)?;
    if run.printed == "started 1 times\n" {
        return Ok(());
    }
    Err(Failure::new(
        "the program of docs/freertos.md stored no value",
    ))
}

/// The locks compile where the kernel is that of ESP-IDF, which asks for an interrupt otherwise.
fn as_in_esp_idf(kernel: &Path) -> Result<(), Failure> {
    let mut compile = command(compiler::find_or_install()?);
    let port = kernel.join("portable/ThirdParty/GCC/Posix");
    let object = build::folder("host")?.join("esp_idf.o");
    compile.args(["-DESP_PLATFORM", "-c"]);
    build::add_options(&mut compile, kernel, &port);
    compile
        .arg("-I")
        .arg(paths::root().join("tests/freertos/esp_idf"))
        .arg(paths::root().join("ports/lock/nvkv_lock_freertos.c"));
    build::quiet(compile.arg("-o").arg(&object))?;
    let symbols = output_of(command("nm").arg(&object)).unwrap_or_default();
    if symbols.contains(" U xPortInIsrContext") {
        return Ok(());
    }
    Err(Failure::new("with ESP-IDF interrupts are not asked for"))
}

/// The first block of C in a page.
fn block_of_c(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("\n```c\n")?;
    rest.split_once("\n```\n").map(|(block, _)| block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_page_is_found() {
        let page = "x\n```cmake\na()\n```\n\n```c\nint a;\n\nint b;\n```\ny\n";
        assert_eq!(block_of_c(page), Some("int a;\n\nint b;"));
        assert_eq!(block_of_c("x\n```c\nint a;"), None);
    }
}
