//! The rules of the source tree that no compiler checks: layers, where `unsafe` may stand, the size
//! of files, what must be documented. Each rule is a function over text, and is itself tested on a
//! text that breaks it.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "test helpers"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// Folders and files that hold the project's own text.
const TREE: [&str; 23] = [
    "src",
    "include",
    "tests",
    "xtask",
    "c-examples",
    "ports",
    "examples",
    "bench-time/benches",
    "docs",
    "bench/Cargo.toml",
    "bench/data",
    "bench/src",
    "fuzz/Cargo.toml",
    "fuzz/fuzz_targets",
    ".ci",
    ".cargo",
    "cmake",
    "CMakeLists.txt",
    "CMakePresets.json",
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// The layers: a module, and the modules of the crate that it may name. What is not listed points
/// upwards or sideways. A new module gets a row here and one in ARCHITECTURE.md.
const LAYERS: [(&str, &[&str]); 7] = [
    ("error", &[]),
    ("flash", &["error"]),
    ("engine", &["error", "flash"]),
    ("store", &["error", "flash", "engine"]),
    ("lock", &["error"]),
    ("callbacks", &["error", "flash", "lock"]),
    ("ffi", &["error", "flash", "engine", "lock", "callbacks"]),
];

/// Modules that talk to C.
const MAY_BE_UNSAFE: [&str; 2] = ["ffi", "callbacks"];

const MAX_FILE_LINES: usize = 500;
const MAX_LINE_CHARS: usize = 100;

/// Files whose lines are measured; documents have tables.
const CODE_ENDINGS: [&str; 10] = [
    ".rs",
    ".c",
    ".cpp",
    ".h",
    ".ld",
    ".toml",
    ".json",
    ".cmake",
    ".cmake.in",
    "CMakeLists.txt",
];

struct Source {
    /// Relative to the root, with `/`.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All text files of the tree.
fn sources() -> Vec<Source> {
    let mut waiting: Vec<PathBuf> = TREE.iter().map(|name| root().join(name)).collect();
    let mut found = Vec::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if let Some(text) = fs::read(&path).ok().and_then(|b| String::from_utf8(b).ok()) {
            let relative = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source {
                path: relative,
                text,
            });
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The Rust files of the shipped crate.
fn crate_sources() -> Vec<Source> {
    let all = sources().into_iter();
    let rust: Vec<Source> = all
        .filter(|s| s.path.starts_with("src/") && s.path.ends_with(".rs"))
        .collect();
    assert!(
        rust.len() > 3,
        "no source found: the rules would hold for nothing"
    );
    rust
}

/// Fails with all the breaches of `rule` in `files`.
fn check<'s>(files: impl IntoIterator<Item = &'s Source>, rule: impl Fn(&Source) -> Vec<String>) {
    let breaches: Vec<String> = files
        .into_iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|what| format!("{}: {what}", file.path))
        })
        .collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// A file of the given text, for the tests of the rules themselves.
fn sample(path: &str, text: &str) -> Source {
    Source {
        path: path.to_owned(),
        text: text.to_owned(),
    }
}

/// The text without comments and without the contents of string literals, line by line.
fn code_lines(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| {
            let mut code = String::new();
            let mut in_string = false;
            let mut previous = ' ';
            for character in line.chars() {
                if character == '"' && previous != '\\' && previous != '\'' {
                    in_string = !in_string;
                } else if !in_string {
                    if character == '/' && previous == '/' {
                        code.pop();
                        break;
                    }
                    code.push(character);
                }
                previous = character;
            }
            code
        })
        .collect()
}

/// The words (identifiers and keywords) of a line of code.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// `engine` for `src/engine/record.rs`, `error` for `src/error.rs`.
fn module_of(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split(['/', '.']).next().unwrap_or(inside)
}

/// The first names after `crate::` in the text: `use crate::{error::Error, flash::Flash}` has
/// `error` and `flash`.
fn crate_names(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            names.extend(words(rest).next().map(str::to_owned));
            continue;
        };
        let mut depth = 0_i32;
        let mut item = String::new();
        for character in list.chars() {
            match character {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.extend(words(&std::mem::take(&mut item)).next().map(str::to_owned))
                }
                _ => {}
            }
            item.push(character);
        }
        names.extend(words(&item).next().map(str::to_owned));
    }
    names
}

fn points_upwards(file: &Source) -> Vec<String> {
    let module = module_of(&file.path);
    if module == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        return vec![format!(
            "module `{module}` has no row in LAYERS of tests/tidy.rs"
        )];
    };
    let code = code_lines(&file.text).join("\n");
    let mut breaches: Vec<String> = crate_names(&code)
        .into_iter()
        .map(|name| {
            if name == "Error" {
                "error".to_owned()
            } else {
                name
            }
        })
        .filter(|name| name != module && !allowed.contains(&name.as_str()))
        .map(|name| format!("`{module}` must not name `crate::{name}`"))
        .collect();
    // `super` would go round the rule: out of the module by two steps, or by one at its top.
    let top =
        file.path == format!("src/{module}.rs") || file.path == format!("src/{module}/mod.rs");
    if code.contains("super::super::") {
        breaches.push("write `crate::` for `super::super::`".to_owned());
    }
    for (name, _) in LAYERS {
        if top && code.contains(&format!("super::{name}")) {
            breaches.push(format!("write `crate::{name}` for `super::{name}`"));
        }
    }
    breaches
}

#[test]
fn layers_point_downwards() {
    check(&crate_sources(), points_upwards);
}

#[test]
fn layers_rule_works() {
    let breaches = |path, text| points_upwards(&sample(path, text)).len();
    assert_eq!(
        breaches("src/flash/mod.rs", "use crate::engine::Engine;"),
        1
    );
    assert_eq!(
        breaches(
            "src/flash/sim/mod.rs",
            "use crate::{error::{A, B}, ffi::X, flash};"
        ),
        1
    );
    assert_eq!(
        breaches("src/engine/log.rs", "fn f() -> crate::callbacks::C {}"),
        1
    );
    assert_eq!(breaches("src/engine/mod.rs", "use super::ffi;"), 1);
    assert_eq!(breaches("src/engine/log.rs", "use super::super::ffi;"), 1);
    assert_eq!(breaches("src/novelty.rs", ""), 1);
    assert_eq!(
        breaches(
            "src/engine/log.rs",
            "use crate::{Error, flash::Flash}; // crate::ffi"
        ),
        0
    );
    assert_eq!(
        breaches(
            "src/engine/log.rs",
            "use super::record; use crate::engine::wear;"
        ),
        0
    );
}

/// `unsafe` outside the modules that may have it, a head that does not forbid it, or a permission
/// for another module.
fn unsafe_out_of_place(file: &Source) -> Vec<String> {
    let module = module_of(&file.path);
    let mut breaches = Vec::new();
    if MAY_BE_UNSAFE.contains(&module) {
        return breaches;
    }
    let lines = code_lines(&file.text);
    for (number, line) in (1..).zip(&lines) {
        if words(line).any(|word| word == "unsafe") {
            breaches.push(format!("line {number}: `unsafe`"));
        }
    }
    if module == "lib" {
        for pair in lines.windows(2) {
            let [attribute, item] = pair else { continue };
            let named = words(item).last().unwrap_or("");
            if attribute.contains("unsafe_code") && !MAY_BE_UNSAFE.contains(&named) {
                breaches.push(format!("`unsafe_code` permitted for `{}`", item.trim()));
            }
        }
    } else {
        let top = [format!("src/{module}.rs"), format!("src/{module}/mod.rs")];
        let forbids = lines
            .iter()
            .any(|line| line.trim() == "#![forbid(unsafe_code)]");
        if top.contains(&file.path) && !forbids {
            breaches.push("no `#![forbid(unsafe_code)]`".to_owned());
        }
        if lines
            .iter()
            .any(|line| line.contains("unsafe_code") && !line.contains("forbid"))
        {
            breaches.push("the lint `unsafe_code` must stay forbidden".to_owned());
        }
    }
    breaches
}

#[test]
fn unsafe_stands_only_at_the_borders() {
    check(&crate_sources(), unsafe_out_of_place);
}

#[test]
fn unsafe_rule_works() {
    let breaches = |path, text| unsafe_out_of_place(&sample(path, text)).len();
    assert_eq!(breaches("src/engine/log.rs", "unsafe { f() }"), 1);
    assert_eq!(breaches("src/engine/log.rs", "#![allow(unsafe_code)]"), 1);
    assert_eq!(
        breaches("src/engine/log.rs", "// not unsafe\nlet s = \"unsafe\";"),
        0
    );
    assert_eq!(breaches("src/engine/mod.rs", "//! A layer."), 1);
    assert_eq!(breaches("src/engine/mod.rs", "#![forbid(unsafe_code)]"), 0);
    assert_eq!(breaches("src/ffi/args.rs", "unsafe { f() }"), 0);
    assert_eq!(
        breaches("src/lib.rs", "#[expect(unsafe_code)]\npub mod engine;"),
        1
    );
    assert_eq!(
        breaches("src/lib.rs", "#[expect(unsafe_code)]\npub mod ffi;"),
        0
    );
}

fn uses_the_heap(file: &Source) -> Vec<String> {
    let code = code_lines(&file.text).join("\n");
    let heap = code.contains("extern crate alloc") || code.contains("alloc::");
    if heap {
        vec!["the caller lends all memory: no `alloc`".to_owned()]
    } else {
        Vec::new()
    }
}

#[test]
fn nothing_uses_the_heap() {
    check(&crate_sources(), uses_the_heap);
    assert_eq!(
        uses_the_heap(&sample("src/engine/log.rs", "use alloc::vec::Vec;")).len(),
        1
    );
    assert_eq!(
        uses_the_heap(&sample("src/engine/log.rs", "// alloc::vec")).len(),
        0
    );
}

fn too_long(file: &Source) -> Vec<String> {
    let mut breaches = Vec::new();
    let lines = file.text.lines().count();
    if file.path.starts_with("src/") && lines > MAX_FILE_LINES {
        breaches.push(format!("{lines} lines; at most {MAX_FILE_LINES}"));
    }
    for (number, line) in (1..).zip(file.text.lines()) {
        let characters = line.chars().count();
        if characters > MAX_LINE_CHARS {
            breaches.push(format!("line {number}: {characters} characters"));
        }
    }
    breaches
}

#[test]
fn files_and_lines_are_short() {
    let all = sources();
    let code = all.iter().filter(|s| {
        CODE_ENDINGS.iter().any(|ending| s.path.ends_with(ending)) && s.path != "include/nvkv.h"
    });
    check(code, too_long);
}

#[test]
fn length_rule_works() {
    assert_eq!(
        too_long(&sample("src/a.rs", &"\n".repeat(MAX_FILE_LINES + 1))).len(),
        1
    );
    assert_eq!(
        too_long(&sample("src/a.rs", &"x".repeat(MAX_LINE_CHARS + 1))).len(),
        1
    );
    assert_eq!(
        too_long(&sample("src/a.rs", &"x".repeat(MAX_LINE_CHARS))).len(),
        0
    );
}

fn not_ascii(file: &Source) -> Vec<String> {
    (1..)
        .zip(file.text.lines())
        .filter(|(_, line)| !line.is_ascii() || line.contains('\t') || line.ends_with(' '))
        .map(|(number, _)| format!("line {number}: not ASCII, a tab, or a space at the end"))
        .collect()
}

#[test]
fn sources_and_headers_are_ascii() {
    let all = sources();
    let strict = |s: &&Source| s.path.starts_with("src/") || s.path.starts_with("include/");
    check(all.iter().filter(strict), not_ascii);
    for bad in ["caf\u{e9}", "a\tb", "a "] {
        assert_eq!(not_ascii(&sample("src/a.rs", bad)).len(), 1);
    }
}

fn no_first_line(file: &Source) -> Vec<String> {
    if file.text.starts_with("//! ") {
        return Vec::new();
    }
    vec!["the first line must be a `//!` that says what the file owns".to_owned()]
}

#[test]
fn each_file_says_what_it_owns() {
    let all = sources();
    check(
        all.iter().filter(|s| s.path.ends_with(".rs")),
        no_first_line,
    );
    assert_eq!(no_first_line(&sample("src/a.rs", "#![no_std]")).len(), 1);
}

/// Marks of unfinished work, and paths of one person's machine.
fn unfit_words(file: &Source) -> Vec<String> {
    let unfinished = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
    ];
    let foreign = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/tmp/tar", "get"),
        concat!("../sha", "red"),
        concat!("DESIGN", ".md"),
        concat!("STYLE", ".md"),
        concat!("DES", "IGN "),
    ];
    let mut breaches = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        let found = words(line)
            .filter(|word| unfinished.contains(word))
            .chain(foreign.iter().copied().filter(|path| line.contains(path)));
        breaches.extend(found.map(|word| format!("line {number}: `{word}`")));
    }
    breaches
}

#[test]
fn no_unfinished_marks_and_no_foreign_paths() {
    check(&sources(), unfit_words);
}

#[test]
fn words_rule_works() {
    let breaches = |text| unfit_words(&sample("README.md", text)).len();
    assert_eq!(breaches(concat!("// TO", "DO: later")), 1);
    assert_eq!(breaches(concat!("see /wo", "rk/x")), 1);
    assert_eq!(breaches("a method, to do or not"), 0);
}

/// Paths of the code map: the first cell of table rows that is a `.rs` file.
fn mapped_files(architecture: &str) -> Vec<String> {
    architecture
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(path, _)| path.to_owned())
        .filter(|path| path.ends_with(".rs"))
        .collect()
}

/// Where the code map and the folder differ.
fn map_differences(mapped: &[String], existing: &[String]) -> Vec<String> {
    let absent = mapped.iter().filter(|path| !existing.contains(path));
    let unlisted = existing.iter().filter(|path| !mapped.contains(path));
    let mut differences: Vec<String> = absent
        .map(|path| format!("the map lists {path}, which does not exist"))
        .collect();
    differences.extend(unlisted.map(|path| format!("the map has no row for {path}")));
    differences
}

#[test]
fn architecture_maps_every_source_file() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let existing: Vec<String> = crate_sources()
        .iter()
        .map(|s| s.path.strip_prefix("src/").unwrap().to_owned())
        .collect();
    let differences = map_differences(&mapped_files(&text), &existing);
    assert!(
        differences.is_empty(),
        "\nARCHITECTURE.md: {}",
        differences.join("\n")
    );
}

#[test]
fn map_rule_works() {
    let mapped = mapped_files("| `a.rs` | first |\n| `b.rs` | gone |\n| `c` | no file |\n`d.rs`\n");
    assert_eq!(mapped, ["a.rs", "b.rs"]);
    let existing = ["a.rs".to_owned(), "new.rs".to_owned()];
    assert_eq!(map_differences(&mapped, &existing).len(), 2);
}

#[test]
fn every_part_of_the_tree_exists() {
    let absent: Vec<_> = TREE
        .iter()
        .filter(|name| !root().join(name).exists())
        .collect();
    assert!(
        absent.is_empty(),
        "the rules would not be checked for {absent:?}"
    );
}

#[test]
fn every_adr_is_in_the_index() {
    let folder = root().join("docs/adr");
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut missing = Vec::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let numbered = name
            .get(..4)
            .is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()));
        if numbered && !index.contains(&format!("({name})")) {
            missing.push(name);
        }
    }
    assert!(
        missing.is_empty(),
        "docs/adr/README.md does not link {missing:?}"
    );
}

/// Lines of a table of a manifest that are not empty and not comments.
fn table_lines<'m>(manifest: &'m str, table: &str) -> Vec<&'m str> {
    let after = manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != table)
        .skip(1);
    after
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

/// What every build has; a feature may ask for more.
fn required_dependencies(manifest: &str) -> Vec<&str> {
    let mut lines = table_lines(manifest, "[dependencies]");
    lines.retain(|line| !line.contains("optional = true"));
    lines
}

#[test]
fn the_archive_has_no_dependencies() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert_eq!(required_dependencies(&manifest), [""; 0]);
    let defaults = table_lines(&manifest, "[features]")
        .into_iter()
        .find(|line| line.starts_with("default"));
    assert_eq!(defaults, Some("default = [\"panic-handler\"]"));
    assert!(
        !manifest.contains("[target."),
        "dependencies of one target are dependencies too"
    );
    let bad = "[dependencies]\n# why\ncrc = \"3\"\na = { optional = true }\n[features]\nsim = []\n";
    assert_eq!(required_dependencies(bad), ["crc = \"3\""]);
}
