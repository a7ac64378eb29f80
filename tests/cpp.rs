//! Mbed's C++ headers as C++ programs see them: the programs of `tests/cpp`, linked with the
//! archive that ships, by both compilers and for each standard from C++11 on; alone, and inside a
//! tree that stands for Mbed's, with and without Mbed's own classes in the program.
#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
#[expect(dead_code, reason = "some of it is for C programs")]
mod build;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use build::{assert_success, root};

const WARNINGS: [&str; 8] = [
    "-Wall",
    "-Wextra",
    "-pedantic",
    "-Wshadow",
    "-Wundef",
    "-Werror",
    "-fno-exceptions",
    "-fno-rtti",
];
const SANITIZERS: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// A program of the suite: its sources and the arguments of its runs.
struct Program {
    name: &'static str,
    sources: &'static [&'static str],
    runs: &'static [&'static [&'static str]],
}

const SUITE: [Program; 8] = [
    Program {
        name: "flat",
        sources: &["flat"],
        runs: &[&[]],
    },
    Program {
        name: "without_flash",
        sources: &["without_flash"],
        runs: &[&[]],
    },
    Program {
        name: "stores",
        sources: &["phase1", "phase2", "module", "tdbstore", "devices"],
        runs: &[&[]],
    },
    Program {
        name: "map",
        sources: &["map"],
        runs: &[&[]],
    },
    Program {
        name: "global",
        sources: &["global", "flash"],
        runs: &[&[]],
    },
    Program {
        name: "nvstore",
        sources: &["nvstore", "flash"],
        runs: &[&[]],
    },
    Program {
        name: "preferences",
        sources: &["preferences", "flash"],
        runs: &[&[]],
    },
    Program {
        name: "owner",
        sources: &["owner", "flash"],
        runs: &[&["tdbstore_first"], &["nvstore_first"]],
    },
];

const THREADS: [Program; 2] = [
    Program {
        name: "threads",
        sources: &["threads", "flash"],
        runs: &[&[]],
    },
    Program {
        name: "nvstore_threads",
        sources: &["nvstore_threads", "flash"],
        runs: &[&[]],
    },
];

/// What `ports` has for Mbed.
const PORTS: Program = Program {
    name: "ports",
    sources: &["ports", "flash"],
    runs: &[&[]],
};

/// Macros of mbed_app.json, and what the first call is to return and to make of them.
const CONFIGURATIONS: [&[&str]; 12] = [
    &[
        "CONFIG_CASE=config_bounds_by_size",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(3*16384)",
        "CONFIG_START=(FLASH_START+13*FLASH_SECTOR)",
        "CONFIG_SIZE=(3*FLASH_SECTOR)",
    ],
    &[
        "CONFIG_CASE=config_bounds",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(4*16384)",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS=(0x08000000+5*16384)",
        "MBED_CONF_STORAGE_DEFAULT_KV=settings",
        "CONFIG_START=(FLASH_START+5*FLASH_SECTOR)",
        "CONFIG_SIZE=(4*FLASH_SECTOR)",
    ],
    &[
        "CONFIG_CASE=config_bounds_not_whole_sectors",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=10000",
        "CONFIG_STATUS=MBED_ERROR_INVALID_SIZE",
        "CONFIG_BOUNDS=MBED_ERROR_INVALID_SIZE",
    ],
    &[
        "CONFIG_CASE=config_bounds_beyond_the_flash",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(4*16384)",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS=(0x08000000+15*16384)",
        "CONFIG_STATUS=MBED_ERROR_INVALID_SIZE",
        "CONFIG_BOUNDS=MBED_ERROR_INVALID_SIZE",
    ],
    &[
        "CONFIG_CASE=config_bounds_in_the_program",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(4*16384)",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS=(0x08000000+3*16384)",
        "CONFIG_STATUS=MBED_ERROR_MEDIA_FULL",
        "CONFIG_BOUNDS=MBED_ERROR_MEDIA_FULL",
    ],
    // A base address may be before the program.
    &[
        "CONFIG_CASE=config_bounds_before_the_program",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(3*16384)",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS=0x08000000",
        "CONFIG_START=FLASH_START",
        "CONFIG_SIZE=(3*FLASH_SECTOR)",
    ],
    &[
        "CONFIG_CASE=config_bounds_to_the_end",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS=(0x08000000+12*16384)",
        "CONFIG_START=(FLASH_START+12*FLASH_SECTOR)",
        "CONFIG_SIZE=(4*FLASH_SECTOR)",
    ],
    // All of the flash but a sector: the program is in it.
    &[
        "CONFIG_CASE=config_bounds_over_the_program",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=(15*16384)",
        "CONFIG_STATUS=MBED_ERROR_MEDIA_FULL",
        "CONFIG_BOUNDS=MBED_ERROR_MEDIA_FULL",
    ],
    // 14 pages are 7 sectors: not a multiple of two. nvkv wants larger segments there.
    &[
        "CONFIG_CASE=config_default_in_pages",
        "FLASH_SHAPE=1024,512",
        "CONFIG_STATUS=MBED_ERROR_INVALID_ARGUMENT",
        "CONFIG_BOUNDS=MBED_ERROR_MEDIA_FULL",
        "CONFIG_DEFAULT_SIZE=(8*FLASH_SECTOR)",
    ],
    &[
        "CONFIG_CASE=config_bounds_of_one_sector",
        "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE=16384",
        "CONFIG_STATUS=MBED_ERROR_INVALID_ARGUMENT",
    ],
    &[
        "CONFIG_CASE=config_tdb_external",
        "MBED_CONF_STORAGE_STORAGE_TYPE=TDB_EXTERNAL",
        "CONFIG_BOUNDS=MBED_ERROR_MEDIA_FULL",
        "CONFIG_STATUS=MBED_ERROR_UNSUPPORTED",
    ],
    &[
        "CONFIG_CASE=config_of_the_program",
        "MBED_CONF_STORAGE_STORAGE_TYPE=own",
        "CONFIG_OWN=1",
        // A name that is not one of Mbed's is no macro.
        "-Wno-undef",
        "CONFIG_STATUS=4711",
        "CONFIG_BOUNDS=MBED_ERROR_MEDIA_FULL",
    ],
];

fn source(name: &str) -> PathBuf {
    root().join("tests/cpp").join(name)
}

/// A compiler that warns of everything. Both must be there: a machine that lacks one is told what
/// to install, and no test is left out.
fn compiler(name: &str, standard: &str) -> Command {
    let there = Command::new(name).arg("--version").output();
    assert!(
        there.is_ok(),
        "{name} is missing: apt-get install g++ clang"
    );
    let mut command = Command::new(name);
    command.arg(format!("-std={standard}")).arg("-g");
    command.args(WARNINGS);
    command.arg("-I").arg(root().join("tests/c"));
    command
}

/// `tests/c/chip.c`, which is C.
fn chip(options: &[&str]) -> PathBuf {
    let options: Vec<_> = options
        .iter()
        .filter(|option| option.starts_with("-f"))
        .collect();
    let object = build::folder().join(format!("cpp-chip-{}.o", options.len()));
    let mut command = Command::new(build::compiler());
    command.args(["-std=c99", "-g", "-c"]).args(&options);
    command.arg("-I").arg(root().join("include"));
    command.arg(root().join("tests/c/chip.c"));
    // Tests run side by side: each writes its own, and the last one stays.
    let own = object.with_extension(format!("{:?}.o", std::thread::current().id()));
    let output = command.arg("-o").arg(&own).output().expect("it runs");
    assert_success("chip.c", &output);
    fs::rename(&own, &object).expect("the folder can be written");
    object
}

/// Links what the command compiles with the archive.
fn link(what: &str, mut command: Command, objects: &[&Path]) -> PathBuf {
    let program = build::folder().join(format!("cpp-{what}"));
    command.args(["-xnone"]).args(objects).arg(&*build::ARCHIVE);
    command
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program);
    let output = command.output().expect("the compiler runs");
    assert_success(&format!("compiling {what}"), &output);
    program
}

/// Builds a program for Mbed's classes alone and runs it; the names of the tests that held.
fn check(program: &Program, cpp: &str, standard: &str, options: &[&str]) -> BTreeSet<String> {
    let name = format!("{}-{cpp}-{standard}-{}", program.name, options.len());
    let mut command = compiler(cpp, standard);
    command.args(options);
    command.arg("-I").arg(root().join("include/mbed"));
    for each in program.sources.iter().chain(&["check"]) {
        command.arg(source(&format!("{each}.cpp")));
    }
    let built = link(&name, command, &[&chip(options)]);
    let runs = program.runs.iter();
    runs.flat_map(|arguments| held(&build::run(&built, arguments)))
        .collect()
}

/// The tests that a program says held.
fn held(printed: &str) -> BTreeSet<String> {
    let names = printed.lines().filter_map(|line| line.strip_prefix("ok "));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    assert!(!names.is_empty(), "no test ran: {printed}");
    names
}

fn suite(cpp: &str, standard: &str, options: &[&str]) -> BTreeSet<String> {
    let programs = SUITE.iter();
    programs
        .flat_map(|program| check(program, cpp, standard, options))
        .collect()
}

/// The whole suite, once for all tests that look at it.
static FIRST: LazyLock<BTreeSet<String>> = LazyLock::new(|| suite("g++", "c++11", &[]));

/// What the programs with threads say.
static THREADED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let programs = THREADS.iter();
    programs
        .flat_map(|program| check(program, "g++", "c++11", &["-O1"]))
        .collect()
});

/// The configurations, each a program of its own.
static CONFIGURED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let program = Program {
        name: "config",
        sources: &["config", "flash"],
        runs: &[&[]],
    };
    let each = CONFIGURATIONS.iter().flat_map(|macros| {
        // What is the same for most of them.
        let defaults = ["CONFIG_STATUS=MBED_SUCCESS", "CONFIG_BOUNDS=MBED_SUCCESS"];
        let name_of = |text: &&str| text.split('=').next().map(str::to_owned);
        let given: Vec<_> = macros.iter().map(name_of).collect();
        let missing = defaults
            .iter()
            .filter(|text| !given.contains(&name_of(text)));
        let options: Vec<_> = macros
            .iter()
            .chain(missing)
            .map(|text| format!("-D{text}").replace("-D-", "-"))
            .collect();
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        check(&program, "g++", "c++11", &options)
    });
    each.collect()
});

#[test]
fn configurations() {
    assert_eq!(CONFIGURED.len(), CONFIGURATIONS.len());
}

#[test]
fn gcc_cpp11() {
    assert!(FIRST.len() > 100);
}

#[test]
fn gcc_cpp14() {
    suite("g++", "c++14", &[]);
}

#[test]
fn gcc_cpp17() {
    suite("g++", "c++17", &[]);
}

#[test]
fn gcc_cpp20() {
    suite("g++", "c++20", &[]);
}

#[test]
fn clang_cpp11() {
    suite("clang++", "c++11", &[]);
}

#[test]
fn clang_cpp14() {
    suite("clang++", "c++14", &[]);
}

#[test]
fn clang_cpp17() {
    suite("clang++", "c++17", &[]);
}

#[test]
fn clang_cpp20() {
    suite("clang++", "c++20", &[]);
}

/// Under AddressSanitizer and UBSan.
#[test]
fn sanitized() {
    assert_eq!(suite("g++", "c++11", &SANITIZERS), *FIRST);
}

#[test]
fn threads() {
    assert!(THREADED.len() >= 11);
    check(&THREADS[0], "clang++", "c++20", &["-O1"]);
}

/// Where the headers for Mbed are in `ports`.
fn ports() -> [String; 2] {
    ["lock", "flash"].map(|name| format!("-I{}", root().join("ports").join(name).display()))
}

#[test]
fn ready_locks_and_flash() {
    let ports = ports();
    let options = ["-O1", &ports[0], &ports[1]];
    assert_eq!(check(&PORTS, "g++", "c++11", &options).len(), 6);
    assert_eq!(check(&PORTS, "clang++", "c++20", &options).len(), 6);
}

/// Each test that a row of coverage.md names ran and held; and each row of contract has a test, or
/// says why there is none.
#[test]
fn each_row_of_the_contract_has_its_test() {
    let text = fs::read_to_string(source("coverage.md")).expect("tests/cpp/coverage.md");
    let ran: BTreeSet<&String> = FIRST.iter().chain(&*THREADED).chain(&*CONFIGURED).collect();
    let mut rows = 0;
    for line in text.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [row, tests] = cells[..] else {
            panic!("coverage.md: not two cells: {line}");
        };
        if tests.starts_with("---") || tests == "tests" {
            continue;
        }
        rows += 1;
        if let Some(reason) = tests.strip_prefix("not applicable: ") {
            assert!(reason.len() > 8, "{row}: no reason");
            continue;
        }
        let names: Vec<_> = tests
            .split(", ")
            .map(|name| name.trim_matches('`'))
            .collect();
        assert!(!names.is_empty(), "{row}: no test");
        for name in names {
            assert!(
                ran.contains(&name.to_owned()),
                "{row}: `{name}` did not run"
            );
        }
    }
    assert!(rows > 150, "{rows} rows only");
}

/// The tests that the document of the differences names ran and held.
#[test]
fn each_difference_has_its_test() {
    let document = root().join("docs/mbed-differences.md");
    let text = fs::read_to_string(document).expect("docs/mbed-differences.md");
    let ran: BTreeSet<&String> = FIRST.iter().chain(&*THREADED).chain(&*CONFIGURED).collect();
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let mut named = 0;
    for line in rows {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [.., last] = cells[..] else { continue };
        let is_test = cells.len() == 4 && last.starts_with('`');
        let is_row = cells.len() == 4 && !last.starts_with("---") && last != "test";
        assert!(
            is_test || !is_row || last.starts_with("none: "),
            "no test and no reason: {line}"
        );
        for name in last.split('`').skip(1).step_by(2).filter(|_| is_test) {
            assert!(
                ran.contains(&name.to_owned()),
                "`{name}` did not run: {line}"
            );
            named += 1;
        }
    }
    assert!(named > 35, "{named} tests only");
}

/// The C++ code of docs/from-mbed.md, in one program: with mutexes of another system's.
#[test]
fn the_guide_compiles() {
    let text = fs::read_to_string(root().join("docs/from-mbed.md")).expect("docs/from-mbed.md");
    let blocks: Vec<_> = text
        .split("```cpp\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let [config, flash, device, mutex] = blocks[..] else {
        panic!("{} blocks", blocks.len());
    };
    let system = "typedef void *SemaphoreHandle_t;\n\
        extern \"C\" SemaphoreHandle_t xSemaphoreCreateRecursiveMutex();\n\
        extern \"C\" void xSemaphoreTakeRecursive(SemaphoreHandle_t, unsigned);\n\
        extern \"C\" void xSemaphoreGiveRecursive(SemaphoreHandle_t);\n\
        extern \"C\" void *xTaskGetCurrentTaskHandle();\n\
        extern \"C\" void vTaskDelay(unsigned);\n\
        const unsigned portMAX_DELAY = 0;\n\
        inline unsigned pdMS_TO_TICKS(unsigned ms) { return ms; }\n";
    let ours = "#include \"TDBStore.h\"\nextern kv_flash_t my_flash;\n";
    let program = [system, mutex, config, ours, flash, device].concat();
    for cpp in ["g++", "clang++"] {
        let mut command = compiler(cpp, "c++11");
        command.arg("-I").arg(root().join("include/mbed"));
        compiles(&format!("guide-{cpp}.cpp"), command, &program);
    }
}

/// The C++ code of docs/arduino.md that is no sketch: the step `Arduino library` of `cargo xtask
/// test` runs those.
#[test]
fn the_guide_for_arduino_compiles() {
    let text = fs::read_to_string(root().join("docs/arduino.md")).expect("docs/arduino.md");
    let blocks: Vec<_> = text
        .split("```cpp\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| !block.contains("void setup()"))
        .collect();
    assert_eq!(blocks.len(), 2);
    for (cpp, standard) in [("g++", "c++11"), ("clang++", "c++20")] {
        for (number, block) in blocks.iter().enumerate() {
            let mut command = compiler(cpp, standard);
            command.arg("-I").arg(root().join("include/mbed"));
            compiles(&format!("arduino-{number}-{cpp}.cpp"), command, block);
        }
    }
}

/// The two stand-ins for Mbed's trees, before and behind nvkv's headers.
#[test]
fn inside_mbed() {
    let nvkv = root().join("include/mbed");
    for (cpp, standard) in [("g++", "c++11"), ("g++", "c++20"), ("clang++", "c++14")] {
        for tree in ["mbed5", "mbed6"] {
            let tree_path = source(tree);
            for (order, first, second) in
                [("behind", &nvkv, &tree_path), ("before", &tree_path, &nvkv)]
            {
                let mut command = compiler(cpp, standard);
                command.arg("-I").arg(first).arg("-I").arg(second);
                command.arg(source("inside.cpp")).arg(source("check.cpp"));
                let name = format!("inside-{cpp}-{standard}-{tree}-{order}");
                let printed = build::run(&link(&name, command, &[]), &[]);
                assert_eq!(held(&printed).len(), 2, "{name}");
            }
        }
    }
}

/// With Mbed's flash of the chip and Mbed's operating system: the default configuration, NVStore,
/// and threads. And its bare-metal profile, in which the names of that system are, but not it.
#[test]
fn inside_mbed_with_its_flash_and_threads() {
    let trees = ["mbed6", "mbed6_flash", "mbed6_rtos", ""].map(source);
    let system: [&str; 3] = [
        "-DDEVICE_FLASH=1",
        "-DMBED_CONF_RTOS_API_PRESENT=1",
        "-DMBED_CONF_RTOS_PRESENT=1",
    ];
    let ports = ports();
    let with_ports = [system[0], system[1], system[2], &ports[0], &ports[1]];
    let cases: [(&str, &[&str], &[&str], usize); 5] = [
        ("global", &["global", "flash", "rtos"], &system, 30),
        ("nvstore", &["nvstore", "flash"], &system, 8),
        ("threads", &["threads", "flash", "rtos"], &system, 9),
        ("ports", &["ports", "flash", "rtos"], &with_ports, 7),
        ("bare-metal", &["global", "flash"], &system[..2], 29),
    ];
    for (name, sources, options, tests) in cases {
        let mut command = compiler("g++", "c++14");
        command.args(options);
        command.arg("-I").arg(root().join("include/mbed"));
        for tree in &trees {
            command.arg("-I").arg(tree);
        }
        for each in sources.iter().chain(&["check"]) {
            command.arg(source(&format!("{each}.cpp")));
        }
        let program = link(&format!("inside-{name}"), command, &[&chip(&[])]);
        let ran = held(&build::run(&program, &[])).len();
        assert!(ran >= tests, "{name}: {ran} tests only");
    }
}

/// No test lies about that nothing runs.
#[test]
fn each_source_is_compiled() {
    let here = include_str!("cpp.rs");
    let mut sources = 0;
    for entry in fs::read_dir(source("")).expect("tests/cpp") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|ending| ending == "cpp") {
            let name = path.file_stem().expect("a name").to_string_lossy();
            let is_named = ["\"", ".cpp\""]
                .iter()
                .any(|end| here.contains(&format!("\"{name}{end}")));
            assert!(is_named, "tests/cpp/{name}.cpp is in no program");
            sources += 1;
        }
    }
    assert!(sources > 15, "{sources} sources only");
}

/// With Mbed's own TDBStore, KVMap and kv_set in the program, linked as a whole and first, as in
/// Arduino's cores, or last.
#[test]
fn beside_mbeds_library() {
    for (cpp, standard) in [("g++", "c++11"), ("clang++", "c++17")] {
        let trees = [source("mbed6"), source("mbed6_kvstore")];
        let mut library = compiler(cpp, standard);
        let object = build::folder().join(format!("cpp-mbed-library-{cpp}.o"));
        for tree in &trees {
            library.arg("-I").arg(tree);
        }
        library.arg("-c").arg(source("mbed_library.cpp"));
        let output = library.arg("-o").arg(&object).output().expect("it runs");
        assert_success("mbed_library.cpp", &output);
        for order in ["first", "last"] {
            let mut command = compiler(cpp, standard);
            command.arg("-DMBED_LIBRARY");
            command.arg("-I").arg(root().join("include/mbed"));
            for tree in &trees {
                command.arg("-I").arg(tree);
            }
            // An object file is what `--whole-archive` makes of a library.
            if order == "first" {
                command.arg(&object);
            }
            command.arg(source("inside.cpp")).arg(source("check.cpp"));
            let last: &[&Path] = if order == "last" { &[&object] } else { &[] };
            let name = format!("beside-{cpp}-{order}");
            assert_eq!(held(&build::run(&link(&name, command, last), &[])).len(), 2);
        }
    }
}

/// All public headers: by both spellings of Mbed's.
fn headers() -> Vec<String> {
    let folder = root().join("include/mbed");
    let mut found = Vec::new();
    let mut waiting = vec![folder.clone()];
    while let Some(path) = waiting.pop() {
        for entry in fs::read_dir(&path).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("nvkv") {
                waiting.push(path);
            } else if path.extension().is_some_and(|ending| ending == "h") {
                let name = path.strip_prefix(&folder).expect("inside");
                found.push(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    assert!(found.len() > 25, "{found:?}");
    found
}

fn compiles(what: &str, mut command: Command, text: &str) {
    let file = build::folder().join(format!("cpp-header-{what}"));
    fs::write(&file, text).expect("the folder can be written");
    let output = command.arg("-fsyntax-only").arg(&file).output();
    assert_success(&format!("{what}: {text}"), &output.expect("it runs"));
}

/// Each header alone, all of them in one file, and from the folder above.
#[test]
fn each_header_can_come_first() {
    let headers = headers();
    let with = |cpp, standard, folder| {
        let mut command = compiler(cpp, standard);
        command.arg("-I").arg(root().join(folder));
        command
    };
    for name in &headers {
        let text = format!("#include \"{name}\"\n");
        compiles("alone.cpp", with("g++", "c++11", "include/mbed"), &text);
    }
    let lines = |prefix: &str| -> String {
        let each = headers.iter().rev();
        each.map(|name| format!("#include \"{prefix}{name}\"\n"))
            .collect()
    };
    for (cpp, standard) in [("g++", "c++20"), ("clang++", "c++11"), ("clang++", "c++20")] {
        compiles("all.cpp", with(cpp, standard, "include/mbed"), &lines(""));
        compiles("above.cpp", with(cpp, standard, "include"), &lines("mbed/"));
    }
}

/// What programs in C include.
#[test]
fn headers_for_c() {
    for name in [
        "mbed_error.h",
        "kvstore_global_api.h",
        "kv_config.h",
        "nvkv.h",
    ] {
        for compiler in ["cc", "clang"] {
            let mut command = Command::new(compiler);
            command.args([
                "-std=c99",
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
                "-Wundef",
            ]);
            command.arg("-I").arg(root().join("include/mbed"));
            let text = format!(
                "#include \"{name}\"\n#include \"kvstore_global_api/kvstore_global_api.h\"\n\
                 int f(kv_info_t *i);\nint f(kv_info_t *i) {{\n    struct info *same = i;\n    \
                 return kv_get_info(\"key\", same) == MBED_ERROR_ITEM_NOT_FOUND;\n}}\n"
            );
            compiles(&format!("{compiler}.c"), command, &text);
        }
    }
}

/// Builds a sketch as an Arduino core does, and runs it twice on one flash.
fn sketch(name: &str) -> [String; 2] {
    let mut command = Command::new("g++");
    command.args([
        "-std=gnu++14",
        "-g",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-fno-rtti",
    ]);
    command.args(["-fno-exceptions", "-include", "Arduino.h"]);
    for folder in [
        "tests/cpp/arduino",
        "tests/cpp/sketches",
        "tests/c",
        "include/mbed",
    ] {
        command.arg("-I").arg(root().join(folder));
    }
    command
        .arg("-xc++")
        .arg(source(&format!("sketches/{name}.ino")));
    command.arg(source("arduino/main.cpp"));
    let program = link(name, command, &[&chip(&[])]);
    let flash = build::folder().join(format!("cpp-{name}.img"));
    let _ = fs::remove_file(&flash);
    let flash = flash.to_str().expect("a path");
    [
        build::run(&program, &[flash]),
        build::run(&program, &[flash]),
    ]
}

#[test]
fn sketch_run_log() {
    let [first, second] = sketch("RunLog");
    assert!(first.starts_with("size 1572864\nread 1\nprogram 32\nerase 131072\nstore ready\n"));
    assert!(first.contains("first run\nthis run\n"), "{first}");
    assert!(
        second.contains("last run\n  boot millis: 42\n  runs: 1\n"),
        "{second}"
    );
    assert!(
        second.ends_with("this run\n  boot millis: 42\n  runs: 2\n"),
        "{second}"
    );
}

#[test]
fn sketch_samples() {
    for printed in sketch("Samples") {
        assert!(printed.starts_with("series are right\n"), "{printed}");
        for line in ["series_a 1000\n", "series_b 1000\n"] {
            assert!(printed.contains(line), "{printed}");
        }
        assert!(printed.ends_with("2 series\nremoved\n"), "{printed}");
    }
}
