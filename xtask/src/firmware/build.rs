//! Builds `c-examples/firmware` for a board, with the archive as it ships.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::boards::Board;
use crate::cmake::{cannot, cmake, quiet};
use crate::process::Failure;
use crate::{bare_metal, paths};

/// The folder of a board, and the programs in it.
pub(super) struct Built {
    pub(super) folder: PathBuf,
}

impl Built {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("build").join(format!("{name}.elf"))
    }
}

/// Builds all programs for the board.
pub(super) fn build(board: &Board) -> Result<Built, Failure> {
    let archive = bare_metal::build_as_it_ships(board.target)?;
    let folder = paths::target().join("firmware").join(board.name);
    fs::create_dir_all(&folder).map_err(|error| cannot("make", &folder, &error))?;
    let built = Built { folder };
    let build = built.folder.join("build");
    let mut configure = cmake();
    configure
        .arg("-S")
        .arg(paths::root().join("c-examples/firmware"))
        .arg("-B")
        .arg(&build)
        .args(["-G", "Ninja", "-DBOARD_TESTS=ON"])
        .arg(format!("-DBOARD={}", board.name))
        .arg(format!("-DNVKV_FROM={}", board.from))
        .arg(format!("-DIN_RAM={}", board.in_ram.join(";")))
        .arg(format!("-DON_FLASH={}", board.on_flash.join(";")))
        .arg(format!("-DCPP={}", board.cpp.join(";")));
    if board.from == "find_package" {
        let prefix = install(board, &built, &archive)?;
        configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display()));
    } else {
        configure.arg(format!("-DNVKV_PREBUILT={}", archive.display()));
    }
    quiet(&mut configure)?;
    quiet(cmake().arg("--build").arg(&build).args(["--parallel", "2"]))?;
    Ok(built)
}

/// The prefix that somebody else would have installed nvkv to.
fn install(board: &Board, built: &Built, archive: &Path) -> Result<PathBuf, Failure> {
    let build = built.folder.join("nvkv");
    let prefix = built.folder.join("prefix");
    let mut configure: Command = cmake();
    configure
        .arg("-S")
        .arg(paths::root())
        .arg("-B")
        .arg(&build)
        .args(["-G", "Ninja"])
        .arg(format!("-DNVKV_RUST_TARGET={}", board.target))
        .arg(format!("-DNVKV_PREBUILT={}", archive.display()));
    quiet(&mut configure)?;
    let mut install = cmake();
    install.arg("--install").arg(&build);
    quiet(install.arg("--prefix").arg(&prefix))?;
    Ok(prefix)
}
