//! The presets: nvkv by itself, built for a processor by people who have Rust, for people who have
//! not.

use super::{CMAKE, NINJA, Project, cmake, missing, quiet};
use crate::bare_metal;
use crate::process::{Failure, command, output_of};
use crate::report::Outcome;

/// The whole step.
pub(crate) fn check() -> Outcome {
    if let Some(what) = missing(&[CMAKE, NINJA]) {
        return Outcome::Skipped(what);
    }
    let version = output_of(command("cmake").arg("--version")).unwrap_or_default();
    if !knows_presets(&version) {
        return Outcome::Skipped("CMake 3.21 or newer".to_owned());
    }
    // The newest of Arm's cores: where this one is, the others are as well.
    let newest = "thumbv8m.main-none-eabihf";
    if !bare_metal::can_build(newest) {
        return Outcome::Skipped(format!(
            "rustup target add {newest}, and those of the others"
        ));
    }
    host().and_then(|()| each()).into()
}

/// Whether `cmake --version` is one that has presets of version 3.
fn knows_presets(version: &str) -> bool {
    let number = version.split_whitespace().nth(2).unwrap_or("");
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    let major = parts.next().flatten().unwrap_or(0);
    let minor = parts.next().flatten().unwrap_or(0);
    (major, minor) >= (3, 21)
}

/// The preset `host` builds, and installs into the build folder.
fn host() -> Result<(), Failure> {
    let project = Project::nvkv_alone("preset")?;
    let source = project.source();
    quiet(cmake().current_dir(source).args(["--preset", "host"]))?;
    quiet(
        cmake()
            .current_dir(source)
            .args(["--build", "--preset", "host"]),
    )?;
    let header = source.join("build/host/prefix/include/nvkv.h");
    if header.is_file() {
        return Ok(());
    }
    Err(Failure::new(format!("there is no {}", header.display())))
}

/// Each preset can be configured: it names a target that Rust knows, and needs no C compiler.
fn each() -> Result<(), Failure> {
    let project = Project::nvkv_alone("presets")?;
    let source = project.source();
    let list = quiet(cmake().current_dir(source).arg("--list-presets"))?;
    let names = preset_names(&list);
    if !names.contains(&"cortex-m4-hard") {
        return Err(Failure::new(format!(
            "no preset cortex-m4-hard in:\n{list}"
        )));
    }
    for name in names.into_iter().filter(|name| *name != "host") {
        let mut configure = cmake();
        configure.current_dir(source).args(["--preset", name]);
        quiet(configure.arg("-DCMAKE_C_COMPILER=/no/compiler"))?;
    }
    Ok(())
}

/// The names in quotes at the beginnings of lines.
fn preset_names(list: &str) -> Vec<&str> {
    let lines = list.lines().map(str::trim_start);
    lines
        .filter_map(|line| Some(line.strip_prefix('"')?.split_once('"')?.0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_presets_are_read() {
        let list =
            "Available configure presets:\n\n  \"host\"      - This machine\n  \"m0\" - \"M\"";
        assert_eq!(preset_names(list), ["host", "m0"]);
    }

    #[test]
    fn old_versions_have_no_presets() {
        assert!(knows_presets("cmake version 3.21.0\n\nCMake suite"));
        assert!(knows_presets("cmake version 4.0.2"));
        assert!(!knows_presets("cmake version 3.16.3"));
        assert!(!knows_presets(""));
    }
}
