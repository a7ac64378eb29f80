//! What `include/nvkv.h` says of each function: its parameters, and the answers it lists.
//!
//! A function is a declaration at the start of a line, with its comment right above. The list of
//! answers begins with the line "Returns"; each entry is `- ANSWER[, ANSWER...]: when`, where only
//! MBED_SUCCESS and any positive number need no reason.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::expect_used,
    clippy::panic,
    reason = "a test helper; each test uses a part of it"
)]

use std::collections::BTreeSet;

/// An answer as the header names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Exactly this number.
    Number(i32),
    /// "any positive number".
    Positive,
    /// "any other number": the program's own function decides.
    Other,
}

/// A function of the header.
#[derive(Clone, Debug)]
pub struct Function {
    pub name: String,
    /// Types and names of the parameters, as they are written.
    pub parameters: Vec<(String, String)>,
    /// Empty: the comment has no list.
    pub answers: BTreeSet<Answer>,
}

impl Function {
    /// The entry of the list that this number is under.
    pub fn entry_for(&self, number: i32) -> Option<Answer> {
        let fits = |answer: &&Answer| match answer {
            Answer::Number(listed) => *listed == number,
            Answer::Positive => number > 0,
            Answer::Other => true,
        };
        // From the exact to the vague, which is the order of the variants.
        self.answers.iter().find(fits).copied()
    }
}

/// All functions that the library exports, with `statuses` for the numbers behind the names. The
/// program's own kv_init_storage_config is not among them.
pub fn functions(header: &str, statuses: &[(&str, i32)]) -> Vec<Function> {
    let mut comment = String::new();
    let mut found = Vec::new();
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        if let Some(text) = line.strip_prefix("//") {
            comment.push_str(text.strip_prefix(' ').unwrap_or(text));
            comment.push('\n');
            continue;
        }
        let starts = ["int kv_", "size_t kv_", "const char *kv_"];
        if starts.iter().any(|start| line.starts_with(start)) {
            let mut declaration = line.to_owned();
            while !declaration.ends_with(';') {
                declaration.push_str(lines.next().expect("a declaration ends").trim());
            }
            found.push(function(&declaration, &comment, statuses));
        }
        comment.clear();
    }
    found.retain(|function| function.name != "kv_init_storage_config");
    found
}

fn function(declaration: &str, comment: &str, statuses: &[(&str, i32)]) -> Function {
    let (head, rest) = declaration.split_once('(').expect("parameters");
    let name = head.rsplit([' ', '*']).next().expect("a name");
    let inside = rest.trim_end_matches(");");
    let parameters = inside.split(',').map(str::trim);
    let parameters = parameters
        .filter(|parameter| *parameter != "void")
        .map(|parameter| {
            let name = parameter.rsplit([' ', '*']).next().expect("a name");
            let kind = parameter.trim_end_matches(name).trim();
            (kind.to_owned(), name.to_owned())
        });
    Function {
        name: name.to_owned(),
        parameters: parameters.collect(),
        answers: answers(name, comment, statuses),
    }
}

/// The entries of the list, whole: what goes on in further lines is indented.
fn entries(comment: &str) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let list = comment.lines().skip_while(|line| *line != "Returns");
    for line in list.skip(1).take_while(|line| !line.is_empty()) {
        match (line.strip_prefix("- "), entries.last_mut()) {
            (Some(entry), _) => entries.push(entry.to_owned()),
            (None, Some(entry)) => entry.push_str(&line[1..]),
            (None, None) => panic!("\"{line}\" is not in the list"),
        }
    }
    entries
}

fn answers(name: &str, comment: &str, statuses: &[(&str, i32)]) -> BTreeSet<Answer> {
    let mut answers = BTreeSet::new();
    for entry in entries(comment) {
        let (names, why) = entry.split_once(": ").unwrap_or((&entry, ""));
        assert!(
            !why.is_empty() || ["MBED_SUCCESS", "any positive number"].contains(&names),
            "{name}: \"{entry}\" does not say when"
        );
        for answer in names.split(", ") {
            let is_new = answers.insert(answer_of(name, answer, statuses));
            assert!(is_new, "{name}: {answer} stands twice");
        }
    }
    answers
}

fn answer_of(name: &str, answer: &str, statuses: &[(&str, i32)]) -> Answer {
    let status = statuses
        .iter()
        .find(|(known, _)| known.trim_end_matches('\0') == answer);
    match (answer, status) {
        (_, Some((_, number))) => Answer::Number(*number),
        ("any positive number", _) => Answer::Positive,
        ("any other number", _) => Answer::Other,
        _ => {
            Answer::Number(answer.parse().unwrap_or_else(|_| {
                panic!("{name}: \"{answer}\" is neither a status nor a number")
            }))
        }
    }
}
