//! The library for Arduino: one zip file with headers, archives and examples.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{folder, slim, zip};
use crate::cmake::{cannot, files};
use crate::paths;
use crate::process::Failure;

/// The folders in which Arduino looks for an archive, by the processor of the board, and what they
/// hold. Cores pass floats in three ways, and one folder may serve two cores: the archives do not
/// care.
const ARCHIVES: [(&str, &str); 5] = [
    ("cortex-m0plus", "thumbv6m-none-eabi"),
    ("cortex-m4", "thumbv7em-none-eabi"),
    ("cortex-m7", "thumbv7em-none-eabi"),
    ("cortex-m33", "thumbv8m.main-none-eabi"),
    ("esp32c3", "riscv32imc-unknown-none-elf"),
];

/// Where the library's folder begins in the file.
const NAME: &str = "nvkv";

/// Files by their names in the zip file, in the order of these.
type Contents = BTreeMap<String, Vec<u8>>;

/// The targets that archives are built for.
pub(super) fn targets() -> Vec<&'static str> {
    let mut targets: Vec<&str> = ARCHIVES.iter().map(|(_, target)| *target).collect();
    targets.dedup();
    targets
}

/// Builds what is in it and writes the file; where that is.
pub(super) fn build() -> Result<PathBuf, Failure> {
    let contents = contents()?;
    let file = folder().join(format!("nvkv-arduino-{}.zip", env!("CARGO_PKG_VERSION")));
    let bytes = zip::pack(&contents)?;
    if bytes != zip::pack(&contents)? {
        return Err(Failure::new("the same files make another zip file"));
    }
    fs::write(&file, bytes).map_err(|error| cannot("write", &file, &error))?;
    Ok(file)
}

fn contents() -> Result<Contents, Failure> {
    let mut contents = Contents::new();
    let root = paths::root();
    add(&mut contents, &root.join("packaging/arduino"), "")?;
    for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
        let bytes = read(&root.join(name))?;
        contents.insert(format!("{NAME}/{name}"), bytes);
    }
    add(&mut contents, &root.join("include/mbed"), "src/")?;
    // In place of the one there, which only leads to this one.
    let header = read(&root.join("include/nvkv.h"))?;
    contents.insert(format!("{NAME}/src/nvkv.h"), header);
    for (name, bytes) in &mut contents {
        if name.ends_with(".h") {
            *bytes = flattened(name, bytes)?;
        }
    }
    for target in targets() {
        let archive = read(&slim::build(target)?.file)?;
        for (board, _) in ARCHIVES.iter().filter(|(_, of)| *of == target) {
            contents.insert(format!("{NAME}/src/{board}/libnvkv.a"), archive.clone());
        }
    }
    is_complete(&contents)?;
    Ok(contents)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| cannot("read", file, &error))
}

/// Adds a folder with all that is in it.
fn add(contents: &mut Contents, folder: &Path, prefix: &str) -> Result<(), Failure> {
    for file in files(folder)? {
        let name = file.strip_prefix(folder).unwrap_or(&file);
        let name = name.to_string_lossy().replace('\\', "/");
        contents.insert(format!("{NAME}/{prefix}{name}"), read(&file)?);
    }
    Ok(())
}

/// A header as it is here, where `nvkv.h` lies beside those of Mbed's names, not above them.
fn flattened(name: &str, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Failure::new(format!("{name} is no text")))?;
    // Each in one step: the longer one ends like the shorter.
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| match line {
            "#include \"../../nvkv.h\"" => "#include \"../nvkv.h\"",
            "#include \"../nvkv.h\"" => "#include \"nvkv.h\"",
            other => other,
        })
        .collect();
    Ok(lines.join("\n").into_bytes())
}

/// An error where the properties name another version, a keyword is of no header, or a header
/// includes one by its place that is not there.
fn is_complete(contents: &Contents) -> Result<(), Failure> {
    let text = |name: &str| {
        let bytes = contents.get(name).map_or(&[][..], Vec::as_slice);
        String::from_utf8_lossy(bytes).into_owned()
    };
    let version = format!("version={}", env!("CARGO_PKG_VERSION"));
    if !text(&format!("{NAME}/library.properties"))
        .lines()
        .any(|line| line == version)
    {
        return Err(Failure::new(format!(
            "packaging/arduino/library.properties does not say {version}"
        )));
    }
    let headers: Vec<String> = contents
        .keys()
        .filter(|name| name.ends_with(".h"))
        .map(|name| text(name))
        .collect();
    let keywords = text(&format!("{NAME}/keywords.txt"));
    for line in keywords.lines().filter(|line| !line.starts_with('#')) {
        let word = line.split('\t').next().unwrap_or("");
        if !headers.iter().any(|header| header.contains(word)) {
            return Err(Failure::new(format!("keywords.txt: no header has {word}")));
        }
    }
    for name in contents.keys().filter(|name| name.ends_with(".h")) {
        let (folder, _) = name.rsplit_once('/').unwrap_or_default();
        for line in text(name).lines() {
            let included = line.strip_prefix("#include \"../");
            let Some(included) = included.and_then(|rest| rest.strip_suffix('"')) else {
                continue;
            };
            let (above, _) = folder.rsplit_once('/').unwrap_or_default();
            if !contents.contains_key(&format!("{above}/{included}")) {
                return Err(Failure::new(format!(
                    "{name}: no file is where {line} says"
                )));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_find_the_one_beside_them() {
        let header = b"#include \"../../nvkv.h\"\n#include \"../nvkv.h\"\n#include \"../x.h\"\n";
        let flat = flattened("a.h", header).unwrap();
        let expected = "#include \"../nvkv.h\"\n#include \"nvkv.h\"\n#include \"../x.h\"\n";
        assert_eq!(String::from_utf8(flat).unwrap(), expected);
    }

    #[test]
    fn a_header_that_is_not_there_is_told() {
        let properties = format!("name=nvkv\nversion={}\n", env!("CARGO_PKG_VERSION"));
        let mut contents = Contents::new();
        contents.insert("nvkv/library.properties".into(), properties.into_bytes());
        contents.insert("nvkv/src/a/b.h".into(), b"#include \"../c.h\"\n".to_vec());
        assert!(is_complete(&contents).is_err());
        contents.insert("nvkv/src/c.h".into(), Vec::new());
        assert!(is_complete(&contents).is_ok());
        contents.insert("nvkv/library.properties".into(), b"version=0\n".to_vec());
        assert!(is_complete(&contents).is_err());
    }
}
