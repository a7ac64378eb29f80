//! Each way to use nvkv from CMake, on this machine: projects are built, run, and built again.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CMAKE, NINJA, Project, cannot, cmake, expect, files, missing, quiet, write_program};
use crate::process::{Failure, command};
use crate::report::Outcome;

/// The whole step.
pub(crate) fn check() -> Outcome {
    let tools = [CMAKE, NINJA, ("make", "make"), ("pkg-config", "pkg-config")];
    if let Some(what) = missing(&tools) {
        return Outcome::Skipped(what);
    }
    let all = || -> Result<(), Failure> {
        subdirectory()?;
        fetch_content()?;
        let prefix = install()?;
        ready_parts(&prefix)?;
        find_package(&prefix)?;
        pkg_config(&prefix)?;
        prebuilt(&prefix)
    };
    all().into()
}

const GOOD: [(&str, &str); 2] = [
    ("firmware", "C read 20260: MBED_SUCCESS\n"),
    ("firmware_cpp", "C++ read 20261: MBED_SUCCESS\n"),
];

/// Runs the project's programs, which check themselves.
fn run(project: &Project) -> Result<(), Failure> {
    for (program, expected) in GOOD {
        expect(&quiet(&mut command(project.built(program)))?, expected)?;
    }
    Ok(())
}

/// As a folder of the project. Building again does nothing, and a changed source is noticed.
fn subdirectory() -> Result<(), Failure> {
    let project = Project::new("subdirectory", "subdirectory")?;
    let before = files(&project.nvkv())?;
    project.configure("Ninja", &[])?;
    project.build()?;
    run(&project)?;
    expect(&project.build()?, "no work to do")?;
    if files(&project.nvkv())? != before {
        return Err(Failure::new("the build wrote into the folder of nvkv"));
    }
    change_the_names(&project.nvkv().join("src/ffi/status.rs"))?;
    project.build()?;
    let printed = quiet(&mut command(project.built("firmware")))?;
    expect(&printed, "C read 20260: MBED_SUCCESS changed\n")
}

/// Gives the statuses other names in a copy of the source.
fn change_the_names(file: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(file).map_err(|error| cannot("read", file, &error))?;
    let name = r#"stringify!($name), "\0""#;
    expect(&text, name)?;
    let changed = text.replace(name, r#"stringify!($name), " changed\0""#);
    fs::write(file, changed).map_err(|error| cannot("write", file, &error))
}

/// Fetched at configure time; with the other generator, and for a debugger.
fn fetch_content() -> Result<(), Failure> {
    let project = Project::new("fetch_content", "fetch_content")?;
    project.configure("Unix Makefiles", &["-DCMAKE_BUILD_TYPE=Debug"])?;
    project.build()?;
    run(&project)?;
    let again = project.build()?;
    if again.contains("Building libnvkv.a") || again.contains("Linking") {
        return Err(Failure::new(format!("built for nothing:\n{again}")));
    }
    other_compiler(&project)
}

/// An updated rustc builds the archive anew, although it has the same name.
fn other_compiler(project: &Project) -> Result<(), Failure> {
    let rustc = project.built("rustc");
    let option = format!("-DNVKV_RUSTC={}", rustc.display());
    let built = |version: &str| {
        let lines = format!(
            "#!/bin/sh\n[ \"$*\" = --version ] && exec echo rustc {version}\nexec rustc \"$@\"\n"
        );
        write_program(&rustc, &lines)?;
        project.configure("Unix Makefiles", &[&option])?;
        Ok(project.build()?.contains("Building libnvkv.a"))
    };
    let found = [built("1.90.0")?, built("1.90.0")?, built("1.91.0")?];
    if found == [true, false, true] {
        return Ok(());
    }
    Err(Failure::new(format!(
        "whether the archive was built, with one rustc twice and with another: {found:?}"
    )))
}

/// Installs nvkv, and moves the prefix: nothing in it may know where it was.
fn install() -> Result<PathBuf, Failure> {
    let project = Project::nvkv_alone("install")?;
    project.configure("Ninja", &[])?;
    project.build()?;
    let first = project.built("first prefix");
    quiet(
        cmake()
            .arg("--install")
            .arg(project.built(""))
            .arg("--prefix")
            .arg(&first),
    )?;
    let prefix = project.built("a prefix");
    fs::rename(&first, &prefix).map_err(|error| cannot("move", &first, &error))?;
    Ok(prefix)
}

/// The sources of `ports` are in the prefix.
fn ready_parts(prefix: &Path) -> Result<(), Failure> {
    let wanted = prefix.join("share/nvkv/ports/lock/nvkv_lock_freertos.c");
    if files(prefix)?.contains(&wanted) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{} was not installed",
        wanted.display()
    )))
}

fn find_package(prefix: &Path) -> Result<(), Failure> {
    let project = Project::new("find_package", "installed")?;
    let option = format!("-DCMAKE_PREFIX_PATH={}", prefix.display());
    project.configure("Ninja", &[&option])?;
    project.build()?;
    run(&project)
}

/// As a Makefile does it: the compiler with what pkg-config prints.
fn pkg_config(prefix: &Path) -> Result<(), Failure> {
    let project = Project::new("pkg_config", "installed")?;
    let archives = files(prefix)?;
    let description = archives.iter().find(|path| path.ends_with("nvkv.pc"));
    let folder = description.and_then(|path| path.parent());
    let folder = folder.ok_or_else(|| Failure::new("nvkv.pc was not installed"))?;
    // A shell reads the quoting of folders with spaces.
    let line = "eval ${CC:-cc} ../main.c ../store.c -o pkg_config \
                $(pkg-config --cflags --libs nvkv)";
    let mut shell = command("sh");
    shell.current_dir(project.source()).args(["-c", line]);
    quiet(shell.env("PKG_CONFIG_PATH", folder))?;
    let (_, expected) = GOOD[0];
    let printed = quiet(&mut command(project.source().join("pkg_config")))?;
    expect(&printed, expected)
}

/// Without Rust: from the prefix, and from the archive alone.
fn prebuilt(prefix: &Path) -> Result<(), Failure> {
    let installed = files(prefix)?;
    let archive = installed.iter().find(|path| path.ends_with("libnvkv.a"));
    let archive = archive.ok_or_else(|| Failure::new("libnvkv.a was not installed"))?;
    for given in [prefix, archive] {
        let project = Project::new("prebuilt", "subdirectory")?;
        let option = format!("-DNVKV_PREBUILT={}", given.display());
        // Nothing that is there to find may be used.
        let no_rust = ["-DNVKV_CARGO=/no/cargo", "-DNVKV_RUSTC=/no/rustc"];
        project.configure("Ninja", &[&option, no_rust[0], no_rust[1]])?;
        project.build()?;
        run(&project)?;
    }
    Ok(())
}
