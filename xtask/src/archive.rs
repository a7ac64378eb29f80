//! `libnvkv.a`: the static library as it ships, and what may not be in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::paths;
use crate::process::{Failure, cargo_into, run};

/// The command that makes the archive; `--target` and the like can follow.
pub(crate) fn build_command() -> Command {
    build_command_into(&paths::target())
}

/// The same, into a target directory of its own.
pub(crate) fn build_command_into(target: &Path) -> Command {
    let mut command = cargo_into("rustc", target);
    command.args([
        "--package",
        "nvkv",
        "--lib",
        "--release",
        "--crate-type",
        "staticlib",
    ]);
    command
}

/// Builds the archive for this machine and returns where it is.
pub(crate) fn build_for_host() -> Result<PathBuf, Failure> {
    run(&mut build_command())?;
    let archive = paths::target().join("release").join("libnvkv.a");
    if archive.is_file() {
        return Ok(archive);
    }
    Err(Failure::new(format!(
        "cargo succeeded, yet there is no {}",
        archive.display()
    )))
}

/// What a C program on this machine must link after the archive.
pub(crate) fn system_libraries() -> &'static [&'static str] {
    if cfg!(target_os = "linux") {
        &["-lpthread", "-ldl", "-lm"]
    } else {
        &[]
    }
}

/// An error when code of the library itself can reach a panic. Link-time optimisation has put all
/// of it into one member, with those parts of `core` that it uses: a symbol of `core::panicking`
/// there means a path to it.
pub(crate) fn has_no_panic(archive: &Path) -> Result<(), Failure> {
    let bytes = fs::read(archive)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", archive.display())))?;
    let members: Vec<Member> = members(&bytes)
        .into_iter()
        .filter(|member| member.name.starts_with("nvkv"))
        .collect();
    if members.is_empty() {
        return Err(Failure::new(format!(
            "{} has no member of nvkv",
            archive.display()
        )));
    }
    let found: BTreeSet<String> = members
        .iter()
        .flat_map(|member| symbols_with(member.data, b"9panicking"))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = found.into_iter().collect();
    Err(Failure::new(format!(
        "the library can panic: its code refers to {}; `readelf --relocs --wide` of its member of \
         {} says from where",
        names.join(", "),
        archive.display()
    )))
}

/// The bytes of the one member of `archive` that is the library itself: link-time optimisation has
/// put all of it there. The others are Rust's counterpart of libgcc.
pub(crate) fn own_member(archive: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = fs::read(archive)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", archive.display())))?;
    let own: Vec<Member> = members(&bytes)
        .into_iter()
        .filter(|member| member.name.starts_with("nvkv"))
        .collect();
    match own[..] {
        [Member { data, .. }] => Ok(data.to_vec()),
        _ => Err(Failure::new(format!(
            "{} members of {} are nvkv's, and not one",
            own.len(),
            archive.display()
        ))),
    }
}

struct Member<'a> {
    name: String,
    data: &'a [u8],
}

/// The files in an archive as GNU ar writes it: headers of 60 bytes, contents at even offsets, long
/// names in a member `//` that others refer to as `/OFFSET`.
fn members(archive: &[u8]) -> Vec<Member<'_>> {
    let mut members = Vec::new();
    let mut long_names: &[u8] = &[];
    let mut rest = archive.strip_prefix(b"!<arch>\n").unwrap_or(&[]);
    while let Some((header, after)) = rest.split_at_checked(60) {
        let text = String::from_utf8_lossy(header);
        let size: Option<usize> = text
            .get(48..58)
            .and_then(|digits| digits.trim().parse().ok());
        let Some((data, next)) = size.and_then(|size| after.split_at_checked(size)) else {
            break;
        };
        let name = text.get(..16).unwrap_or("").trim_end();
        if name == "//" {
            long_names = data;
        } else if name != "/" {
            members.push(Member {
                name: full_name(name, long_names),
                data,
            });
        }
        rest = if data.len() % 2 == 1 {
            next.get(1..).unwrap_or(&[])
        } else {
            next
        };
    }
    members
}

fn full_name(name: &str, long_names: &[u8]) -> String {
    let offset = name
        .strip_prefix('/')
        .and_then(|digits| digits.parse::<usize>().ok());
    let Some(long) = offset.and_then(|offset| long_names.get(offset..)) else {
        return name.trim_end_matches('/').to_owned();
    };
    let end = long
        .iter()
        .position(|byte| b"/\n".contains(byte))
        .unwrap_or(long.len());
    String::from_utf8_lossy(long.get(..end).unwrap_or(&[])).into_owned()
}

/// The names in a symbol table that have `part` in them: what stands between two NUL bytes. A name
/// may be stored as the end of that of its section, `.text.NAME`.
fn symbols_with(data: &[u8], part: &[u8]) -> Vec<String> {
    data.split(|byte| *byte == 0)
        .filter(|name| name.windows(part.len()).any(|window| window == part))
        .filter_map(|name| name.rsplit(|byte| *byte == b'.').next())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, data: &str) -> String {
        let odd = if data.len() % 2 == 1 { "\n" } else { "" };
        format!(
            "{name:16}{:12}{:6}{:6}{:8}{:<10}`\n{data}{odd}",
            0,
            0,
            0,
            644,
            data.len()
        )
    }

    #[test]
    fn a_panic_in_the_library_is_found_and_one_elsewhere_is_not() {
        let names = member("//", "nvkv-0123456789.rcgu.o/\n");
        let file = std::env::temp_dir().join(format!("nvkv-xtask-{}.a", std::process::id()));
        let verdict = |own: &str| {
            let parts = [
                member("/0", own),
                member("other.o/", "_ZN4core9panicking5panic"),
            ];
            fs::write(&file, format!("!<arch>\n{names}{}", parts.concat())).unwrap();
            has_no_panic(&file)
        };
        assert!(verdict("kv_store_set").is_ok());
        let found = verdict("kv_store_set\0.text._ZN4core9panicking9panic_fmt\0").unwrap_err();
        assert!(
            found.to_string().contains(" _ZN4core9panicking9panic_fmt;"),
            "{found}"
        );
        fs::write(&file, "!<arch>\n").unwrap();
        assert!(
            has_no_panic(&file).is_err(),
            "an archive without the library proves nothing"
        );
        fs::remove_file(&file).unwrap();
    }
}
