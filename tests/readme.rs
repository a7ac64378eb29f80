//! What the documents say is so: their C programs compile, link and run, their links lead
//! somewhere, their numbers are those of the code.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[expect(dead_code, reason = "the tests of the C interface use the rest")]
#[path = "c/build.rs"]
mod build;

use build::root;

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The documents of the project.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/adr", "tests", "c-examples", "ports"];
    let mut found = Vec::new();
    for folder in folders
        .map(|name| root().join(name))
        .iter()
        .filter(|path| path.is_dir())
    {
        let entries = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        found.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    found.sort();
    found
}

/// The contents of the fenced blocks that are marked with `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}");
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while lines.any(|line| line == opening) {
        let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        blocks.push(inside.join("\n") + "\n");
    }
    blocks
}

#[test]
fn blocks_are_found_by_language() {
    let text = "x\n```c\nint a;\nint b;\n```\n```sh\nls\n```\n```c\nint c;\n```\n";
    assert_eq!(blocks(text, "c"), ["int a;\nint b;\n", "int c;\n"]);
    assert_eq!(blocks("no block", "c"), [""; 0]);
}

/// Compiles the program; where it has a `main`, links and runs it. Returns what it printed.
fn build_and_run(name: &str, program: &str) -> Result<String, String> {
    let folder = build::folder();
    let source = folder.join(format!("{name}.c"));
    let built = folder.join(name);
    fs::write(&source, program).unwrap();
    let mut compile = Command::new(build::compiler());
    compile.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I"]);
    compile.arg(root().join("include")).arg("-o").arg(&built);
    let whole = program.contains("int main(");
    if whole {
        compile.arg(&source).arg(&*build::ARCHIVE);
        if cfg!(target_os = "linux") {
            compile.args(["-lpthread", "-ldl", "-lm"]);
        }
    } else {
        compile.arg("-c").arg(&source);
    }
    succeed(&mut compile)?;
    if whole {
        succeed(&mut Command::new(&built))
    } else {
        Ok(String::new())
    }
}

fn succeed(command: &mut Command) -> Result<String, String> {
    let output = command.output().unwrap();
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!(
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}

#[test]
fn c_programs_of_the_readme_run() {
    let programs = blocks(&readme(), "c");
    assert!(
        programs.iter().any(|p| p.contains("int main(")),
        "README.md has no C program"
    );
    for (number, program) in programs.iter().enumerate() {
        match build_and_run(&format!("readme-{number}"), program) {
            // What has no `main` is compiled only.
            Ok(printed) if !program.contains("int main(") => assert_eq!(printed, ""),
            Ok(printed) => assert_eq!(printed, "started 1 times: MBED_SUCCESS\n"),
            Err(why) => panic!("C block {number} of README.md: {why}"),
        }
    }
}

#[test]
fn c_programs_that_are_wrong_are_found() {
    assert!(build_and_run("bad-name", "int x = kv_no_such_name;\n").is_err());
    assert!(build_and_run("bad-exit", "int main(void) { return 1; }\n").is_err());
}

/// `tests/rust_api.rs` compiles and runs that file.
#[test]
fn rust_programs_of_the_readme_run() {
    let file = fs::read_to_string(root().join("tests/rust_api/readme.rs")).unwrap();
    let programs = blocks(&readme(), "rust");
    assert_eq!(programs.len(), 1);
    for program in programs {
        assert!(
            file.contains(&format!("\n{program}\n#[test]\n")),
            "not in {file}:\n{program}"
        );
    }
    // What it asks cargo for is what the firmware that is built as a test asks for.
    let firmware = fs::read_to_string(root().join("tests/rust_firmware/Cargo.toml")).unwrap();
    let [asked] = <[String; 1]>::try_from(blocks(&readme(), "toml")).unwrap();
    assert!(asked.contains(&format!("version = \"{}\"", version())));
    for manifest in [&firmware, &asked] {
        assert!(manifest.contains("features = [\"embedded-storage\"] }"));
        assert!(!manifest.contains("default-features"));
    }
}

/// Major and minor version of the package.
fn version() -> String {
    let [major, minor] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
    ];
    format!("{major}.{minor}")
}

/// The documents that say how to use nvkv with CMake.
fn cmake_documents() -> [String; 2] {
    ["README.md", "docs/cmake.md"].map(|name| fs::read_to_string(root().join(name)).unwrap())
}

/// Whether one of the projects of `tests/cmake`, which `cargo xtask test` builds and runs, has the
/// lines of the block.
fn is_built(block: &str) -> bool {
    let projects = ["subdirectory", "fetch_content", "installed"];
    projects.iter().any(|name| {
        let file = root().join("tests/cmake").join(name).join("CMakeLists.txt");
        let text = fs::read_to_string(file).unwrap();
        text.contains(&format!("\n{block}"))
    })
}

#[test]
fn cmake_blocks_are_those_that_are_built() {
    for document in cmake_documents() {
        let blocks = blocks(&document, "cmake");
        assert_eq!(blocks.len(), 3, "one block for each way");
        for block in &blocks {
            assert!(is_built(block), "in no project of tests/cmake:\n{block}");
        }
    }
    assert!(!is_built("add_subdirectory(nvkv)\n"));
}

/// The words of a text that begin with `NVKV_`, each once.
fn nvkv_words<'t>(text: impl IntoIterator<Item = &'t str>) -> BTreeSet<&'t str> {
    let words = text
        .into_iter()
        .flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with("NVKV_")).collect()
}

/// What the page on FreeRTOS adds to a project is where it says.
#[test]
fn files_of_the_page_on_freertos_are_there() {
    let page = fs::read_to_string(root().join("docs/freertos.md")).unwrap();
    let [block] = <[String; 1]>::try_from(blocks(&page, "cmake")).unwrap();
    let named = block
        .split(|c: char| c.is_whitespace() || c == ')' || c == '(')
        .filter_map(|word| word.strip_prefix("third_party/nvkv/"));
    let named: Vec<_> = named.collect();
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named.iter().all(|path| root().join(path).exists()));
}

#[test]
fn cmake_options_are_all_described() {
    let files = ["CMakeLists.txt", "cmake/NvkvRust.cmake"];
    let sources = files.map(|name| fs::read_to_string(root().join(name)).unwrap());
    let lines = sources.iter().flat_map(|text| text.lines());
    let is_option = |line: &&str| {
        let line = line.trim_start();
        line.starts_with("option(NVKV_")
            || line.starts_with("find_program(NVKV_")
            || (line.starts_with("set(NVKV_") && line.contains(" CACHE "))
    };
    // The first word: others may stand in the text that explains it.
    let options: BTreeSet<&str> = lines
        .filter(is_option)
        .filter_map(|line| nvkv_words(line.split(' ').take(3)).into_iter().next())
        .collect();
    let toolchains = ["arm-none-eabi", "riscv64-unknown-elf"];
    let toolchains = toolchains.map(|name| root().join(format!("cmake/toolchains/{name}.cmake")));
    let toolchains = toolchains.map(|file| fs::read_to_string(file).unwrap());
    // What they hand on to CMake's trials is what they read.
    let handed_on = toolchains.iter().flat_map(|text| text.lines());
    let handed_on = handed_on.filter(|line| line.contains("CMAKE_TRY_COMPILE_PLATFORM_VARIABLES"));
    let [readme, guide] = cmake_documents();
    let all: BTreeSet<&str> = options.union(&nvkv_words(handed_on)).copied().collect();
    assert!(all.len() > options.len() + 5, "{all:?}");
    assert_eq!(nvkv_words([guide.as_str()]), all);
    let (_, section) = readme.split_once("\n### With CMake\n").unwrap();
    let (section, _) = section.split_once("\n### ").unwrap();
    let named = nvkv_words([section]);
    assert!(!named.is_empty() && named.is_subset(&options), "{named:?}");
}

#[test]
fn cmake_presets_are_those_of_the_table() {
    let presets = fs::read_to_string(root().join("CMakePresets.json")).unwrap();
    let (presets, _) = presets.split_once("buildPresets").unwrap();
    // Name and target are the strings behind these keys.
    let after = |text: &str, key: &str| {
        let (_, rest) = text.split_once(&format!("\"{key}\": \""))?;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let defined: Vec<_> = presets
        .split("    {\n")
        .filter_map(|preset| Some((after(preset, "name")?, after(preset, "NVKV_RUST_TARGET")?)))
        .collect();
    assert!(defined.len() > 5, "the presets were not found");
    let [_, guide] = cmake_documents();
    let rows = guide.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim()).collect();
        let in_code = |cell: &str| Some(cell.strip_prefix('`')?.strip_suffix('`')?.to_owned());
        Some((in_code(cells.get(1)?)?, in_code(cells.get(3)?)?))
    });
    assert_eq!(rows.collect::<Vec<_>>(), defined);
}

/// The targets of the links `[text](target)` of a Markdown text; code is not looked at.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_block = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block || line.starts_with("    ") {
            continue;
        }
        // Every second piece between backticks is code.
        let prose: String = line.split('`').step_by(2).collect();
        for after in prose.split("](").skip(1) {
            found.extend(after.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// The anchor of a heading, as it is made where Markdown is shown.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>()
        .trim()
        .to_lowercase()
        .replace(' ', "-")
}

/// Why the link does not lead anywhere, if so.
fn dead(document: &Path, link: &str) -> Option<String> {
    if link.starts_with("https://") {
        return None;
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let file = if path.is_empty() {
        document.to_owned()
    } else {
        document.parent().unwrap().join(path)
    };
    if !file.exists() {
        return Some(format!("{link}: no such file"));
    }
    if fragment.is_empty() {
        return None;
    }
    let text = fs::read_to_string(&file).unwrap();
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    let found = headings.any(|line| anchor(line.trim_start_matches('#')) == fragment);
    (!found).then(|| format!("{link}: no such heading"))
}

#[test]
fn links_lead_somewhere() {
    let documents = documents();
    assert!(documents.len() >= 5, "the documents were not found");
    let mut broken = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).unwrap();
        let targets = links(&text);
        broken.extend(targets.iter().filter_map(|link| {
            dead(document, link).map(|why| format!("{}: {why}", document.display()))
        }));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn dead_links_are_found() {
    let text =
        "[a](README.md) [b](none.md)\n`[c](code)`\n```\n[d](code)\n```\n[e](README.md#memory)";
    assert_eq!(links(text), ["README.md", "none.md", "README.md#memory"]);
    let document = root().join("README.md");
    assert_eq!(dead(&document, "CHANGELOG.md"), None);
    assert_eq!(dead(&document, "#memory"), None);
    assert!(dead(&document, "none.md").is_some());
    assert!(dead(&document, "#no-such-heading").is_some());
}

/// The rows of the table whose first head cell is `head`: the first cell, and the numbers in the
/// others.
fn table(text: &str, head: &str) -> Vec<(String, Vec<u32>)> {
    let start = format!("| {head} |");
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with(&start))
        .skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let (name, rest) = line.trim_start_matches('|').split_once('|').unwrap();
            let words = rest.split(|c: char| !c.is_ascii_alphanumeric());
            let numbers = words.filter_map(|word| word.parse().ok()).collect();
            (name.trim().to_owned(), numbers)
        })
        .collect()
}

#[test]
fn tables_are_read() {
    let text = "x\n| a | b |\n|---|---|\n| one | 1 to 0x2, 33 bytes |\n| two | none |\n\n| c |\n";
    let expected = [("one".to_owned(), vec![1, 33]), ("two".to_owned(), vec![])];
    assert_eq!(table(text, "a"), expected);
}

#[test]
fn ram_table_is_right() {
    use nvkv::ffi;
    let rows = table(&readme(), "keys");
    assert!(!rows.is_empty(), "README.md has no table of RAM");
    for (keys, numbers) in rows {
        let keys: u32 = keys.parse().unwrap();
        let [segments, narrow, wide] = numbers.try_into().unwrap();
        // As KV_STORE_RAM adds it up.
        let fixed = ffi::KV_RAM_BUFFERS + ffi::KV_RAM_SLACK + ffi::KV_RAM_INDEX;
        let bytes = fixed + 4 * (keys + keys / 4) + ffi::KV_RAM_SEGMENT * segments;
        assert_eq!(narrow, ffi::KV_RAM_HANDLE_32 + bytes, "32-bit, {keys} keys");
        assert_eq!(wide, ffi::KV_RAM_HANDLE_64 + bytes, "64-bit, {keys} keys");
    }
}

/// The limits of the table as macros for `tests/readme_limits.c`.
fn limits() -> String {
    let names = [
        ("key", "LIMIT_KEY"),
        ("value", "LIMIT_VALUE"),
        ("partition", "LIMIT_PARTITION_GIB"),
        ("program unit", "LIMIT_PROGRAM"),
        ("read unit", "LIMIT_READ"),
        ("open iterators", "LIMIT_ITERATORS"),
    ];
    let rows = table(&readme(), "what");
    let macros = names.map(|(row, name)| {
        let found = rows.iter().find(|(first, _)| first == row);
        let highest = found.and_then(|(_, numbers)| numbers.iter().max());
        format!(
            "#define {name} {}u\n",
            highest.unwrap_or_else(|| panic!("no limit of {row}"))
        )
    });
    macros.concat()
}

#[test]
fn limits_are_those_of_the_library() {
    let program = fs::read_to_string(root().join("tests/readme_limits.c")).unwrap();
    let right = limits();
    let printed = build_and_run("limits", &(right.clone() + &program));
    assert_eq!(printed.as_deref(), Ok("all limits hold\n"));
    let wrong = right.replace("LIMIT_KEY 1024u", "LIMIT_KEY 1000u");
    assert_ne!(wrong, right);
    assert!(build_and_run("limits-wrong", &(wrong + &program)).is_err());
}

#[test]
fn limits_of_partitions_are_right() {
    use nvkv::ffi::{KV_PARTITION_NAME_LENGTH, KV_PARTITIONS};
    let rows = table(&readme(), "what");
    let row = rows
        .iter()
        .find(|(name, _)| name == "partitions with a name");
    let numbers = [KV_PARTITIONS, 1, KV_PARTITION_NAME_LENGTH];
    assert_eq!(row.unwrap().1, numbers);
    assert!(readme().contains(&format!("Up to {KV_PARTITIONS} partitions have a name")));
}

/// The number `name` is set to in a Rust source.
fn constant(source: &str, name: &str) -> u64 {
    let line = source
        .lines()
        .find(|line| line.trim_start().starts_with(&format!("const {name}:")));
    let (_, value) = line
        .unwrap_or_else(|| panic!("no {name}"))
        .split_once('=')
        .unwrap();
    value
        .trim()
        .trim_end_matches(';')
        .replace('_', "")
        .parse()
        .unwrap()
}

#[test]
fn numbers_of_cases_are_right() {
    let tests = fs::read_to_string(root().join("tests/power_loss.rs")).unwrap();
    let soak = fs::read_to_string(root().join("xtask/src/soak.rs")).unwrap();
    let cases = constant(&tests, "CASES");
    let sentence = format!("draws some {},{:03} such cases", cases / 1000, cases % 1000);
    assert!(
        readme().contains(&sentence),
        "README.md does not say that it {sentence}"
    );
    assert!(soak.contains("default_value_t = 2_000_000"));
    for document in ["README.md", "CONTRIBUTING.md"] {
        assert!(
            fs::read_to_string(root().join(document))
                .unwrap()
                .contains("2,000,000")
        );
    }
}
