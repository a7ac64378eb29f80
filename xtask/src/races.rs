//! The program of `tests/c_threads.rs` under ThreadSanitizer, library and C code alike: no races
//! with the locks, and one found without them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Failure, command, output_of, run};
use crate::report::Outcome;
use crate::{archive, compiler, paths};

/// Kinds of locks, and the ways to the store: the words that the program takes.
const KINDS: [&str; 5] = ["mutex", "robust", "spin", "single", "none"];
const WAYS: [&str; 2] = ["handle", "paths"];

/// The programs by their sources; what both have comes after.
const THREADS: &[&str] = &[
    "threads.c",
    "threads_setup.c",
    "../../ports/lock/nvkv_lock_posix.c",
];
const COME_AND_GO: &[&str] = &["global_threads.c"];
const COMMON: &[&str] = &["chip.c", "tsan_names.c"];
/// Programs of `tests/cpp`, and what they have in common.
const CPP: [&str; 2] = ["threads", "nvstore_threads"];
const CPP_COMMON: [&str; 2] = ["check", "flash"];

/// Builds the program and runs it under each kind of lock.
pub(crate) fn check() -> Outcome {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Outcome::Skipped("run it on Linux on x86-64".to_owned());
    }
    match sanitizing_compiler() {
        Err(failure) => Outcome::Failed(failure.to_string()),
        Ok(None) => Outcome::Skipped("install gcc with its libtsan".to_owned()),
        Ok(Some(compiler)) => check_with(&compiler).into(),
    }
}

fn check_with(compiler: &OsString) -> Result<(), Failure> {
    build_library()?;
    // Partitions that are attached and detached meanwhile.
    run(&mut watched(&build(compiler, "come_and_go", COME_AND_GO)?))?;
    let program = build(compiler, "threads", THREADS)?;
    for kind in KINDS {
        for way in WAYS {
            run(watched(&program).args([kind, way]))?;
        }
    }
    for way in WAYS {
        race_is_found(&program, way)?;
    }
    // Mbed's classes; their mutexes are those of the C++ library.
    for name in CPP {
        run(&mut watched(&build_cpp(compiler, name)?))?;
    }
    Ok(())
}

/// The same program with functions that lock nothing: were no race found in that, none found
/// elsewhere would prove nothing.
fn race_is_found(program: &Path, way: &str) -> Result<(), Failure> {
    let mut unlocked = watched(program);
    let output = unlocked
        .args(["unlocked", way, "in_turn"])
        .output()
        .map_err(|error| Failure::new(format!("{} does not run: {error}", program.display())))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() && printed.contains("ThreadSanitizer: data race") {
        println!("without locks, {way}: a race is found, as it must be");
        return Ok(());
    }
    Err(Failure::new(format!(
        "without locks no race was found ({}, {way}): {printed}",
        output.status
    )))
}

/// A compiler that links the runtime of ThreadSanitizer, if there is one.
fn sanitizing_compiler() -> Result<Option<OsString>, Failure> {
    let folder = folder()?;
    let source = folder.join("probe.c");
    fs::write(&source, "int main(void) { return 0; }\n")
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", source.display())))?;
    let program = folder.join("probe");
    let candidates = [compiler::find_or_install()?, "gcc".into(), "clang".into()];
    Ok(candidates.into_iter().find(|candidate| {
        let mut build = command(candidate);
        build.arg("-fsanitize=thread").arg(&source);
        let built = output_of(build.arg("-o").arg(&program));
        built.is_some() && output_of(&mut watched(&program)).is_some()
    }))
}

fn folder() -> Result<PathBuf, Failure> {
    let folder = paths::target().join("races");
    fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
    Ok(folder)
}

fn build_library() -> Result<(), Failure> {
    let folder = folder()?;
    // The sanitizer is an unstable option; the variable lets a stable compiler take it. What is
    // already compiled of `core` is not watched, but for what is inlined into the library.
    let mut library = archive::build_command_into(&folder);
    library
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["--", "-Zsanitizer=thread"])
        .arg("-Cunsafe-allow-abi-mismatch=sanitizer");
    run(&mut library)
}

fn build(compiler: &OsString, name: &str, own: &[&str]) -> Result<PathBuf, Failure> {
    let folder = folder()?;
    let program = folder.join(name);
    let mut link = command(compiler);
    link.args(["-std=c99", "-g", "-O1", "-fsanitize=thread"]);
    for include in ["include", "tests/c", "ports/lock"] {
        link.arg("-I").arg(paths::root().join(include));
    }
    let sources = paths::root().join("tests").join("c");
    link.args(own.iter().chain(COMMON).map(|name| sources.join(name)))
        .arg(folder.join("release").join("libnvkv.a"))
        .arg("-o")
        .arg(&program)
        .args(archive::system_libraries());
    run(&mut link)?;
    Ok(program)
}

/// The same of C++ programs: what they have of C is compiled first.
fn build_cpp(compiler: &OsString, name: &str) -> Result<PathBuf, Failure> {
    let folder = folder()?;
    let tests = paths::root().join("tests");
    let mut objects = Vec::new();
    for source in COMMON {
        let object = folder.join(format!("{source}.o"));
        let mut c = command(compiler);
        c.args(["-std=c99", "-g", "-O1", "-fsanitize=thread", "-c"]);
        c.arg("-I").arg(paths::root().join("include"));
        c.arg(tests.join("c").join(source)).arg("-o").arg(&object);
        run(&mut c)?;
        objects.push(object);
    }
    let program = folder.join(name);
    let mut link = command("g++");
    link.args(["-std=c++11", "-g", "-O1", "-fsanitize=thread"]);
    link.arg("-I").arg(tests.join("c"));
    link.arg("-I")
        .arg(paths::root().join("include").join("mbed"));
    for source in CPP_COMMON.iter().chain([&name]) {
        link.arg(tests.join("cpp").join(format!("{source}.cpp")));
    }
    link.args(&objects)
        .arg(folder.join("release").join("libnvkv.a"))
        .arg("-o")
        .arg(&program)
        .args(archive::system_libraries());
    run(&mut link)?;
    Ok(program)
}

/// Runs a program under the sanitizer. Older runtimes know only some layouts of memory: where the
/// system can, it starts the program without drawing one.
fn watched(program: &Path) -> Command {
    let fixed = output_of(command("setarch").args(["--addr-no-randomize", "true"]));
    let mut command = if fixed.is_some() {
        let mut fixed = command("setarch");
        fixed.arg("--addr-no-randomize").arg(program);
        fixed
    } else {
        command(program)
    };
    // The mutex of a thread that died is given back by another one on purpose: that it refuses is
    // how the library learns of it.
    command.env("TSAN_OPTIONS", "report_mutex_bugs=0 halt_on_error=0");
    command
}
