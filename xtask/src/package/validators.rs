//! `cargo xtask package --check`: what the package managers' own tools say of the package. They
//! come from PyPI, so this is no step of `cargo xtask test`.

use std::path::Path;

use super::folder;
use crate::paths;
use crate::process::{Failure, command, output_of, run};

/// The tools, at the versions that were tried.
const TOOLS: [&str; 6] = [
    "idf-component-manager==3.1.2",
    "platformio==6.2.0",
    "scons==4.11.1",
    "kconfiglib==14.1.0",
    "pykwalify==1.8.0",
    "mbed-tools==7.59.0",
];

/// Asks them of the package that is laid out in `package` and packed in `file`.
pub(super) fn check(package: &Path, file: &Path) -> Result<(), Failure> {
    let environment = folder().join("validators");
    let python = environment.join("bin/python");
    if output_of(command("python3").args(["-c", "import venv, ensurepip"])).is_none() {
        return Err(Failure::new("apt-get install python3-venv"));
    }
    if !python.is_file() {
        run(command("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    run(command(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(TOOLS))?;
    let tests = paths::root().join("tests/packages");
    run(command(&python)
        .arg(tests.join("validate.py"))
        .arg(package)
        .arg(&tests))?;
    run(command(&python)
        .arg(tests.join("platformio_build.py"))
        .arg(file)
        .arg(paths::root().join("tests"))
        .arg(folder().join("platformio")))
}
