//! Zip files: the same bytes for the same files, whoever packs them and when.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Component, Path};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveWriter};

use crate::cmake::cannot;
use crate::process::Failure;

/// The first day that zip files know, 1980-01-01: the time of all that is in one.
const FIRST_DAY: i64 = 315_532_800;

/// The bytes of a zip file: in the order of the names, without times and owners.
pub(super) fn pack(contents: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let packed = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut archive = ZipArchiveWriter::new(Vec::new());
        for (name, bytes) in contents {
            let (mut entry, config) = archive
                .new_file(name.as_str())
                .compression_method(CompressionMethod::DEFLATE)
                .last_modified(UtcDateTime::from_unix(FIRST_DAY))
                .start()?;
            let encoder = DeflateEncoder::new(&mut entry, Compression::best());
            let mut writer = config.wrap(encoder);
            writer.write_all(bytes)?;
            let (encoder, descriptor) = writer.finish()?;
            encoder.finish()?;
            entry.finish(descriptor)?;
        }
        Ok(archive.finish()?)
    };
    packed().map_err(|error| Failure::new(format!("cannot pack: {error}")))
}

/// Writes what is in a zip file to a folder; the names of the files.
pub(super) fn unpack(file: &Path, folder: &Path) -> Result<Vec<String>, Failure> {
    let bytes = fs::read(file).map_err(|error| cannot("read", file, &error))?;
    let contents = read(&bytes)
        .map_err(|error| Failure::new(format!("cannot unpack {}: {error}", file.display())))?;
    for (name, bytes) in &contents {
        let path = folder.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
        }
        fs::write(&path, bytes).map_err(|error| cannot("write", &path, &error))?;
    }
    Ok(contents.into_keys().collect())
}

fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, Box<dyn std::error::Error>> {
    let archive = ZipArchive::from_slice(bytes)?;
    let mut contents = BTreeMap::new();
    let mut entries = archive.entries();
    while let Some(entry) = entries.next_entry()? {
        let name = entry.file_path().try_normalize()?.as_ref().to_owned();
        let stays_inside = |part| matches!(part, Component::Normal(_));
        if !Path::new(&name).components().all(stays_inside) {
            return Err(format!("{name} would be outside").into());
        }
        let local = archive.get_entry(entry.wayfinder())?;
        let mut data = Vec::new();
        // Compares the check sum as well.
        local
            .verifying_reader(DeflateDecoder::new(local.data()))
            .read_to_end(&mut data)?;
        contents.insert(name, data);
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut contents = BTreeMap::new();
        contents.insert("b/c.txt".to_owned(), b"text ".repeat(1000));
        contents.insert("a".to_owned(), Vec::new());
        let packed = pack(&contents).unwrap();
        assert!(packed.len() < 500, "{}", packed.len());
        assert_eq!(packed, pack(&contents).unwrap());
        assert_eq!(read(&packed).unwrap(), contents);
        // In the middle of the second file, whose data begin shortly after its name.
        let mut damaged = packed;
        let name = b"b/c.txt";
        let at = damaged.windows(name.len()).position(|part| part == name);
        damaged[at.unwrap() + 25] ^= 1;
        assert!(read(&damaged).is_err());
    }
}
