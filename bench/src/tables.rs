//! Figures as tables, for a terminal and for documents.

use serde_json::Value;

use crate::{
    baseline::STORES,
    flash::{COMPARED, Geometry},
    results::{Outcome, Row, Share},
    stores::OWN,
    workloads::{SCALES, idle},
};

/// A table: a line of text above, the names of the columns, the rows.
pub struct Table {
    pub title: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(title: impl Into<String>, head: &[&str]) -> Self {
        Table {
            title: title.into(),
            head: head.iter().map(|&name| name.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// For a document in Markdown.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&self.head);
        text.push_str(&format!("|{}\n", "---|".repeat(self.head.len())));
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text
    }

    /// For a terminal.
    fn plain(&self) -> String {
        let mut widths: Vec<usize> = vec![0; self.head.len()];
        for row in self.rows.iter().chain([&self.head]) {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = format!("\n{}\n", self.title);
        for row in [&self.head].into_iter().chain(&self.rows) {
            for (index, (cell, width)) in row.iter().zip(&widths).enumerate() {
                if index == 0 {
                    text.push_str(&format!("{cell:width$}"));
                } else {
                    text.push_str(&format!("  {cell:>width$}"));
                }
            }
            text.push('\n');
        }
        text
    }
}

/// The figures measured elsewhere: `data/elsewhere.json`.
pub fn elsewhere() -> Value {
    // The file is part of the program: a fault in it is one of the program.
    serde_json::from_str(include_str!("../data/elsewhere.json")).unwrap_or(Value::Null)
}

/// The mark of what was measured elsewhere.
pub const ELSEWHERE: &str = " \u{2020}";

const NOTHING: &str = "\u{2013}";

/// A row by its names.
pub fn find<'r>(rows: &'r [Row], store: &str, flash: &str, workload: &str) -> Option<&'r Row> {
    rows.iter()
        .find(|row| row.name() == (store, flash, workload))
}

/// What stands for a row that has no figures.
fn word(row: Option<&Row>) -> Option<String> {
    match row {
        None => Some(NOTHING.to_owned()),
        Some(row) if row.outcome != Outcome::Good => Some(row.outcome.word().to_owned()),
        Some(_) => None,
    }
}

fn cell(row: Option<&Row>, figure: impl Fn(&Row) -> Option<String>) -> String {
    word(row)
        .or_else(|| figure(row?))
        .unwrap_or_else(|| NOTHING.to_owned())
}

fn per_set(row: &Row) -> Option<String> {
    let set = row.set?;
    let bytes = set.per(set.counters.program_bytes);
    Some(format!("{bytes:.1} ({})", set.counters.erases))
}

fn capacity(row: &Row, geometry: &Geometry) -> Option<String> {
    let (keys, bytes) = row.stored?;
    let share = 100.0 * f64::from(keys) * f64::from(bytes) / f64::from(geometry.size);
    Some(format!("{share:.1}"))
}

fn reads(share: Option<Share>) -> Option<String> {
    let share = share?;
    Some(format!(
        "{:.2} ({:.0})",
        share.per(share.counters.reads),
        share.per(share.counters.read_bytes)
    ))
}

fn mount(row: &Row) -> Option<String> {
    let counted = row.mount?.counters;
    Some(format!("{} ({})", counted.reads, counted.read_bytes))
}

/// The stores of which there is a row.
fn measured<'r>(rows: &'r [Row], flash: &'r str) -> impl Iterator<Item = &'static str> + 'r {
    let present = move |store: &&str| {
        rows.iter()
            .any(|row| row.store == **store && row.flash == flash)
    };
    STORES.into_iter().filter(present)
}

/// Rows of stores that were measured elsewhere.
fn add_elsewhere(table: &mut Table, kind: &str, flash: &str, columns: &[&str]) {
    let elsewhere = elsewhere();
    let Some(stores) = elsewhere[kind][flash].as_object() else {
        return;
    };
    for (store, figures) in stores {
        let mut cells = vec![format!("{store}{ELSEWHERE}")];
        for column in columns {
            let figure = figures[*column].as_str();
            cells.push(figure.unwrap_or(NOTHING).to_owned());
        }
        table.rows.push(cells);
    }
}

/// Bytes programmed per set, and how much fits.
pub fn writing(rows: &[Row], geometry: &Geometry) -> Table {
    let flash = geometry.name;
    let mut columns = vec!["counter", "config", "many"];
    if flash != "h7" {
        columns.extend(["util20", "util40", "util60", "util80", "churn"]);
    }
    let capacities: &[&str] = if flash == "h7" {
        &[]
    } else {
        &["capacity 32", "capacity 4"]
    };
    let title = format!(
        "{flash} ({}): bytes programmed per set (erases in all); capacity in % of the flash",
        geometry.text
    );
    let mut head = vec!["store"];
    head.extend(&columns);
    head.extend(capacities);
    let mut table = Table::new(title, &head);
    for store in measured(rows, flash) {
        let mut cells = vec![store.to_owned()];
        for column in &columns {
            cells.push(cell(find(rows, store, flash, column), per_set));
        }
        for column in capacities {
            let row = find(rows, store, flash, column);
            cells.push(cell(row, |row| capacity(row, geometry)));
        }
        table.rows.push(cells);
    }
    columns.extend(capacities);
    add_elsewhere(&mut table, "write", flash, &columns);
    table
}

/// Reads, the slowest set, wear and RAM.
pub fn reading(rows: &[Row], geometry: &Geometry) -> Table {
    let flash = geometry.name;
    let title = format!("{flash}: reads (bytes), after `config` where nothing else is said");
    let mut table = Table::new(
        title,
        &[
            "store",
            "get",
            "miss",
            "mount",
            "mount, many",
            "worst set, ms",
            "wear spread, config/util40",
            "RAM",
            "RAM, many",
        ],
    );
    for store in measured(rows, flash) {
        let config = find(rows, store, flash, "config");
        let many = find(rows, store, flash, "many");
        let util = find(rows, store, flash, "util40");
        let spread = |row: &Row| row.wear.map(|(least, most)| (most - least).to_string());
        let ram = |row: &Row| Some(row.ram.to_string());
        table.rows.push(vec![
            store.to_owned(),
            cell(config, |row| reads(row.get)),
            cell(config, |row| {
                let miss = row.miss?;
                Some(format!("{:.2}", miss.per(miss.counters.reads)))
            }),
            cell(config, mount),
            cell(many, mount),
            cell(config, |row| {
                Some(format!("{:.0}", row.set?.worst as f64 / 1e6))
            }),
            format!("{}/{}", cell(config, spread), cell(util, spread)),
            cell(config, ram),
            cell(many, ram),
        ]);
    }
    let columns = [
        "get",
        "miss",
        "mount",
        "mount many",
        "worst",
        "spread",
        "ram",
        "ram many",
    ];
    add_elsewhere(&mut table, "read", flash, &columns);
    table
}

/// The most telling figures of each store, on one flash.
pub fn summary(rows: &[Row]) -> Table {
    let flash = "qspi";
    let workloads = ["config", "util40", "util60", "util80"];
    let head = ["store", "config", "util40", "util60", "util80"];
    let more = [
        "reads per get",
        "reads per miss",
        "KiB read by a mount",
        "RAM, 1,000 keys",
    ];
    let mut table = Table::new("qspi", &[head.as_slice(), &more].concat());
    for store in measured(rows, flash) {
        let config = find(rows, store, flash, "config");
        let mut cells = vec![store.to_owned()];
        for workload in workloads {
            cells.push(cell(find(rows, store, flash, workload), |row| {
                let set = row.set?;
                Some(format!("{:.0}", set.per(set.counters.program_bytes)))
            }));
        }
        let per = |share: Share| format!("{:.2}", share.per(share.counters.reads));
        cells.push(cell(config, |row| row.get.map(per)));
        cells.push(cell(config, |row| row.miss.map(per)));
        cells.push(cell(config, |row| {
            let bytes = row.mount?.counters.read_bytes;
            Some(format!("{:.0}", bytes as f64 / 1024.0))
        }));
        let many = find(rows, store, flash, "many");
        cells.push(cell(many, |row| Some(row.ram.to_string())));
        table.rows.push(cells);
    }
    let elsewhere = elsewhere();
    let foreign = elsewhere["read"][flash].as_object();
    for (store, reading) in foreign.into_iter().flatten() {
        // What a lookup cache costs is seen in reading; it changes nothing in writing.
        let writing = &elsewhere["write"][flash][store.split(", ").next().unwrap_or(store)];
        let text = |value: &Value| value.as_str().unwrap_or(NOTHING).to_owned();
        let first = |value: &Value| {
            let text = text(value);
            let first = text.split(' ').next().unwrap_or(NOTHING);
            first
                .parse::<f64>()
                .map_or(first.to_owned(), |figure| format!("{figure:.0}"))
        };
        let mut cells = vec![format!("{store}{ELSEWHERE}")];
        cells.extend(workloads.map(|workload| first(&writing[workload])));
        let get = text(&reading["get"]);
        cells.push(get.split(' ').next().unwrap_or(NOTHING).to_owned());
        cells.push(text(&reading["miss"]));
        cells.push(
            inside(&reading["mount"])
                .map_or(NOTHING.to_owned(), |bytes| (bytes / 1024).to_string()),
        );
        cells.push(text(&reading["ram many"]));
        table.rows.push(cells);
    }
    table
}

/// The number in brackets of a text like `10162 (233628)`.
pub fn inside(text: &Value) -> Option<u64> {
    let (_, rest) = text.as_str()?.split_once('(')?;
    rest.trim_end_matches(')').parse().ok()
}

/// The workloads in which another store programs fewer bytes per set than nvkv, or can do what
/// nvkv cannot.
pub fn behind(rows: &[Row]) -> Table {
    let title = "where another store programs less";
    let mut table = Table::new(title, &["flash", "workload", "nvkv", "less"]);
    let elsewhere = elsewhere();
    let bytes = |row: &Row| Some(row.set?.per(row.set?.counters.program_bytes));
    for row in rows
        .iter()
        .filter(|row| row.store == OWN && row.set.is_some())
    {
        let (_, flash, workload) = row.name();
        let good = |row: &&Row| row.outcome == Outcome::Good;
        let limit = good(&row)
            .then(|| bytes(row))
            .flatten()
            .unwrap_or(f64::INFINITY);
        let mut less: Vec<String> = Vec::new();
        for store in STORES {
            let other = find(rows, store, flash, workload).filter(good);
            if let Some(figure) = other.and_then(bytes)
                && figure < limit * 0.995
            {
                less.push(format!("{store} {figure:.1}"));
            }
        }
        let foreign = elsewhere["write"][flash].as_object();
        for (store, figures) in foreign.into_iter().flatten() {
            let text = figures[workload].as_str().unwrap_or_default();
            if let Some(figure) = text
                .split(' ')
                .next()
                .and_then(|text| text.parse::<f64>().ok())
                && figure < limit * 0.995
            {
                less.push(format!("{store}{ELSEWHERE} {figure:.1}"));
            }
        }
        if !less.is_empty() {
            let own = bytes(row).filter(|_| limit.is_finite());
            table.rows.push(vec![
                flash.to_owned(),
                workload.to_owned(),
                own.map_or(row.outcome.word().to_owned(), |figure| {
                    format!("{figure:.1}")
                }),
                less.join(", "),
            ]);
        }
    }
    table
}

/// Values larger than a record or a sector.
pub fn large(rows: &[Row], geometry: &Geometry) -> Table {
    let flash = geometry.name;
    let columns = ["blob 3000", "blob 10000", "blob 40000"];
    let title = format!("{flash}: bytes programmed per byte of a large value (erases in all)");
    let mut table = Table::new(title, &["store", columns[0], columns[1], columns[2]]);
    for store in measured(rows, flash) {
        let mut cells = vec![store.to_owned()];
        for column in columns {
            let size: f64 = column
                .trim_start_matches("blob ")
                .parse()
                .unwrap_or(f64::NAN);
            cells.push(cell(find(rows, store, flash, column), |row| {
                let set = row.set?;
                let bytes = set.per(set.counters.program_bytes) / size;
                Some(format!("{bytes:.2} ({})", set.counters.erases))
            }));
        }
        table.rows.push(cells);
    }
    table
}

/// The slowest set of nvkv, with and without work ahead.
pub fn latency(rows: &[Row]) -> Table {
    let head = [
        "flash",
        "workload",
        "most erases",
        "most bytes programmed",
        "worst, ms",
        "ahead: most erases",
        "ahead: most bytes programmed",
        "ahead: worst, ms",
        "ahead: bytes per set (erases)",
    ];
    let mut table = Table::new("the slowest set of nvkv", &head);
    for row in rows.iter().filter(|row| row.store == OWN) {
        let (_, flash, workload) = row.name();
        let Some(ahead) = find(rows, OWN, flash, &idle(workload)) else {
            continue;
        };
        let mut cells = vec![flash.to_owned(), workload.to_owned()];
        for row in [row, ahead] {
            let peak = |figure: fn((u32, u32)) -> u32| {
                cell(Some(row), |row| Some(figure(row.peak?).to_string()))
            };
            cells.push(peak(|(erases, _)| erases));
            cells.push(peak(|(_, bytes)| bytes));
            cells.push(cell(Some(row), |row| {
                Some(format!("{:.1}", row.set?.worst as f64 / 1e6))
            }));
        }
        cells.push(cell(Some(ahead), per_set));
        table.rows.push(cells);
    }
    table
}

/// nvkv where everything is larger.
pub fn scaling(rows: &[Row]) -> Table {
    let mut table = Table::new(
        "nvkv on larger flashes",
        &[
            "flash",
            "bytes programmed per set",
            "reads per set",
            "get: reads (bytes)",
            "miss: reads",
            "mount: reads (bytes)",
            "mount at 2 MB/s, ms",
            "wear",
            "worst set, ms",
            "RAM",
        ],
    );
    let larger = |row: &&Row| SCALES.contains(&row.flash.as_str());
    for row in rows.iter().filter(larger) {
        let (_, flash, _) = row.name();
        let figure = |figure: &dyn Fn(&Row) -> Option<String>| cell(Some(row), figure);
        table.rows.push(vec![
            format!("{flash}, {}", row.workload),
            figure(&|row| {
                let set = row.set?;
                Some(format!("{:.1}", set.per(set.counters.program_bytes)))
            }),
            figure(&|row| Some(format!("{:.2}", row.set?.per(row.set?.counters.reads)))),
            figure(&|row| reads(row.get)),
            figure(&|row| Some(format!("{:.3}", row.miss?.per(row.miss?.counters.reads)))),
            figure(&mount),
            figure(&|row| {
                let seconds = row.mount?.counters.read_bytes as f64 / 2e6;
                Some(format!("{:.0}", seconds * 1e3))
            }),
            figure(&|row| row.wear.map(|(least, most)| format!("{least}..{most}"))),
            figure(&|row| Some(format!("{:.0}", row.set?.worst as f64 / 1e6))),
            row.ram.to_string(),
        ]);
    }
    table
}

/// What did not go well, row by row.
pub fn troubles(rows: &[Row]) -> Table {
    let head = ["store", "flash", "workload", "", "what"];
    let mut table = Table::new("What could not be done", &head);
    for row in rows {
        let mut what = row.outcome.detail().to_owned();
        if row.breaches > 0 {
            what.push_str(&format!(
                " ({} breaches of the flash's rules)",
                row.breaches
            ));
        }
        if row.outcome != Outcome::Good || row.breaches > 0 {
            table.rows.push(vec![
                row.store.clone(),
                row.flash.clone(),
                row.workload.clone(),
                row.outcome.word().to_owned(),
                what.trim().to_owned(),
            ]);
        }
    }
    table
}

/// All of it for a terminal.
pub fn terminal(rows: &[Row]) -> String {
    let mut tables = Vec::new();
    for geometry in &COMPARED {
        if rows.iter().any(|row| row.flash == geometry.name) {
            tables.push(writing(rows, geometry));
            tables.push(reading(rows, geometry));
            if geometry.name != "h7" {
                tables.push(large(rows, geometry));
            }
        }
    }
    tables.push(latency(rows));
    tables.push(scaling(rows));
    tables.push(troubles(rows));
    let shown = tables.iter().filter(|table| !table.rows.is_empty());
    let text: String = shown.map(Table::plain).collect();
    format!(
        "{text}\n{} measured elsewhere: docs/benchmark.md says where",
        ELSEWHERE.trim()
    )
}
