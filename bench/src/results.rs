//! What was measured, as rows, and their form in JSON: one object a row, whole numbers only, so
//! that files can be compared byte by byte.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};

use crate::flash::Counters;

/// How a workload ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Good,
    /// The first values did not fit; how many did.
    Full(String),
    /// An operation failed later.
    Failed(String),
    /// The store cannot do it; what.
    No(String),
    /// A key did not hold what it should.
    Wrong(String),
}

impl Outcome {
    /// The word for it, and what to say beside.
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Outcome::Good => ("good", ""),
            Outcome::Full(detail) => ("full", detail),
            Outcome::Failed(detail) => ("failed", detail),
            Outcome::No(detail) => ("no", detail),
            Outcome::Wrong(detail) => ("wrong", detail),
        }
    }

    /// The word for it in tables.
    pub fn word(&self) -> &'static str {
        self.parts().0
    }

    pub fn detail(&self) -> &str {
        self.parts().1
    }

    fn new(word: &str, detail: &str) -> Option<Self> {
        let detail = detail.to_owned();
        Some(match word {
            "good" => Outcome::Good,
            "full" => Outcome::Full(detail),
            "failed" => Outcome::Failed(detail),
            "no" => Outcome::No(detail),
            "wrong" => Outcome::Wrong(detail),
            _ => return None,
        })
    }
}

/// What operations of one kind took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub operations: u64,
    pub counters: Counters,
    /// Modelled time of the slowest one, in nanoseconds.
    pub worst: u64,
}

impl Share {
    pub fn per(&self, total: u64) -> f64 {
        total as f64 / self.operations.max(1) as f64
    }
}

/// A store on a flash under a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub store: String,
    pub flash: String,
    pub workload: String,
    pub outcome: Outcome,
    /// Operations that failed.
    pub failures: u64,
    pub breaches: u64,
    /// Bytes of RAM held while the store is open.
    pub ram: usize,
    /// Keys that fitted, and bytes of each.
    pub stored: Option<(u32, u32)>,
    /// Least and most erases of a sector.
    pub wear: Option<(u32, u32)>,
    /// The most erases, and the most bytes programmed, in one operation that writes.
    pub peak: Option<(u32, u32)>,
    pub set: Option<Share>,
    pub get: Option<Share>,
    pub miss: Option<Share>,
    pub mount: Option<Share>,
}

/// The names of the fields of a [`Share`], in order.
const SHARE: [&str; 8] = [
    "operations",
    "reads",
    "read_bytes",
    "programs",
    "program_bytes",
    "erases",
    "time_ns",
    "worst_ns",
];

impl Share {
    /// The values of the fields, in the order of [`SHARE`].
    fn numbers(&self) -> [u64; 8] {
        let counted = &self.counters;
        [
            self.operations,
            counted.reads,
            counted.read_bytes,
            counted.programs,
            counted.program_bytes,
            counted.erases,
            counted.time,
            self.worst,
        ]
    }

    fn to_json(self) -> Value {
        let fields = SHARE.iter().zip(self.numbers());
        fields
            .map(|(name, number)| ((*name).to_owned(), json!(number)))
            .collect::<Map<_, _>>()
            .into()
    }

    fn from_json(value: &Value) -> Option<Self> {
        let number = |name: &str| value.get(name)?.as_u64();
        Some(Share {
            operations: number("operations")?,
            counters: Counters {
                reads: number("reads")?,
                read_bytes: number("read_bytes")?,
                programs: number("programs")?,
                program_bytes: number("program_bytes")?,
                erases: number("erases")?,
                time: number("time_ns")?,
            },
            worst: number("worst_ns")?,
        })
    }
}

impl Row {
    pub fn new(store: &str, flash: &str, workload: &str) -> Self {
        Row {
            store: store.to_owned(),
            flash: flash.to_owned(),
            workload: workload.to_owned(),
            outcome: Outcome::Good,
            failures: 0,
            breaches: 0,
            ram: 0,
            stored: None,
            wear: None,
            peak: None,
            set: None,
            get: None,
            miss: None,
            mount: None,
        }
    }

    /// What makes a row the same one in another run.
    pub fn name(&self) -> (&str, &str, &str) {
        (&self.store, &self.flash, &self.workload)
    }

    /// The kinds of operation that were measured.
    pub fn shares(&self) -> [(&'static str, Option<&Share>); 4] {
        [
            ("set", self.set.as_ref()),
            ("get", self.get.as_ref()),
            ("miss", self.miss.as_ref()),
            ("mount", self.mount.as_ref()),
        ]
    }

    fn to_json(&self) -> Value {
        let mut row = json!({
            "store": self.store,
            "flash": self.flash,
            "workload": self.workload,
            "outcome": self.outcome.word(),
            "detail": self.outcome.detail(),
            "failures": self.failures,
            "breaches": self.breaches,
            "ram": self.ram,
        });
        if let Some((keys, bytes)) = self.stored {
            row["stored"] = json!([keys, bytes]);
        }
        if let Some((least, most)) = self.wear {
            row["wear"] = json!([least, most]);
        }
        if let Some((erases, bytes)) = self.peak {
            row["peak"] = json!([erases, bytes]);
        }
        for (name, share) in self.shares() {
            if let Some(share) = share {
                row[name] = share.to_json();
            }
        }
        row
    }

    fn from_json(value: &Value) -> Option<Self> {
        let text = |name: &str| value.get(name)?.as_str();
        let number = |name: &str| value.get(name)?.as_u64();
        let pair = |name: &str| {
            let list = value.get(name)?.as_array()?;
            let at = |index: usize| u32::try_from(list.get(index)?.as_u64()?).ok();
            Some((at(0)?, at(1)?))
        };
        let share = |name: &str| Share::from_json(value.get(name)?);
        Some(Row {
            store: text("store")?.to_owned(),
            flash: text("flash")?.to_owned(),
            workload: text("workload")?.to_owned(),
            outcome: Outcome::new(text("outcome")?, text("detail")?)?,
            failures: number("failures")?,
            breaches: number("breaches")?,
            ram: usize::try_from(number("ram")?).ok()?,
            stored: pair("stored"),
            wear: pair("wear"),
            peak: pair("peak"),
            set: share("set"),
            get: share("get"),
            miss: share("miss"),
            mount: share("mount"),
        })
    }
}

/// Rows as a file: one line for each kind of figure, so that a change of one is a short difference.
pub fn to_text(rows: &[Row]) -> String {
    let mut text = String::from("[\n");
    for (index, row) in rows.iter().enumerate() {
        let Value::Object(fields) = row.to_json() else {
            continue;
        };
        let lines: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("  {}: {value}", json!(name)))
            .collect();
        let end = if index + 1 < rows.len() { "," } else { "" };
        text.push_str(&format!(" {{\n{}\n }}{end}\n", lines.join(",\n")));
    }
    text.push_str("]\n");
    text
}

/// Rows of a file that [`to_text`] wrote.
pub fn from_text(text: &str) -> Result<Vec<Row>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = value.as_array().ok_or("not a list")?;
    list.iter()
        .map(|value| Row::from_json(value).ok_or_else(|| format!("not a row: {value}")))
        .collect()
}

/// Rows of a file; none where there is no file.
pub fn read(path: &Path) -> Result<Vec<Row>, String> {
    match fs::read_to_string(path) {
        Ok(text) => from_text(&text).map_err(|error| format!("{}: {error}", path.display())),
        Err(_) if !path.exists() => Ok(Vec::new()),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn sample() -> Row {
        let share = Share {
            operations: 10,
            counters: Counters {
                reads: 1,
                read_bytes: 2,
                programs: 3,
                program_bytes: 4,
                erases: 5,
                time: 6,
            },
            worst: 7,
        };
        Row {
            outcome: Outcome::Failed("out of space".to_owned()),
            failures: 3,
            breaches: 1,
            ram: 99,
            stored: Some((8, 45)),
            wear: Some((1, 2)),
            peak: Some((1, 300)),
            set: Some(share),
            mount: Some(share),
            ..Row::new("nvkv", "qspi", "config")
        }
    }

    #[test]
    fn rows_are_read_as_they_were_written() {
        let rows = vec![sample(), Row::new("other", "h7", "many")];
        assert_eq!(from_text(&to_text(&rows)).unwrap(), rows);
        assert!(from_text("[{}]").is_err());
        assert!(from_text("{").is_err());
    }
}
