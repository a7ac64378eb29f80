//! What the functions of the C ABI answer, against what `include/nvkv.h` says that they answer.
//!
//! The C programs note every answer they get (`tests/c/record.h`). An answer that is not listed
//! fails, and so does one that is listed and that nothing provokes. The table of misuse
//! (`tests/c/misuse.h`) must have rows for each function and each parameter.

#![expect(clippy::expect_used, reason = "test helpers")]

#[path = "c/build.rs"]
mod build;
#[path = "header/documented.rs"]
mod documented;
#[path = "c/programs.rs"]
mod programs;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
    sync::LazyLock,
};

use documented::{Answer, Function};
use nvkv::ffi::status::{self, STATUSES};
use programs::{COMMON, PORTS, PROGRAMS, Program, THREADS};

static FUNCTIONS: LazyLock<Vec<Function>> =
    LazyLock::new(|| documented::functions(include_str!("../include/nvkv.h"), STATUSES));

/// Built for `test`: two tests must not build one file.
fn built(test: &str, program: &Program) -> PathBuf {
    let sources: Vec<_> = program.sources.iter().chain([&COMMON]).collect();
    let sources: Vec<_> = sources
        .iter()
        .map(|name| format!("tests/c/{name}"))
        .collect();
    let sources: Vec<_> = sources.iter().map(String::as_str).collect();
    build::program(&format!("{test}_{}", program.name), &sources, &["-O1"])
}

/// A function and what it answered.
type Answers = BTreeMap<String, BTreeSet<i32>>;

fn read(text: &str) -> Answers {
    let mut answers = Answers::new();
    for line in text.lines() {
        let (function, number) = line.split_once(' ').expect("a function and a number");
        let number = number.parse().expect("a number");
        answers
            .entry(function.to_owned())
            .or_default()
            .insert(number);
    }
    answers
}

fn provoked() -> Answers {
    let file = build::folder().join("answers.txt");
    let _not_there = fs::remove_file(&file);
    for program in PROGRAMS.iter().chain([&THREADS]) {
        let path = built("answers", program);
        // Threads provoke nothing that the others do not: a few are enough.
        let runs = match program.name {
            "threads" => program.brief.unwrap_or(program.runs),
            _ => program.runs,
        };
        for arguments in runs {
            let mut command = Command::new(&path);
            command.args(*arguments).env("NVKV_ANSWERS", &file);
            let output = command.output().expect("the program runs");
            build::assert_success(program.name, &output);
        }
    }
    read(&fs::read_to_string(&file).expect("answers were noted"))
}

fn shown(answer: Answer) -> String {
    match answer {
        Answer::Number(number) => {
            let named = STATUSES.iter().find(|(_, known)| *known == number);
            named.map_or(number.to_string(), |(name, _)| {
                name.trim_end_matches('\0').to_owned()
            })
        }
        Answer::Positive => "any positive number".to_owned(),
        Answer::Other => "any other number".to_owned(),
    }
}

/// What is listed and not provoked, and the other way round.
fn differences(functions: &[Function], provoked: &Answers) -> Vec<String> {
    let mut found = Vec::new();
    for function in functions {
        let name = &function.name;
        let numbers = provoked.get(name).into_iter().flatten();
        let mut missing = function.answers.clone();
        for number in numbers {
            match function.entry_for(*number) {
                Some(entry) => drop(missing.remove(&entry)),
                None => found.push(format!(
                    "{name} answers {}, which the header does not list",
                    shown(Answer::Number(*number))
                )),
            }
        }
        found.extend(
            missing
                .into_iter()
                .map(|answer| format!("{name}: no test provokes {}", shown(answer))),
        );
    }
    let known = |name: &String| functions.iter().any(|function| function.name == *name);
    let unknown = provoked.keys().filter(|name| !known(name));
    found.extend(unknown.map(|name| format!("{name} is not in the header")));
    found
}

#[test]
fn answers_are_those_of_the_header() {
    let differences = differences(&FUNCTIONS, &provoked());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// Each function has a list, but for the one that returns a text.
#[test]
fn every_function_lists_its_answers() {
    assert!(FUNCTIONS.len() > 40, "the header is read");
    for function in FUNCTIONS.iter() {
        let has_list = !function.answers.is_empty();
        assert_eq!(
            has_list,
            function.name != "kv_error_name",
            "{}",
            function.name
        );
    }
}

#[test]
fn differences_are_found() {
    let header = "// Does.\n//\n// Returns\n// - MBED_SUCCESS\n\
                  // - MBED_ERROR_NOT_READY, MBED_ERROR_MEDIA_FULL: it\n//   is\n\
                  // - any positive number: so many\nint kv_do(void *what,\n          int how);\n";
    let functions = documented::functions(header, STATUSES);
    let [function] = &functions[..] else {
        panic!("one function: {functions:?}");
    };
    let parameters: Vec<_> = function.parameters.iter().map(|(_, name)| name).collect();
    assert_eq!(parameters, ["what", "how"]);
    let mut all = Answers::new();
    let numbers = [
        0,
        status::MBED_ERROR_NOT_READY,
        status::MBED_ERROR_MEDIA_FULL,
        3,
        4,
    ];
    all.insert("kv_do".to_owned(), numbers.into());
    assert_eq!(differences(&functions, &all), [""; 0]);
    all.insert("kv_do".to_owned(), [0, -1, 3].into());
    assert_eq!(
        differences(&functions, &all).len(),
        3,
        "one more and two missing"
    );
    all.insert("kv_other".to_owned(), [0].into());
    assert_eq!(differences(&functions, &all).len(), 4);
}

/// Cases that a parameter must have, by its type and name.
fn cases_of(kind: &str, name: &str) -> Vec<String> {
    let mut cases = Vec::new();
    let is_handle = ["kv_set_handle_t", "kv_iterator_t"].contains(&kind);
    if kind.ends_with('*') || is_handle {
        cases.push("null");
    }
    if is_handle {
        cases.extend(["garbage", "stale", "earlier", "foreign"]);
    } else if kind == "kv_store_t *" {
        cases.extend(["unaligned", "zeroed", "garbage", "copied", "closed"]);
    } else if kind == "const char *" {
        cases.extend(["empty", "unterminated"]);
    } else if kind.ends_with('*') && !["void *", "const void *", "char *"].contains(&kind) {
        cases.push("unaligned");
    }
    match (kind, name) {
        ("size_t", _) | ("uint32_t", "budget") => cases.extend(["zero", "huge"]),
        ("uint32_t", _) => cases.extend(["unknown", "huge"]),
        _ => {}
    }
    cases.iter().map(|case| format!("{case}_{name}")).collect()
}

/// Those of a function as a whole: where a call may come from, and what may be closed before it.
fn cases_of_function(function: &Function) -> Vec<String> {
    let named = |wanted: &[&str]| {
        let mut names = function.parameters.iter().map(|(_, name)| name.as_str());
        names.any(|name| wanted.contains(&name))
    };
    let opens = ["kv_store_open", "kv_store_format", "kv_store_required_ram"];
    let mut cases = Vec::new();
    if opens.contains(&function.name.as_str()) {
        cases.push("from_flash");
    } else if function.name.starts_with("kv_store_") || named(&["name"]) {
        cases.extend(["from_flash", "from_lock", "mutex_refuses", "closed_store"]);
    } else if named(&[
        "full_name_key",
        "full_prefix",
        "kvstore_path",
        "handle",
        "it",
    ]) {
        cases.extend([
            "from_flash",
            "from_lock",
            "mutex_refuses",
            "closed_store",
            "after_detach",
        ]);
    }
    if named(&["ram_size"]) {
        cases.push("short_ram_size");
    }
    cases.into_iter().map(str::to_owned).collect()
}

/// What a table with these rows lacks.
fn missing_rows(functions: &[Function], rows: &BTreeSet<(&str, &str)>) -> Vec<String> {
    let mut missing = Vec::new();
    for function in functions {
        let name = function.name.as_str();
        let parameters = function.parameters.iter();
        let of_parameters = parameters.flat_map(|(kind, name)| cases_of(kind, name));
        for case in of_parameters.chain(cases_of_function(function)) {
            if !rows.contains(&(name, case.as_str())) {
                missing.push(format!("{name} {case}"));
            }
        }
        if !rows.iter().any(|(of, _)| *of == name) {
            missing.push(format!("{name}: no row at all"));
        }
    }
    missing
}

/// No function and no parameter is without its rows, and no row without its function.
#[test]
fn the_table_of_misuse_is_complete() {
    let misuse = PROGRAMS.iter().find(|program| program.name == "misuse");
    let program = built("table", misuse.expect("it is listed"));
    let listed = build::run(&program, &["--list"]);
    let lines = listed.lines();
    let rows: BTreeSet<(&str, &str)> = lines.filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(rows.len(), listed.lines().count(), "a row stands twice");
    let missing = missing_rows(&FUNCTIONS, &rows);
    assert!(missing.is_empty(), "no rows for\n{}", missing.join("\n"));
    for (function, _) in rows {
        let is_known = FUNCTIONS.iter().any(|known| known.name == function);
        assert!(is_known, "{function}");
    }
}

#[test]
fn missing_rows_are_found() {
    let missing = missing_rows(&FUNCTIONS, &BTreeSet::new());
    for expected in [
        "kv_store_get null_buffer",
        "kv_store_get huge_buffer_size",
        "kv_store_get unaligned_actual_size",
        "kv_store_get closed_store",
        "kv_store_get from_flash",
        "kv_set_finalize earlier_handle",
        "kv_store_iterator_next garbage_it",
        "kv_set unknown_create_flags",
        "kv_store_open short_ram_size",
        "kv_error_name: no row at all",
    ] {
        assert!(missing.iter().any(|row| row == expected), "{expected}");
    }
}

/// Every C file with a `main` is run by some test.
#[test]
fn no_program_is_left_out() {
    let elsewhere = ["beside_mbed.c", "empty.c", "planted.c"];
    let listed: BTreeSet<&str> = PROGRAMS
        .iter()
        .chain([&THREADS])
        .chain(&PORTS)
        .flat_map(|program| program.sources.iter().copied())
        .chain(elsewhere)
        .collect();
    let folder = build::root().join("tests/c");
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name");
        let text = fs::read_to_string(&path).expect("text");
        let is_program = name.ends_with(".c") && text.contains("\nint main(");
        assert!(
            !is_program || listed.contains(name),
            "{name} is not in programs.rs"
        );
    }
}
