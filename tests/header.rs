//! `include/nvkv.h` is what the sources say, and every compiler takes it.
#![expect(clippy::expect_used, reason = "test helpers")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use nvkv::ffi::status;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The part of the header that the sources cannot express: Mbed's names where Mbed's own headers
/// are not at hand, the version, and the memory macros.
fn names() -> String {
    let errors: String = status::STATUSES
        .iter()
        .filter(|(_, number)| *number != status::MBED_SUCCESS)
        .map(|(name, number)| format!("    {} = {number},\n", name.trim_end_matches('\0')))
        .collect();
    // Mbed has a second set of names, for the code in the low 16 bits of each status.
    let codes: String = status::STATUSES
        .iter()
        .filter_map(|(name, number)| {
            let name = name.trim_end_matches('\0').strip_prefix("MBED_ERROR_")?;
            Some(format!(
                "    MBED_ERROR_CODE_{name} = {},\n",
                number & 0xFFFF
            ))
        })
        .collect();
    let errors = errors + &codes;
    let version = env!("CARGO_PKG_VERSION");
    let packed = version
        .split('.')
        .map(|part| part.parse::<u32>().expect("three numbers"))
        .fold(0, |sum, part| sum << 8 | part);
    include_str!("header/names.h")
        .replace(
            "@ERRORS@\n",
            &(errors.trim_end_matches(",\n").to_owned() + "\n"),
        )
        .replace("@VERSION@", version)
        .replace("@VERSION_NUMBER@", &format!("0x{packed:06X}"))
}

/// Whether a part of the header declares what is public for Rust alone: cbindgen takes constants
/// and types of all modules.
fn is_of_rust(part: &str) -> bool {
    let is_of_c = |name: &str| {
        ["KV_", "NVKV_", "kv_"]
            .iter()
            .any(|of_c| name.starts_with(of_c))
    };
    let last = part.lines().last().unwrap_or("");
    let name = last
        .strip_prefix("#define ")
        .or_else(|| last.strip_prefix("typedef struct "));
    name.is_some_and(|name| !is_of_c(name) && !last.ends_with('{'))
}

/// The parts of the header, which empty lines divide, for C.
fn without_rust(header: &str) -> String {
    let parts: Vec<_> = header
        .split("\n\n")
        .map(|part| part.trim_matches('\n'))
        .filter(|part| !part.is_empty() && !is_of_rust(part))
        .collect();
    parts.join("\n\n") + "\n"
}

/// The functions that Mbed has too, by the names they have in C: names.h says when they have
/// others for the linker.
fn with_mbeds_names(header: &str) -> String {
    header.replace("\nint nvkv_kv_", "\nint kv_")
}

/// Headers that include this one, and are included by it, see whether all of it has been read.
fn with_its_end(header: &str) -> String {
    let end = "\n#endif  /* NVKV_H */";
    assert!(header.contains(end), "the include guard has another form");
    let complete = "\n// All of this header has been read.\n#define NVKV_H_COMPLETE\n";
    header.replace(end, &(complete.to_owned() + end))
}

/// Rust's "# Safety" sections repeat the contract at the top of the header: left out.
fn without_safety(header: &str) -> String {
    let mut kept = Vec::new();
    let mut in_safety = false;
    for line in header.lines() {
        in_safety = line.starts_with("//") && (in_safety || line == "// # Safety");
        if line == "// # Safety" && kept.last() == Some(&"//") {
            kept.pop();
        }
        if !in_safety {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

fn generated() -> String {
    let mut config = cbindgen::Config::from_file(root().join("cbindgen.toml")).expect("a config");
    config.after_includes = Some(names());
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_crate(root())
        .with_config(config)
        .generate()
        .expect("cbindgen understands the sources")
        .write(&mut header);
    let header = String::from_utf8(header).expect("text");
    with_its_end(&with_mbeds_names(&without_safety(&without_rust(&header))))
}

/// The committed header; with NVKV_UPDATE made anew before any test reads it.
static COMMITTED: LazyLock<String> = LazyLock::new(|| {
    let path = root().join("include/nvkv.h");
    if env::var_os("NVKV_UPDATE").is_some() {
        fs::write(&path, generated()).expect("include/ can be written");
    }
    fs::read_to_string(&path).expect("include/nvkv.h is there")
});

#[test]
fn committed_is_generated() {
    let generated = generated();
    let mut lines = COMMITTED.lines().zip(generated.lines());
    let differs = lines.position(|(committed, generated)| committed != generated);
    assert!(
        *COMMITTED == generated,
        "include/nvkv.h is not what the sources say (first difference: line {}); \
         NVKV_UPDATE=1 cargo test --test header rewrites it",
        differs.map_or(0, |line| line + 1)
    );
}

/// Each exported function is in the header with words on statuses and power.
#[test]
fn every_function_is_explained() {
    let header = COMMITTED.as_str();
    for name in [
        "attach",
        "attach_backend",
        "detach",
        "set",
        "get",
        "get_at",
        "get_info",
        "exists",
        "remove",
        "reset",
        "set_start",
        "set_add_data",
        "set_finalize",
        "set_abort",
        "iterator_open",
        "iterator_next",
        "iterator_close",
        "store_open",
        "store_close",
        "store_format",
        "store_set",
        "store_get",
        "store_get_at",
        "store_get_info",
        "store_exists",
        "store_remove",
        "store_reset",
        "store_set_start",
        "store_set_add_data",
        "store_set_finalize",
        "store_set_abort",
        "store_iterator_open",
        "store_iterator_next",
        "store_iterator_close",
        "store_reserved_data_set",
        "store_reserved_data_get",
        "store_maintain",
        "store_check",
        "store_stats",
    ] {
        let declaration = header
            .find(&format!("\nint kv_{name}("))
            .unwrap_or_else(|| panic!("kv_{name} is not in the header"));
        let comment = header[..declaration].rsplit("\n\n").next().expect("a part");
        for word in [
            "// Returns",
            "// - MBED_SUCCESS",
            "// Waits: ",
            "// Power: ",
        ] {
            let explained =
                comment.contains(word) || (name == "store_maintain" && word.contains("SUCC"));
            assert!(explained, "kv_{name}: no \"{word}\"");
        }
    }
}

/// Compilers at hand: C and C++ for each.
fn compilers() -> Vec<(&'static str, &'static str)> {
    [("cc", "c++"), ("clang", "clang++")]
        .into_iter()
        .filter(|(c, _)| Command::new(c).arg("--version").output().is_ok())
        .collect()
}

fn compiles(compiler: &str, standard: &str, source: &Path, includes: &[PathBuf]) {
    let mut command = Command::new(compiler);
    command
        .arg(format!("-std={standard}"))
        .args([
            "-pedantic",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wundef",
            "-fsyntax-only",
        ])
        .arg("-I")
        .arg(root().join("include"));
    for include in includes {
        command.arg("-I").arg(include);
    }
    let language = if standard.starts_with("c++") {
        "-xc++"
    } else {
        "-xc"
    };
    let output = command
        .arg(language)
        .arg(source)
        .output()
        .expect("the compiler runs");
    assert!(
        output.status.success(),
        "{compiler} -std={standard} {includes:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

const C: [&str; 3] = ["c99", "c11", "c17"];
const CPP: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

/// Alone, with nothing but the compiler; and beside headers that define what Mbed's define, in
/// both of Mbed's include spellings.
#[test]
fn every_compiler_takes_it() {
    LazyLock::force(&COMMITTED);
    let source = root().join("tests/header");
    let surroundings = [
        vec![],
        vec![source.join("mbed_flat")],
        vec![source.join("mbed_folders")],
    ];
    for (c, cpp) in compilers() {
        for includes in &surroundings {
            for standard in C {
                compiles(c, standard, &source.join("alone.c"), includes);
            }
            for standard in CPP {
                compiles(cpp, standard, &source.join("alone.cpp"), includes);
            }
        }
    }
}

/// Beside headers like Mbed's in either order, seen or not, and with other names for the linker:
/// what a program written for Mbed uses is there, and declared as Mbed declares it.
#[test]
fn programs_for_mbed_take_it() {
    LazyLock::force(&COMMITTED);
    let source = root().join("tests/header");
    let flat = [source.join("mbed_flat")];
    for (c, cpp) in compilers() {
        for (compiler, standard) in [(c, "c99"), (c, "c17"), (cpp, "c++11"), (cpp, "c++20")] {
            compiles(compiler, standard, &source.join("mbed_none.c"), &[]);
            for name in ["first", "last", "unseen", "beside_first", "beside_last"] {
                let file = source.join(format!("mbed_{name}.c"));
                compiles(compiler, standard, &file, &flat);
            }
        }
    }
}
