//! What the workloads cost: flash operations, bytes, wear and RAM, as the committed snapshot
//! `tests/costs.snap`. Everything is deterministic, so any change in it was made by a change of
//! the code: `NVKV_UPDATE=1 cargo test --features sim --test costs` writes it anew.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;
mod workloads;

use std::{fmt::Write as _, fs, path::Path, sync::Mutex};

use common::{IndexSize, in_parallel};
use workloads::{Cost, Kind, Machine, Plan, machines, plans};

const HEAD: &str = "\
What each workload costs. Written by `NVKV_UPDATE=1 cargo test --features sim --test costs`.

  set       bytes programmed, reads and bytes read per set or remove; erases of the whole run
  worst     the most programs, bytes programmed and erases of any one set
  wear      least and most erases of a segment
  get       reads and bytes read per get of a key that exists
  miss      the same for a key that does not exist
  mount     reads and bytes read of the mount behind it
  ram       bytes lent to the store
  updates   sets or removes measured: fewer where the index is small, which takes long to run

Rows with an index of `half`, `eighth` or `none` lend so much of the table that all keys need.
";

/// Cost per operation with two places.
fn per(total: u64, operations: u64) -> String {
    let hundredths = (total * 100 + operations / 2)
        .checked_div(operations)
        .unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn row(plan: &Plan, cost: &Cost) -> String {
    let index = match plan.index {
        IndexSize::Full => "",
        IndexSize::Half => " half",
        IndexSize::Eighth => " eighth",
        IndexSize::None => " none",
    };
    let mut row = format!("  {}{index}:", plan.name);
    let mut part = |text: String| {
        let _infallible = write!(row, " {text}");
    };
    if let Kind::Capacity { value } = plan.kind {
        part(format!(
            "{} keys of 13+{value} bytes, {} % of the flash, ram {}",
            cost.done,
            per(cost.done * (13 + u64::from(value)) * 100, cost.size),
            cost.ram
        ));
        return row;
    }
    let set = &cost.set;
    part(format!(
        "set {} B, {} reads, {} B read, {} erases;",
        per(set.program_bytes, cost.done),
        per(set.reads, cost.done),
        per(set.read_bytes, cost.done),
        set.erases
    ));
    let [programs, bytes, erases] = cost.worst;
    part(format!(
        "worst {programs} programs, {bytes} B, {erases} erases;"
    ));
    part(format!("wear {}..{};", cost.wear.0, cost.wear.1));
    let (gets, misses) = (&cost.get, &cost.miss);
    if gets.0 > 0 {
        part(format!(
            "get {} reads, {} B;",
            per(gets.1.reads, gets.0),
            per(gets.1.read_bytes, gets.0)
        ));
    }
    if misses.0 > 0 {
        part(format!(
            "miss {} reads, {} B;",
            per(misses.1.reads, misses.0),
            per(misses.1.read_bytes, misses.0)
        ));
    }
    part(format!(
        "mount {} reads, {} B;",
        cost.mount.reads, cost.mount.read_bytes
    ));
    part(format!("ram {}; updates {}", cost.ram, cost.done));
    if cost.full > 0 {
        part(format!("({} did not fit)", cost.full));
    }
    row
}

/// All rows of all machines.
fn measure() -> String {
    let cases: Vec<(Machine, Plan)> = machines()
        .into_iter()
        .flat_map(|machine| {
            plans(&machine)
                .into_iter()
                .map(move |plan| (machine.clone(), plan))
        })
        .collect();
    let rows = Mutex::new(vec![String::new(); cases.len()]);
    in_parallel(cases.len(), |at| {
        let (machine, plan) = &cases[at];
        let row = match workloads::run(machine, plan) {
            Ok(cost) => row(plan, &cost),
            Err(error) => format!("  {}: {error}", plan.name),
        };
        rows.lock().unwrap_or_else(|dead| dead.into_inner())[at] = row;
    });
    let rows = rows.into_inner().unwrap_or_else(|dead| dead.into_inner());
    let mut text = HEAD.to_owned();
    let mut last = "";
    for ((machine, _), row) in cases.iter().zip(rows) {
        if machine.name != last {
            let _infallible = write!(text, "\n{}: {}\n", machine.name, machine.text);
            last = machine.name;
        }
        text.push_str(&row);
        text.push('\n');
    }
    text
}

/// The lines that differ.
fn difference(old: &str, new: &str) -> String {
    let mut text = String::new();
    for line in old
        .lines()
        .filter(|line| !new.lines().any(|other| other == *line))
    {
        let _infallible = writeln!(text, "-{line}");
    }
    for line in new
        .lines()
        .filter(|line| !old.lines().any(|other| other == *line))
    {
        let _infallible = writeln!(text, "+{line}");
    }
    text
}

#[test]
fn costs_are_those_of_the_snapshot() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/costs.snap");
    let new = measure();
    if std::env::var_os("NVKV_UPDATE").is_some() {
        fs::write(&path, &new).unwrap();
        return;
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        old == new,
        "\n{}\nNVKV_UPDATE=1 writes tests/costs.snap anew",
        difference(&old, &new)
    );
}
