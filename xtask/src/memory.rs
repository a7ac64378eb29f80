//! The C programs of the tests and the examples under tools that watch memory: AddressSanitizer and
//! UndefinedBehaviorSanitizer, library and C code alike; and valgrind, with the archive that ships.
//! Each tool must report what `tests/c/planted.c` does wrong.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, captured, command, output_of, run, succeeded_with};
use crate::programs::{self, COMMON, PORTS, PROGRAMS, Program, THREADS};
use crate::report::Outcome;
use crate::{archive, compiler, paths};

/// How a tool builds and runs programs.
struct Tool {
    folder: PathBuf,
    archive: PathBuf,
    compiler: OsString,
    options: &'static [&'static str],
    /// What runs the program; empty: it runs by itself.
    runner: &'static [&'static str],
    /// What `planted` does wrong, and what the tool says to it.
    planted: &'static [(&'static str, &'static str)],
}

const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// Library and programs with both sanitizers.
pub(crate) fn sanitizers() -> Outcome {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Outcome::Skipped("run it on Linux on x86-64".to_owned());
    }
    let tool = || -> Result<Option<Tool>, Failure> {
        let folder = folder("sanitizers")?;
        let Some(compiler) = sanitizing_compiler(&folder)? else {
            return Ok(None);
        };
        // An unstable option; the variable lets a stable compiler take it. What is already compiled
        // of `core` is not watched, but for what is inlined into the library.
        let mut library = archive::build_command_into(&folder);
        library
            .env("RUSTC_BOOTSTRAP", "1")
            .args(["--", "-Zsanitizer=address"])
            .arg("-Cunsafe-allow-abi-mismatch=sanitizer");
        run(&mut library)?;
        Ok(Some(Tool {
            archive: folder.join("release").join("libnvkv.a"),
            folder,
            compiler,
            options: &SANITIZERS,
            runner: &[],
            planted: &[
                ("overflow", "AddressSanitizer: heap-buffer-overflow"),
                ("overread", "AddressSanitizer: heap-buffer-overflow"),
                ("undefined", "runtime error: signed integer overflow"),
                ("leak", "LeakSanitizer: detected memory leaks"),
            ],
        }))
    };
    match tool() {
        Err(failure) => Outcome::Failed(failure.to_string()),
        Ok(None) => Outcome::Skipped("install gcc with its libasan and libubsan".to_owned()),
        Ok(Some(tool)) => tool.check().into(),
    }
}

/// Programs as they ship, watched by valgrind's memcheck.
pub(crate) fn valgrind() -> Outcome {
    let tool = || -> Result<Option<Tool>, Failure> {
        if !works("valgrind") {
            // The second is what the first reads of the C library.
            compiler::install(&["valgrind", "libc6-dbg"])?;
        }
        if !works("valgrind") {
            return Ok(None);
        }
        Ok(Some(Tool {
            folder: folder("valgrind")?,
            archive: archive::build_for_host()?,
            compiler: compiler::find_or_install()?,
            options: &[],
            runner: &[
                "valgrind",
                "--quiet",
                "--error-exitcode=99",
                "--leak-check=full",
                "--errors-for-leak-kinds=definite",
                "--fair-sched=try",
            ],
            planted: &[
                ("overflow", "Invalid write of size 8"),
                ("overread", "Invalid read of size 1"),
                ("uninitialised", "depends on uninitialised value"),
                ("leak", "definitely lost"),
            ],
        }))
    };
    match tool() {
        Err(failure) => Outcome::Failed(failure.to_string()),
        Ok(None) => Outcome::Skipped("install valgrind".to_owned()),
        Ok(Some(tool)) => tool.check().into(),
    }
}

fn works(program: &str) -> bool {
    output_of(command(program).arg("--version")).is_some()
}

fn folder(name: &str) -> Result<PathBuf, Failure> {
    let folder = paths::target().join(name);
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

/// A compiler that links the runtimes of both sanitizers, if there is one.
fn sanitizing_compiler(folder: &Path) -> Result<Option<OsString>, Failure> {
    let source = paths::root().join("tests").join("c").join("empty.c");
    let program = folder.join("probe");
    let candidates = [compiler::find_or_install()?, "gcc".into(), "clang".into()];
    Ok(candidates.into_iter().find(|candidate| {
        let mut build = command(candidate);
        build.args(SANITIZERS).arg(&source);
        let built = output_of(build.arg("-o").arg(&program));
        built.is_some() && output_of(&mut command(&program)).is_some()
    }))
}

impl Tool {
    fn check(&self) -> Result<(), Failure> {
        for program in PROGRAMS.iter().chain([&THREADS]).chain(&PORTS) {
            self.check_program(program)?;
        }
        self.check_examples()?;
        let planted = self.build("planted", &test_sources(&["planted.c"]))?;
        for (mistake, report) in self.planted {
            self.is_reported(&planted, mistake, report)?;
        }
        Ok(())
    }

    fn check_program(&self, program: &Program) -> Result<(), Failure> {
        let built = self.build(program.name, &test_sources(program.sources))?;
        for arguments in program.brief.unwrap_or(program.runs) {
            self.passes(&built, arguments)?;
        }
        Ok(())
    }

    fn check_examples(&self) -> Result<(), Failure> {
        let examples = paths::root().join("c-examples");
        let ports = paths::root().join("ports");
        let mut found = false;
        for path in files(&examples)? {
            let name = path
                .file_stem()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            if path.extension().is_none_or(|kind| kind != "c") || name.starts_with("flash_") {
                continue;
            }
            found = true;
            if name == "demo" {
                let flash = ports.join("flash/nvkv_flash_posix_file.c");
                let demo = self.build("example_demo", &[path.clone(), flash])?;
                let image = self.folder.join("demo.img");
                let _not_there = fs::remove_file(&image);
                let image = image.to_string_lossy();
                // The second finds what the first stored.
                self.passes(&demo, &[&image])?;
                self.passes(&demo, &[&image])?;
            } else {
                let mut sources = vec![path.clone(), examples.join("flash_ram.c")];
                if name == "threads" {
                    sources.push(ports.join("lock/nvkv_lock_posix.c"));
                }
                let built = self.build(&format!("example_{name}"), &sources)?;
                self.passes(&built, &[])?;
            }
        }
        if !found {
            return Err(Failure::new("there are no examples"));
        }
        Ok(())
    }

    fn build(&self, name: &str, sources: &[PathBuf]) -> Result<PathBuf, Failure> {
        let program = self.folder.join(name);
        let mut link = command(&self.compiler);
        link.args(["-std=gnu99", "-g", "-O1"]).args(self.options);
        for include in programs::INCLUDES {
            link.arg("-I").arg(paths::root().join(include));
        }
        link.args(sources)
            .arg(&self.archive)
            .arg("-o")
            .arg(&program)
            .args(archive::system_libraries());
        let (status, printed) = captured(&mut link)?;
        succeeded_with(&link, status, &printed)?;
        Ok(program)
    }

    fn watched(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut watched = match self.runner {
            [] => command(program),
            [tool, options @ ..] => {
                let mut watched = command(tool);
                watched.args(options).arg(program);
                watched
            }
        };
        watched
            .args(arguments)
            .env("ASAN_OPTIONS", "detect_leaks=1");
        watched
    }

    fn passes(&self, program: &Path, arguments: &[&str]) -> Result<(), Failure> {
        let mut watched = self.watched(program, arguments);
        crate::process::announce(&watched);
        let (status, printed) = captured(&mut watched)?;
        succeeded_with(&watched, status, &printed)
    }

    fn is_reported(&self, planted: &Path, mistake: &str, report: &str) -> Result<(), Failure> {
        let (status, printed) = captured(&mut self.watched(planted, &[mistake]))?;
        if !status.success() && printed.contains(report) {
            println!("planted {mistake}: reported, as it must be");
            return Ok(());
        }
        Err(Failure::new(format!(
            "planted {mistake} was not reported as \"{report}\" ({status}): {printed}"
        )))
    }
}

fn test_sources(own: &[&str]) -> Vec<PathBuf> {
    let folder = paths::root().join("tests").join("c");
    own.iter()
        .chain([&COMMON])
        .map(|name| folder.join(name))
        .collect()
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let error = |error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        files.push(entry.map_err(error)?.path());
    }
    files.sort();
    Ok(files)
}
