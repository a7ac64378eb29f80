//! Tasks of FreeRTOS that share a store by way of `ports/lock/nvkv_lock_freertos.c`: the program of
//! `tests/freertos` on the kernel as it is released, on emulated Cortex-M and as a process of this
//! machine. The same program without locks must fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{
    Failure, announce, captured, command, output_of, run, succeeded, succeeded_with,
};
use crate::report::Outcome;
use crate::{archive, bare_metal, compiler, paths};

/// A processor, the kernel's port for it, and how floats are passed.
struct Processor {
    name: &'static str,
    flags: &'static [&'static str],
    port: &'static str,
    target: &'static str,
    machine: &'static str,
}

const PROCESSORS: [Processor; 4] = [
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

const GCC: &str = "arm-none-eabi-gcc";
const EMULATOR: &str = "qemu-system-arm";

/// A program that hangs is a failure: seconds.
const LIMIT: &str = "180";

/// The sources of the program, whatever it runs on.
const SOURCES: [&str; 8] = [
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

/// What a run that did something has counted, each more than 0.
const COUNTED: [&str; 9] = [
    "values read whole: ",
    "stored or removed: ",
    "stored in pieces: ",
    "dropped in pieces: ",
    "iterations: ",
    "waits for a mutex: ",
    "priorities inherited: ",
    "longest two reads of the urgent task, ticks: ",
    "ticks: ",
];

/// On each processor, in an emulator that counts instructions: each run is the same.
pub(crate) fn on_cortex_m() -> Outcome {
    if let Some(what) = missing() {
        return Outcome::Skipped(what);
    }
    let all = || -> Result<(), Failure> {
        let kernel = kernel()?;
        for processor in &PROCESSORS {
            let program = processor.build(&kernel)?;
            let locked = processor.run(&program, "locked")?;
            passed(&locked)?;
            counted(&locked, "calls from interrupts, refused: ")?;
            came_to_its_end(&processor.run(&program, "single")?)?;
            for kind in ["none", "empty"] {
                must_fail(&processor.run(&program, kind)?)?;
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
        first_value(&kernel()?)
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

/// The folder of the kernel's source: a crate has it, and cargo fetches that.
fn kernel() -> Result<PathBuf, Failure> {
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

fn folder(name: &str) -> Result<PathBuf, Failure> {
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
fn add_options(link: &mut Command, kernel: &Path, port: &Path) {
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

    fn build(&self, kernel: &Path) -> Result<PathBuf, Failure> {
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

    fn run(&self, program: &Path, kind: &str) -> Result<Ended, Failure> {
        let mut emulator = command("timeout");
        emulator
            .args([LIMIT, EMULATOR, "-M", self.machine])
            .args(["-display", "none", "-monitor", "none", "-serial", "null"])
            // An instruction is 64 ns, a tick of the kernel 15,625 of them.
            .args(["-icount", "shift=6,sleep=off"])
            .arg("-semihosting-config")
            .arg(format!("enable=on,target=native,arg={kind}"))
            .arg("-kernel")
            .arg(program);
        ended(emulator)
    }
}

/// Builds a program of these sources and objects for this machine.
fn build_for_host(
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

/// The program of docs/freertos.md: compiled as it stands there, and run.
fn first_value(kernel: &Path) -> Result<(), Failure> {
    let page = fs::read_to_string(paths::root().join("docs/freertos.md"))
        .map_err(|error| Failure::new(format!("docs/freertos.md: {error}")))?;
    let program =
        block_of_c(&page).ok_or_else(|| Failure::new("docs/freertos.md has no program in C"))?;
    let folder = folder("host")?;
    let source = folder.join("page.c");
    fs::write(&source, program)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", source.display())))?;
    let object = folder.join("page.o");
    let mut compile = command(compiler::find_or_install()?);
    let port = kernel.join("portable/ThirdParty/GCC/Posix");
    compile.arg("-Dmain=first_value").arg("-c").arg(&source);
    add_options(&mut compile, kernel, &port);
    quiet(compile.arg("-o").arg(&object))?;
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

/// The first block of C in a page.
fn block_of_c(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("\n```c\n")?;
    rest.split_once("\n```\n").map(|(block, _)| block)
}

fn run_on_host(program: &Path, kind: &str) -> Result<Ended, Failure> {
    let mut limited = command("timeout");
    limited.arg(LIMIT).arg(program).arg(kind);
    ended(limited)
}

fn quiet(command: &mut Command) -> Result<(), Failure> {
    let (status, printed) = captured(command)?;
    succeeded_with(command, status, &printed)
}

/// A run of the program that came to its end.
struct Ended {
    command: Command,
    status: std::process::ExitStatus,
    printed: String,
}

fn ended(mut command: Command) -> Result<Ended, Failure> {
    announce(&command);
    let (status, printed) = captured(&mut command)?;
    print!("{printed}");
    Ok(Ended {
        command,
        status,
        printed,
    })
}

fn came_to_its_end(run: &Ended) -> Result<(), Failure> {
    succeeded(&run.command, run.status)?;
    if run.printed.ends_with("passed\n") {
        return Ok(());
    }
    Err(Failure::new("the program did not come to its end"))
}

/// It succeeded, and did something.
fn passed(run: &Ended) -> Result<(), Failure> {
    came_to_its_end(run)?;
    COUNTED.iter().try_for_each(|what| counted(run, what))
}

/// A line that begins like this has a number other than 0.
fn counted(run: &Ended, what: &str) -> Result<(), Failure> {
    let number = number_after(&run.printed, what);
    if number.is_some_and(|number| number > 0) {
        return Ok(());
    }
    Err(Failure::new(format!("`{what}` is {number:?}")))
}

fn number_after(printed: &str, what: &str) -> Option<u64> {
    let mut numbers = printed.lines().filter_map(|line| line.strip_prefix(what));
    numbers.next()?.parse().ok()
}

/// Without locks it says what went wrong: were that not noticed, a success would prove nothing.
fn must_fail(run: &Ended) -> Result<(), Failure> {
    // 124 is the word of `timeout`: that nothing happens is not what is meant.
    let by_itself = run
        .status
        .code()
        .is_some_and(|code| code != 0 && code != 124);
    if by_itself && (run.printed.contains("not so: ") || run.printed.contains("fault\n")) {
        println!("(without locks that is noticed, as it must be)");
        return Ok(());
    }
    Err(Failure::new(format!(
        "without locks the program ended with {}, and found nothing wrong",
        run.status
    )))
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

    #[test]
    fn the_program_of_a_page_is_found() {
        let page = "x\n```cmake\na()\n```\n\n```c\nint a;\n\nint b;\n```\ny\n";
        assert_eq!(block_of_c(page), Some("int a;\n\nint b;"));
        assert_eq!(block_of_c("x\n```c\nint a;"), None);
    }

    #[test]
    fn numbers_are_read() {
        let printed = "calls refused: 0\nticks: 12\n";
        assert_eq!(number_after(printed, "ticks: "), Some(12));
        assert_eq!(number_after(printed, "calls refused: "), Some(0));
        assert_eq!(number_after(printed, "sets: "), None);
    }
}
