//! Archives that are handed over: the library's own object alone. Rust's counterpart of libgcc,
//! nine tenths of what cargo makes, stays behind, for every C compiler brings its own.

use std::fs;
use std::path::PathBuf;

use super::{folder, symbols};
use crate::cmake::{cannot, quiet};
use crate::process::{Failure, command, output_of};
use crate::{archive, bare_metal};

/// Every processor that there is an archive for.
pub(crate) const TARGETS: [&str; 9] = [
    "thumbv6m-none-eabi",
    "thumbv7m-none-eabi",
    "thumbv7em-none-eabi",
    "thumbv7em-none-eabihf",
    "thumbv8m.base-none-eabi",
    "thumbv8m.main-none-eabi",
    "thumbv8m.main-none-eabihf",
    "riscv32imc-unknown-none-elf",
    "riscv32imac-unknown-none-elf",
];

/// What no linker needs of an object. The attributes of Arm would tie it to a way of passing
/// floats, and none are passed: without them one archive links with soft, softfp and hard.
const REMOVED: [&str; 4] = [".ARM.attributes", ".llvmbc", ".llvmcmd", ".comment"];

/// An archive, slimmed.
pub(crate) struct Slim {
    pub(crate) target: &'static str,
    pub(crate) file: PathBuf,
    /// Bytes of what cargo made.
    before: u64,
}

/// What the names of the tools of GCC for `target` begin with, and Debian's package of them.
pub(crate) fn tools(target: &str) -> (&'static str, &'static str) {
    if target.starts_with("thumb") {
        ("arm-none-eabi-", "gcc-arm-none-eabi")
    } else {
        ("riscv64-unknown-elf-", "gcc-riscv64-unknown-elf")
    }
}

/// What to install so that archives for these targets can be made, as one line.
pub(crate) fn missing(targets: &[&'static str]) -> Option<String> {
    let mut packages: Vec<&str> = targets
        .iter()
        .map(|target| tools(target))
        .filter(|(prefix, _)| output_of(command(format!("{prefix}ar")).arg("--version")).is_none())
        .map(|(_, package)| package)
        .collect();
    packages.dedup();
    if !packages.is_empty() {
        return Some(format!("apt-get install {}", packages.join(" ")));
    }
    let target = targets.iter().find(|target| !bare_metal::can_build(target));
    target.map(|target| format!("rustup target add {target}"))
}

/// Builds the archive for `target` and slims it into `target/package/TARGET/libnvkv.a`.
pub(crate) fn build(target: &'static str) -> Result<Slim, Failure> {
    if let Some(what) = missing(&[target]) {
        return Err(Failure::new(format!("something is not there: {what}")));
    }
    let whole = bare_metal::build_as_it_ships(target)?;
    let own = archive::own_member(&whole)?;
    let folder = folder().join(target);
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    let object = folder.join("nvkv.o");
    fs::write(&object, own).map_err(|error| cannot("write", &object, &error))?;

    let prefix = tools(target).0;
    let mut objcopy = command(format!("{prefix}objcopy"));
    objcopy.args(["--strip-debug", "--strip-unneeded"]);
    for section in REMOVED {
        objcopy.args(["--remove-section", section]);
    }
    quiet(objcopy.arg(&object))?;

    let file = folder.join("libnvkv.a");
    let _ = fs::remove_file(&file);
    // Without times and owners: the same bytes each time.
    let mut ar = command(format!("{prefix}ar"));
    quiet(ar.arg("rcsD").arg(&file).arg(&object))?;
    fs::remove_file(&object).map_err(|error| cannot("remove", &object, &error))?;
    is_slim(target, &file)?;
    let before = fs::metadata(&whole).map_err(|error| cannot("read", &whole, &error))?;
    Ok(Slim {
        target,
        file,
        before: before.len(),
    })
}

/// An error unless all that was to go is gone, and only the library's own names are left.
fn is_slim(target: &str, file: &std::path::Path) -> Result<(), Failure> {
    let prefix = tools(target).0;
    let mut readelf = command(format!("{prefix}readelf"));
    let sections = quiet(readelf.args(["--sections", "--wide"]).arg(file))?;
    let mut left = REMOVED.to_vec();
    left.push(".debug_");
    left.retain(|section| sections.contains(section));
    if !left.is_empty() {
        return Err(Failure::new(format!(
            "{} still has {}",
            file.display(),
            left.join(", ")
        )));
    }
    symbols::are_our_own(prefix, file)
}

/// The sizes, for people.
pub(crate) fn table(archives: &[Slim]) -> String {
    let mut lines = vec![format!(
        "{:29} {:>12} {:>12} {:>12} {:>8}",
        "target", "by cargo", "slimmed", "code", "RAM"
    )];
    for slim in archives {
        let size = |file: &PathBuf| fs::metadata(file).map_or(0, |facts| facts.len());
        let (code, ram) = sections(slim).unwrap_or((0, 0));
        lines.push(format!(
            "{:29} {:>12} {:>12} {:>12} {:>8}",
            slim.target,
            slim.before,
            size(&slim.file),
            code,
            ram
        ));
    }
    lines.push("Bytes. Of code and RAM, firmware gets what it uses.".to_owned());
    lines.join("\n")
}

/// Bytes of code with its constants, and of variables.
fn sections(slim: &Slim) -> Option<(u64, u64)> {
    let prefix = tools(slim.target).0;
    let said = output_of(command(format!("{prefix}size")).arg(&slim.file))?;
    let numbers: Vec<u64> = said
        .lines()
        .nth(1)?
        .split_whitespace()
        .take(3)
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [code, constants, variables] => Some((code.saturating_add(constants), variables)),
        _ => None,
    }
}
