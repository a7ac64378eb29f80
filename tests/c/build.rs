//! Builds the archive as it ships, and C programs against it.
#![expect(clippy::expect_used, clippy::panic, reason = "test helpers")]

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::LazyLock,
};

/// Where the headers are that programs include.
const INCLUDES: [&str; 6] = [
    "include",
    "c-examples",
    "tests/c",
    "tests/systems",
    "ports/lock",
    "ports/flash",
];

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where what is built goes.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// `libnvkv.a` as it ships.
pub(crate) static ARCHIVE: LazyLock<PathBuf> = LazyLock::new(|| archive("archive", &[]));

/// `libnvkv.a`, in a target folder of its own: cargo is still building in the usual one.
pub(crate) fn archive(folder_name: &str, features: &[&str]) -> PathBuf {
    let target = folder().join(folder_name);
    let output = Command::new(env!("CARGO"))
        .args(["rustc", "--package", "nvkv", "--lib", "--release"])
        .args(["--crate-type", "staticlib", "--target-dir"])
        .arg(&target)
        .args(["--features", &features.join(",")])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert_success("cargo rustc --crate-type staticlib", &output);
    target.join("release/libnvkv.a")
}

/// The C compiler: `CC`, or what the system calls `cc`.
pub(crate) fn compiler() -> OsString {
    env::var_os("CC")
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "cc".into())
}

/// Compiles and links C sources with the archive; `name` is that of the program.
pub(crate) fn program(name: &str, sources: &[&str], options: &[&str]) -> PathBuf {
    program_with(&ARCHIVE, name, sources, options)
}

/// The same with another archive.
pub(crate) fn program_with(
    archive: &Path,
    name: &str,
    sources: &[&str],
    options: &[&str],
) -> PathBuf {
    let program = folder().join(name);
    let mut command = Command::new(compiler());
    command
        .args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-g"])
        .args(options);
    for include in INCLUDES {
        command.arg("-I").arg(root().join(include));
    }
    command.args(sources.iter().map(|source| root().join(source)));
    command.arg(archive).arg("-o").arg(&program);
    if cfg!(target_os = "linux") {
        command.args(["-lpthread", "-ldl", "-lm"]);
    }
    let output = command.output().expect("the C compiler runs");
    assert_success(&format!("compiling {sources:?}"), &output);
    program
}

/// Runs a program that must succeed; what it printed.
pub(crate) fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .expect("the program runs");
    assert_success(&format!("{} {arguments:?}", program.display()), &output);
    String::from_utf8(output.stdout).expect("text")
}

/// Fails with all that was printed.
pub(crate) fn assert_success(what: &str, output: &Output) {
    if !output.status.success() {
        panic!(
            "{what}: {}\n{}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
