//! Figures in documents: tables that are written by a measurement, and that later measurements are
//! compared with.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::process::Failure;

/// What stands before and behind the figures in a document.
const BEGIN: &str = "<!-- figures: written with --update -->";
const END: &str = "<!-- end of figures -->";
const COMPILER: &str = "Measured with ";

/// A figure may be worse than the committed one by so many hundredths: with the same compiler for
/// what a linker or a C compiler does otherwise, with another for what that does.
const SAME_COMPILER: u64 = 1;
const OTHER_COMPILER: u64 = 10;
/// And by so much, whatever it is: small figures change in steps.
const STEP: u64 = 8;
/// So many hundredths better than committed are worth a note.
const BETTER: u64 = 5;

/// Rows of figures under one headline. `None`: not measured there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<(String, Vec<Option<u64>>)>,
}

impl Table {
    pub(super) fn new(name: &str, columns: &[&str]) -> Self {
        Table {
            name: name.to_owned(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds one figure; its row is made where there is none.
    pub(super) fn put(&mut self, row: &str, column: &str, figure: u64) {
        let width = self.columns.len();
        let Some(column) = self.columns.iter().position(|name| name == column) else {
            return;
        };
        if !self.rows.iter().any(|(name, _)| name == row) {
            self.rows.push((row.to_owned(), vec![None; width]));
        }
        let found = self.rows.iter_mut().find(|(name, _)| name == row);
        if let Some(place) = found.and_then(|(_, figures)| figures.get_mut(column)) {
            *place = Some(figure);
        }
    }

    fn as_markdown(&self) -> String {
        let mut text = format!("| {} | {} |\n", self.name, self.columns.join(" | "));
        let _infallible = writeln!(text, "|---|{}", "---:|".repeat(self.columns.len()));
        for (name, figures) in &self.rows {
            let cells: Vec<String> = figures
                .iter()
                .map(|figure| figure.map_or("-".to_owned(), grouped))
                .collect();
            let _infallible = writeln!(text, "| {name} | {} |", cells.join(" | "));
        }
        text
    }

    /// For a terminal.
    pub(super) fn all_as_text(tables: &[Table]) -> String {
        let mut text = String::new();
        for table in tables {
            let _infallible = write!(text, "{:48}", table.name.replace('`', ""));
            for column in &table.columns {
                let _infallible = write!(text, " {column:>12}");
            }
            text.push('\n');
            for (name, figures) in &table.rows {
                let _infallible = write!(text, "  {:46}", name.replace('`', ""));
                for figure in figures {
                    let figure = figure.map_or("-".to_owned(), grouped);
                    let _infallible = write!(text, " {figure:>12}");
                }
                text.push('\n');
            }
            text.push('\n');
        }
        text
    }
}

/// 1234567 as 1,234,567.
fn grouped(figure: u64) -> String {
    let digits = figure.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len().saturating_sub(index);
        if index > 0 && left.is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What a document says: which compiler made what was measured, and the figure of each table, row
/// and column.
#[derive(Debug)]
pub(super) struct Document {
    compiler: String,
    figures: BTreeMap<[String; 3], u64>,
}

/// The result of a comparison.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) worse: Vec<String>,
    pub(super) notes: Vec<String>,
}

impl Document {
    /// The text with new figures in the place of those that it has.
    pub(super) fn replaced(
        text: &str,
        compiler: &str,
        tables: &[Table],
    ) -> Result<String, Failure> {
        let (before, behind) = around(text)?;
        let tables: Vec<String> = tables.iter().map(Table::as_markdown).collect();
        Ok(format!(
            "{before}{BEGIN}\n\n{COMPILER}{compiler}.\n\n{}\n{END}{behind}",
            tables.join("\n")
        ))
    }

    pub(super) fn parse(text: &str) -> Result<Document, Failure> {
        let (before, behind) = around(text)?;
        let begin = before.len().saturating_add(BEGIN.len());
        let end = text.len().saturating_sub(behind.len());
        let inside = text.get(begin..end).unwrap_or("");
        let mut document = Document {
            compiler: String::new(),
            figures: BTreeMap::new(),
        };
        let mut head: Vec<&str> = Vec::new();
        for line in inside.lines() {
            if let Some(compiler) = line.strip_prefix(COMPILER) {
                document.compiler = compiler.trim_end_matches('.').to_owned();
            } else if let Some(row) = line.strip_prefix("| ") {
                let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
                if head.is_empty() {
                    head = cells;
                } else {
                    document.take_row(&head, &cells);
                }
            } else if !line.starts_with("|-") {
                head.clear();
            }
        }
        if document.figures.is_empty() {
            return Err(Failure::new("the document has no figures"));
        }
        Ok(document)
    }

    fn take_row(&mut self, head: &[&str], cells: &[&str]) {
        let (Some((table, columns)), Some((row, figures))) =
            (head.split_first(), cells.split_first())
        else {
            return;
        };
        for (column, figure) in columns.iter().zip(figures) {
            if let Ok(figure) = figure.replace(',', "").parse() {
                let name = [*table, *row, *column].map(str::to_owned);
                self.figures.insert(name, figure);
            }
        }
    }

    /// Where `tables` are worse than this, and what is no longer or not yet in it.
    pub(super) fn compare(&self, compiler: &str, tables: &[Table]) -> Verdict {
        let mut verdict = Verdict::default();
        let same = self.compiler == compiler;
        if !same {
            verdict.notes.push(format!(
                "measured with {compiler}, committed with {}: {OTHER_COMPILER} % are allowed",
                self.compiler
            ));
        }
        let mut unseen = self.figures.clone();
        for table in tables {
            for (row, figures) in &table.rows {
                for (column, figure) in table.columns.iter().zip(figures) {
                    let Some(figure) = figure else { continue };
                    let name = [&table.name, row, column].map(String::clone);
                    let shown = name.join(", ");
                    match unseen.remove(&name) {
                        None => verdict.worse.push(format!("{shown}: not in the document")),
                        Some(committed) => verdict.judge(&shown, committed, *figure, same),
                    }
                }
            }
        }
        let absent = unseen.keys().map(|name| name.join(", "));
        verdict
            .worse
            .extend(absent.map(|name| format!("{name}: no longer measured")));
        verdict
    }
}

impl Verdict {
    fn judge(&mut self, name: &str, committed: u64, figure: u64, same_compiler: bool) {
        let hundredths = if same_compiler {
            SAME_COMPILER
        } else {
            OTHER_COMPILER
        };
        let slack = committed.saturating_mul(hundredths) / 100;
        // What is 0 stays 0: sections that are to be empty.
        let slack = if committed == 0 { 0 } else { slack.max(STEP) };
        if figure > committed.saturating_add(slack) {
            self.worse.push(format!("{name}: {committed} -> {figure}"));
        } else if figure
            < committed.saturating_sub((committed.saturating_mul(BETTER) / 100).max(STEP))
        {
            self.notes.push(format!(
                "{name} is better: {committed} -> {figure}; write it with --update"
            ));
        }
    }
}

/// What stands before and behind the figures.
fn around(text: &str) -> Result<(&str, &str), Failure> {
    text.split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)))
        .ok_or_else(|| Failure::new(format!("the document has no `{BEGIN}` and `{END}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(figure: u64) -> Table {
        let mut table = Table::new("bytes", &["M4", "RV32"]);
        table.put("text", "M4", figure);
        table.put("data", "M4", 0);
        table
    }

    fn document(figure: u64) -> Document {
        let empty = format!("before\n{BEGIN}\n{END}\nbehind\n");
        let text = Document::replaced(&empty, "rustc 1", &[table(figure)]).unwrap();
        assert!(text.starts_with("before\n") && text.ends_with("\nbehind\n"));
        Document::parse(&text).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let document = document(1_234_567);
        let name = ["bytes", "text", "M4"].map(str::to_owned);
        assert_eq!(document.figures.get(&name), Some(&1_234_567));
        assert_eq!(
            document.figures.len(),
            2,
            "what was not measured is no figure"
        );
        assert_eq!(document.compiler, "rustc 1");
    }

    #[test]
    fn worse_figures_are_found() {
        let worse = |figure, compiler| document(10_000).compare(compiler, &[table(figure)]).worse;
        assert!(worse(10_100, "rustc 1").is_empty());
        assert_eq!(
            worse(10_101, "rustc 1"),
            ["bytes, text, M4: 10000 -> 10101"]
        );
        assert!(worse(11_000, "rustc 2").is_empty());
        assert_eq!(worse(11_001, "rustc 2").len(), 1);
    }

    #[test]
    fn what_was_empty_stays_empty() {
        let mut with_data = table(10_000);
        with_data.put("data", "M4", 1);
        assert_eq!(
            document(10_000)
                .compare("rustc 2", &[with_data])
                .worse
                .len(),
            1
        );
    }

    #[test]
    fn figures_that_are_gone_or_new_are_found() {
        let mut changed = Table::new("bytes", &["M4", "RV32"]);
        changed.put("text", "RV32", 1);
        let worse = document(10_000).compare("rustc 1", &[changed]).worse;
        assert_eq!(worse.len(), 3, "one new, two gone: {worse:?}");
    }

    #[test]
    fn better_figures_are_noted() {
        let verdict = document(10_000).compare("rustc 1", &[table(9_000)]);
        assert!(verdict.worse.is_empty());
        assert_eq!(verdict.notes.len(), 1);
    }
}
