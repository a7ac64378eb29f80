//! The steps that use nvkv from CMake projects: those of `tests/cmake`, each with a copy of what is
//! delivered beside it, in folders with a space in their names.
//!
//! | file | what it checks |
//! |---|---|
//! | `host.rs` | each way to use nvkv, on this machine: built, and run |
//! | `firmware.rs` | firmware for Cortex-M, run on an emulator |
//! | `presets.rs` | the archive by itself, for the processors that have presets |
//! | `targets.rs` | which Rust target goes with which compiler and flags |
//! | `refusals.rs` | what cannot work is refused, in one line that says what to do |

pub(crate) mod firmware;
pub(crate) mod host;
pub(crate) mod presets;
pub(crate) mod refusals;
pub(crate) mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::paths;
use crate::process::{Failure, announce, captured, command, output_of, succeeded_with};

/// What a project needs of the repository to build nvkv. `tests` and the like are not among it.
const DELIVERED: [&str; 7] = [
    "CMakeLists.txt",
    "CMakePresets.json",
    "Cargo.toml",
    "cmake",
    "include",
    "ports",
    "src",
];

/// A project of `tests/cmake`, copied to where it is built.
pub(super) struct Project {
    source: PathBuf,
    build: PathBuf,
}

impl Project {
    /// A fresh copy of the project `name` for the test `test`, with nvkv in `third_party/nvkv`.
    pub(super) fn new(test: &str, name: &str) -> Result<Self, Failure> {
        let folder = scratch(test)?;
        copy(&paths::root().join("tests/cmake"), &folder)?;
        let project = Project {
            source: folder.join(name),
            build: folder.join("the build"),
        };
        project.deliver()?;
        Ok(project)
    }

    /// nvkv by itself, as one has it who only builds the archive.
    pub(super) fn nvkv_alone(test: &str) -> Result<Self, Failure> {
        let folder = scratch(test)?;
        let project = Project {
            source: folder.clone(),
            build: folder.join("the build"),
        };
        project.deliver()?;
        Ok(Project {
            source: project.nvkv(),
            ..project
        })
    }

    fn deliver(&self) -> Result<(), Failure> {
        for name in DELIVERED {
            copy(&paths::root().join(name), &self.nvkv().join(name))?;
        }
        Ok(())
    }

    /// The copy of nvkv in a project; of no use for nvkv alone, which is its own source.
    pub(super) fn nvkv(&self) -> PathBuf {
        self.source.join("third_party").join("nvkv")
    }

    pub(super) fn source(&self) -> &Path {
        &self.source
    }

    /// A file in the build folder.
    pub(super) fn built(&self, name: &str) -> PathBuf {
        self.build.join(name)
    }

    /// `cmake` with the folders and the generator; options can follow.
    pub(super) fn configure_command(&self, generator: &str) -> Command {
        let mut command = cmake();
        command.arg("-S").arg(&self.source);
        command.arg("-B").arg(&self.build);
        command.args(["-G", generator]);
        command
    }

    pub(super) fn configure(&self, generator: &str, options: &[&str]) -> Result<String, Failure> {
        quiet(self.configure_command(generator).args(options))
    }

    /// Builds with two jobs: what is built before what it needs is noticed.
    pub(super) fn build(&self) -> Result<String, Failure> {
        quiet(
            cmake()
                .arg("--build")
                .arg(&self.build)
                .args(["--parallel", "2"]),
        )
    }
}

/// cmake as a person has it whose cargo never fetched anything and cannot: the library has no
/// dependencies, so building it must need no network.
pub(super) fn cmake() -> Command {
    let mut cmake = command("cmake");
    cmake.env("CARGO_HOME", work().join("empty cargo home"));
    cmake.env("CARGO_NET_OFFLINE", "true");
    // Settings for the build of this repository.
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTC"] {
        cmake.env_remove(name);
    }
    cmake
}

/// Runs the command; what it printed is shown only when it fails.
pub(super) fn quiet(command: &mut Command) -> Result<String, Failure> {
    announce(command);
    let (status, printed) = captured(command)?;
    succeeded_with(command, status, &printed)?;
    Ok(printed)
}

fn work() -> PathBuf {
    paths::target().join("cmake")
}

/// An empty folder with a space in its name.
pub(super) fn scratch(test: &str) -> Result<PathBuf, Failure> {
    let folder = work().join(format!("of {test}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| cannot("remove", &folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    Ok(folder)
}

/// Copies a file or a folder with all that is in it.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    if from.is_file() {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
        }
        return match fs::copy(from, to) {
            Ok(_) => Ok(()),
            Err(error) => Err(cannot("copy", from, &error)),
        };
    }
    for entry in fs::read_dir(from).map_err(|error| cannot("read", from, &error))? {
        let entry = entry.map_err(|error| cannot("read", from, &error))?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Writes a script that can be run.
pub(super) fn write_program(file: &Path, lines: &str) -> Result<(), Failure> {
    fs::write(file, lines).map_err(|error| cannot("write", file, &error))?;
    quiet(command("chmod").arg("+x").arg(file)).map(|_| ())
}

/// All files below a folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut waiting = vec![folder.to_owned()];
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| cannot("read", &path, &error))? {
                let entry = entry.map_err(|error| cannot("read", &path, &error))?;
                waiting.push(entry.path());
            }
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

pub(super) fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}

/// An error unless `text` has `part` in it.
pub(super) fn expect(text: &str, part: &str) -> Result<(), Failure> {
    if text.contains(part) {
        return Ok(());
    }
    Err(Failure::new(format!("no `{part}` in:\n{text}")))
}

/// What to do to get those of the programs that are not there, as one line.
pub(super) fn missing(programs: &[(&str, &str)]) -> Option<String> {
    let packages: Vec<&str> = programs
        .iter()
        .filter(|(program, _)| output_of(command(program).arg("--version")).is_none())
        .map(|(_, package)| *package)
        .collect();
    (!packages.is_empty()).then(|| format!("apt-get install {}", packages.join(" ")))
}

/// Programs that all of these steps need, with Debian's packages.
pub(super) const CMAKE: (&str, &str) = ("cmake", "cmake");
pub(super) const NINJA: (&str, &str) = ("ninja", "ninja-build");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_are_not_there_are_named_by_their_packages() {
        assert_eq!(missing(&[("cargo", "cargo")]), None);
        let line = missing(&[("cargo", "cargo"), ("no-such-program", "its-package")]);
        assert_eq!(line.as_deref(), Some("apt-get install its-package"));
    }

    #[test]
    fn a_part_that_is_not_there_is_an_error() {
        assert!(expect("one two", "two").is_ok());
        assert!(expect("one two", "three").is_err());
    }
}
