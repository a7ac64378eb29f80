//! The documents that carry the figures: a page, its plots, and a section of the README. All are
//! made from the baseline, so that they say what it says.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    flash::COMPARED,
    plots,
    results::Row,
    root,
    tables::{self, ELSEWHERE, Table, elsewhere},
};

const BEGIN: &str = "<!-- benchmark: written by `cargo xtask bench --update` -->\n";
const END: &str = "<!-- end of benchmark -->\n";

/// The version of a crate in the lock file.
fn version(name: &str) -> String {
    let lock = include_str!("../Cargo.lock");
    let head = format!("name = \"{name}\"\nversion = \"");
    let rest = lock.split_once(&head).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// All documents: where, and the text.
pub fn files(rows: &[Row]) -> Result<Vec<(PathBuf, String)>, String> {
    let readme = root().join("README.md");
    let before = fs::read_to_string(&readme)
        .map_err(|error| format!("cannot read {}: {error}", readme.display()))?;
    let mut files = vec![
        (root().join("docs/benchmark.md"), page(rows)),
        (readme, with_section(&before, &section(rows))?),
    ];
    for (name, svg) in plots::all(rows)? {
        files.push((Path::new(root()).join("docs/bench").join(name), svg));
    }
    Ok(files)
}

/// The README with this between the marks.
fn with_section(readme: &str, section: &str) -> Result<String, String> {
    let parts = readme.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) = parts.ok_or("README.md has no marks of the benchmark")?;
    Ok(format!("{before}{BEGIN}{section}{END}{after}"))
}

fn section(rows: &[Row]) -> String {
    let table = tables::summary(rows).markdown();
    let plot = |name: &str, text: &str| format!("![{text}](docs/bench/{name})\n\n");
    let [write, spread, read, ram] = plots::NAMES;
    let mark = ELSEWHERE.trim();
    format!(
        "\
The same operations on each store, on a simulated QSPI flash of 64 sectors of 4 KiB: bytes \
programmed
per set with 64 keys of 32 bytes (`config`) and with 40, 60 and 80 % of the flash in live keys and
values of 128 bytes (`util`), then what reading costs with 64 keys.

{table}
{mark} measured elsewhere, with the same workloads on the same simulated flash. The stores with \
`ids`
have numbers for keys, not names. `full`: the values did not fit. `failed`: an operation failed \
later.

{}{}{}{}\
[docs/benchmark.md](docs/benchmark.md) has all tables, what was measured how, and where another \
store
does better. `cargo xtask bench` runs it; `cargo xtask test` fails if a figure of nvkv has \
changed and
`bench/baseline.json` has not.
",
        plot(write, "Bytes programmed per set against utilisation"),
        plot(read, "Flash reads per get and miss, bytes read by a mount"),
        plot(spread, "Spread of erases"),
        plot(ram, "RAM of an open store"),
    )
}

/// A heading and a table.
fn part(text: &mut String, table: &Table) {
    text.push_str(&format!("{}\n\n{}\n", table.title, table.markdown()));
}

fn page(rows: &[Row]) -> String {
    let mut text = head();
    for geometry in &COMPARED {
        text.push_str(&format!("## `{}`\n\n", geometry.name));
        part(&mut text, &tables::writing(rows, geometry));
        part(&mut text, &tables::reading(rows, geometry));
        if geometry.name != "h7" {
            part(&mut text, &tables::large(rows, geometry));
        }
    }
    text.push_str(
        "## Where another store programs less\n\n\
         Bytes programmed per set, of stores that do better than nvkv by more than half a \
percent, or\n\
         that can do what it cannot:\n\n",
    );
    text.push_str(&tables::behind(rows).markdown());
    text.push_str(WHY);
    text.push_str("\n## The slowest set\n\n");
    text.push_str(LATENCY);
    text.push_str(&tables::latency(rows).markdown());
    text.push_str("\n## Larger flashes\n\n");
    text.push_str(SCALING);
    text.push_str(&tables::scaling(rows).markdown());
    text.push_str(
        "\n## What could not be done\n\n\
         `full`: the first values did not fit. `failed`: an operation failed in use. `no`: the \
store\n\
         cannot do it. `wrong`: keys did not hold what they should.\n\n",
    );
    text.push_str(&tables::troubles(rows).markdown());
    text.push_str("\n## Plots\n\n");
    for name in plots::NAMES {
        let title = name.trim_end_matches(".svg").replace('-', " ");
        text.push_str(&format!("![{title}](bench/{name})\n\n"));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

const WHY: &str = "
Integer ids spare what a name costs, 13 bytes here. One row was worked out by hand: `util80` on
`qspi`. A segment of 4,096 bytes takes 26 records, 27 in sequential-storage. So 91 % of all places
are full, not 87 %, and what must be moved grows with that. 27 do not fit: they take 4,023 bytes,
header, list, retire record and the heads of 32 blocks 128, which is 55 too many. Larger blocks have
fewer heads, but each session that writes begins in a block that nothing has touched: devices that
start often and write little would wear their flash faster.

Victims of one sort for a while, segments of the user or moved ones, take 2 to 3 % off `util60` and
`util80`, and are chosen so. Other scores (45 were tried before that) change full partitions by no
more than 2 %, and so does beginning to collect later or earlier. A second segment
for what is moved, on 8 segments, took 9 % off `util40` and added 11 % where all keys are written
alike.
";

const LATENCY: &str = "\
nvkv alone. What one set or remove does at most, and the same where `kv_store_maintain` is called
between two of them until there is nothing left to do. Time is modelled: erases, programs and
reads. A test holds these rows to no more than one erase in a set, and with work ahead to none; but
the first set in a store just formatted (`churn`) erases the segment that it begins.

";

const SCALING: &str = "\
nvkv alone. `scale`: 625 keys a MiB with values of 128 bytes, 40 updates of each key, and segments
of a 256th of the flash. `aged`: 400 keys of 32 bytes in 8 MiB, after 200,000 updates, segments of
32 KiB. The time of a mount is that of its bytes on a bus of 2 MB/s, without the calls. A test
compares the first three rows: a mount may read no more than in proportion to the flash, a get and a
set as much as on the smallest.

";

fn head() -> String {
    let mut geometries = String::new();
    for geometry in &COMPARED {
        geometries.push_str(&format!("| `{}` | {} |\n", geometry.name, geometry.text));
    }
    let mut foreign = String::new();
    if let Some(versions) = elsewhere()["versions"].as_object() {
        for (store, version) in versions {
            let version = version.as_str().unwrap_or_default();
            foreign.push_str(&format!("| {store} | {version} |\n"));
        }
    }
    let mark = ELSEWHERE.trim();
    format!(
        "\
# Benchmark

This page is written by `cargo xtask bench --update` from `bench/baseline.json`. All figures are
counts and modelled times, the same on every machine.

All stores run on the same simulated flash (`bench/src/flash.rs`), which counts and times what is
asked of it and notes each breach of its rules: accesses that are not aligned, bits that a program
cannot set, and where the flash has ECC, units that are programmed twice. nvkv is called through its
C ABI, with an index that has room for all keys.

| flash | like |
|---|---|
{geometries}
| workload | what it does |
|---|---|
| `counter` | one value of 4 bytes set 50,000 times |
| `config` | 64 keys of 32 bytes, 20,000 updates, 80 % of them to 20 % of the keys |
| `many` | 1,000 keys of 32 bytes (150 on `nrf52`), 20,000 such updates |
| `util20` to `util80` | values of 128 bytes, as many as make 20 to 80 % of the flash, 20,000 \
such updates |
| `capacity 32`, `capacity 4` | new keys with values of that size until there is no room |
| `churn` | 100 names, values of 1 to 200 bytes, one operation in four removes |
| `blob` | three values of 3,000, 10,000 or 40,000 bytes, replaced 50 times in all |

Keys have 13 bytes. After the updates: 2,000 gets, 500 gets of keys that are not there, a mount, and
every key verified.

## The stores

| store | version | how it is used |
|---|---|---|
| nvkv | this one | an index for all keys |
| sequential-storage | {} | its map; once with its caches of keys and pages, once without |
| ekv | {} | a transaction for each operation, checksums on, compiled for up to 64 pages of 4 KiB \
(for 16, `counter` and `config` on `nrf52` take 504.8 and 3584.8 bytes), none kept in reserve: \
with its default of 4 nothing fits on `nrf52` |
| littlefs2 | {} | a file for each key in one directory, caches of 256 bytes, blocks moved after \
500 erases |
| tickv | {} | a set invalidates the old object and appends a new one; its collection runs where \
there is no room |

TicKV cannot do the job. Its collection erases regions in which nothing is valid, and moves nothing:
updates of some keys fill the flash beside others that stay. Keys that went to the next region are
not found where their own region is full to its end. And it clears a bit of what is programmed, \
which
flash with ECC does not allow.

littlefs2 writes version 2.0 of littlefs's format, 12 bytes a set less than 2.1. RAM is what a store
holds while it is open, on a 64-bit host: tables, caches, objects; not what a call borrows, as the
data buffer of sequential-storage.

The stores marked {mark} were measured elsewhere, with the same workloads, written in C, on the same
simulated flash. nvkv and sequential-storage without a cache have the same figures in both.

| measured elsewhere | version |
|---|---|
{foreign}
In the tables \u{2013} is what was not measured or does not apply.

",
        version("sequential-storage"),
        version("ekv"),
        version("littlefs2"),
        version("tickv"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{baseline, results};

    #[test]
    fn documents_say_what_the_baseline_says() {
        let rows = results::read(&root().join(baseline::PATH)).unwrap();
        for (path, text) in files(&rows).unwrap() {
            let found = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                found == text,
                "{} is not what {} says; `cargo xtask bench --update` writes it anew",
                path.display(),
                baseline::PATH
            );
        }
    }

    #[test]
    fn a_section_is_replaced_and_marks_are_needed() {
        let readme = format!("a\n{BEGIN}old\n{END}b\n");
        let new = with_section(&readme, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}new\n{END}b\n"));
        assert!(with_section("a\nb\n", "new\n").is_err());
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        for name in ["sequential-storage", "ekv", "littlefs2", "tickv"] {
            assert!(version(name).contains('.'), "{name}");
        }
    }
}
