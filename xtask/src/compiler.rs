//! A C compiler that works on this machine; installed where that can be done.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::paths;
use crate::process::{Failure, command, output_of, run};

/// Finds a C compiler that can compile and link, or installs one on Debian as root.
pub(crate) fn find_or_install() -> Result<OsString, Failure> {
    if let Some(compiler) = find()? {
        return Ok(compiler);
    }
    if !can_use_apt() {
        return Err(Failure::new(missing()));
    }
    println!("No C compiler works here; installing gcc.");
    install(&["gcc", "libc6-dev"])?;
    find()?.ok_or_else(|| Failure::new(missing()))
}

/// Installs packages on Debian as root; elsewhere it does nothing.
pub(crate) fn install(packages: &[&str]) -> Result<(), Failure> {
    if !can_use_apt() {
        return Ok(());
    }
    run(command("apt-get").arg("update"))?;
    run(command("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "--yes", "--no-install-recommends"])
        .args(packages))
}

fn find() -> Result<Option<OsString>, Failure> {
    if let Some(chosen) = std::env::var_os("CC").filter(|name| !name.is_empty()) {
        if works(&chosen)? {
            return Ok(Some(chosen));
        }
        return Err(Failure::new(format!(
            "CC is set to `{}`, which cannot compile and link a C program. Correct or unset it.",
            chosen.to_string_lossy()
        )));
    }
    for name in ["cc", "gcc", "clang"] {
        if works(name.as_ref())? {
            return Ok(Some(name.into()));
        }
    }
    Ok(None)
}

/// A compiler without headers or linker is no use: only a whole program shows that both are there.
fn works(compiler: &std::ffi::OsStr) -> Result<bool, Failure> {
    let folder = paths::target().join("demo");
    let source = folder.join("probe.c");
    let text = "#include <stdio.h>\nint main(void) { return printf(\"ok\") < 0; }\n";
    fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&source, text))
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", source.display())))?;
    // A program left by another compiler would speak for this one.
    let name = format!("probe-{}", std::process::id());
    let program = folder.join(name);
    let built = output_of(command(compiler).arg(&source).arg("-o").arg(&program));
    let ran = built.and_then(|_| output_of(&mut command(&program)));
    let _ = fs::remove_file(&program);
    Ok(ran.as_deref() == Some("ok"))
}

fn can_use_apt() -> bool {
    let root = output_of(command("id").arg("-u")).as_deref() == Some("0");
    root && Path::new("/etc/debian_version").exists()
        && output_of(command("apt-get").arg("--version")).is_some()
}

fn missing() -> String {
    let how = if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else if Path::new("/etc/debian_version").exists() {
        "sudo apt-get install gcc libc6-dev"
    } else if Path::new("/etc/fedora-release").exists() {
        "sudo dnf install gcc"
    } else if Path::new("/etc/arch-release").exists() {
        "sudo pacman -S gcc"
    } else {
        "install gcc or clang with the C library's headers"
    };
    format!("no working C compiler found (tried cc, gcc, clang). To get one: {how}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_no_compiler_does_not_work() {
        assert!(!works("no-such-compiler".as_ref()).unwrap());
        // It succeeds at everything, but makes no program.
        assert!(!works("true".as_ref()).unwrap());
    }
}
