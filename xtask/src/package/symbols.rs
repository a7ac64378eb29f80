//! Which names an archive defines: those of the library, and of Mbed's only such as give way.

use std::path::Path;

use crate::cmake::quiet;
use crate::process::{Failure, command};

/// What Mbed's `libmbed.a` defines: the functions of its global API, and what its classes are to
/// the linker.
const OF_MBED: [&str; 11] = [
    "kv_set",
    "kv_get",
    "kv_get_info",
    "kv_remove",
    "kv_reset",
    "kv_iterator_open",
    "kv_iterator_next",
    "kv_iterator_close",
    "kv_init_storage_config",
    "kv_get_default_flash_addresses",
    "kv_get_flash_bounds_from_config",
];
const CLASSES_OF_MBED: &str = "_ZN4mbed";

/// An error where the archive defines a name that is not nvkv's, or one of Mbed's so that it would
/// take its place.
pub(super) fn are_our_own(prefix: &str, archive: &Path) -> Result<(), Failure> {
    let mut nm = command(format!("{prefix}nm"));
    let said = quiet(nm.args(["--defined-only", "--extern-only"]).arg(archive))?;
    let wrong = wrong_names(&said);
    match wrong {
        Ok(()) => Ok(()),
        Err(what) => Err(Failure::new(format!("{}: {what}", archive.display()))),
    }
}

/// Of what `nm` prints.
fn wrong_names(said: &str) -> Result<(), String> {
    let defined: Vec<(&str, &str)> = said
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().rev();
            let name = words.next()?;
            let kind = words.next()?;
            words.next().map(|_| (kind, name))
        })
        .collect();
    if !defined.iter().any(|(_, name)| *name == "kv_store_open") {
        return Err("it does not define kv_store_open".to_owned());
    }
    let is_weak = |kind: &str| kind == "W" || kind == "V";
    let takes_place = |kind: &str, name: &str| {
        name.starts_with(CLASSES_OF_MBED) || (OF_MBED.contains(&name) && !is_weak(kind))
    };
    let is_foreign = |name: &str| !name.starts_with("kv_") && !name.starts_with("nvkv_");
    let wrong: Vec<&str> = defined
        .into_iter()
        .filter(|(kind, name)| takes_place(kind, name) || is_foreign(name))
        .map(|(_, name)| name)
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("it must not define {}", wrong.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_the_stand_in_for_mbeds_library_is_known() {
        let text = include_str!("../../../tests/c/mbed_stand_in.c");
        let functions: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once("int kv_"))
            .filter_map(|(_, rest)| rest.split('(').next())
            .collect();
        assert!(functions.len() >= 9, "{functions:?}");
        for name in functions {
            let name = format!("kv_{name}");
            assert!(OF_MBED.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn names_that_are_not_ours_are_told() {
        let own = "nvkv.o:\n00000000 T kv_store_open\n00000001 T nvkv_kv_set\n";
        let with = |line: &str| wrong_names(&format!("{own}{line}\n"));
        assert_eq!(with("00000001 W kv_set"), Ok(()));
        for line in [
            "00000001 T kv_set",
            "00000001 T rust_begin_unwind",
            "00000001 W memcpy",
            "00000001 W _ZN4mbed8TDBStore4initEv",
        ] {
            let name = line.rsplit(' ').next().unwrap();
            assert_eq!(with(line), Err(format!("it must not define {name}")));
        }
        assert!(wrong_names("").is_err(), "nothing proves nothing");
    }
}
