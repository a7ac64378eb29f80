//! The package for everybody but Arduino: headers, archives, and the files by which CMake, ESP-IDF,
//! Zephyr, Mbed and PlatformIO know it. The same files serve those who take the sources.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::slim::Slim;
use super::{folder, zip};
use crate::cmake::{cannot, copy, files};
use crate::paths;
use crate::process::Failure;

/// What is in it as it is in the repository.
const DELIVERED: [&str; 11] = [
    "CMakeLists.txt",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "cmake",
    "idf_component.yml",
    "include",
    "library.json",
    "mbed_lib.json",
    "packaging/platformio",
    "zephyr",
];

/// Files that name the version, and how.
const VERSIONS: [(&str, &str); 2] = [
    ("idf_component.yml", "version: \"VERSION\""),
    ("library.json", "  \"version\": \"VERSION\","),
];

/// Lays it out in a folder of its own, with these archives; where that is.
pub(super) fn lay_out(archives: &[Slim]) -> Result<PathBuf, Failure> {
    let root = folder().join("nvkv");
    if root.exists() {
        fs::remove_dir_all(&root).map_err(|error| cannot("remove", &root, &error))?;
    }
    for name in DELIVERED {
        copy(&paths::root().join(name), &root.join(name))?;
    }
    let readme = paths::root().join("packaging/README.md");
    copy(&readme, &root.join("README.md"))?;
    for archive in archives {
        let place = root.join("lib").join(archive.target);
        copy(&archive.file, &place.join("libnvkv.a"))?;
    }
    has_version(&root)?;
    Ok(root)
}

fn has_version(root: &Path) -> Result<(), Failure> {
    for (name, line) in VERSIONS {
        let file = root.join(name);
        let text = fs::read_to_string(&file).map_err(|error| cannot("read", &file, &error))?;
        let line = line.replace("VERSION", env!("CARGO_PKG_VERSION"));
        if !text.lines().any(|said| said == line) {
            return Err(Failure::new(format!("{name} does not say {line}")));
        }
    }
    Ok(())
}

/// Packs what [`lay_out`] made; where the file is.
pub(super) fn pack(root: &Path) -> Result<PathBuf, Failure> {
    let mut contents = BTreeMap::new();
    for file in files(root)? {
        let name = file.strip_prefix(root).unwrap_or(&file);
        let name = name.to_string_lossy().replace('\\', "/");
        let bytes = fs::read(&file).map_err(|error| cannot("read", &file, &error))?;
        contents.insert(format!("nvkv/{name}"), bytes);
    }
    let file = folder().join(format!("nvkv-{}.zip", env!("CARGO_PKG_VERSION")));
    fs::write(&file, zip::pack(&contents)?).map_err(|error| cannot("write", &file, &error))?;
    Ok(file)
}
