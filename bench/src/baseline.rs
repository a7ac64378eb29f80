//! The committed figures, and what got worse or better since.

use crate::{
    results::{Outcome, Row},
    workloads,
};

/// Where they are, from the root of the repository.
pub const PATH: &str = "bench/baseline.json";

/// All stores, in the order of tables. Those that a build leaves out keep their rows.
pub const STORES: [&str; 6] = [
    "nvkv",
    "sequential-storage, key cache",
    "sequential-storage, no cache",
    "ekv",
    "littlefs2",
    "tickv",
];

/// The committed rows with those just measured in their places. Rows that no workload or store
/// makes any more are left out.
pub fn merged(committed: Vec<Row>, measured: Vec<Row>) -> Vec<Row> {
    let mut rows = measured;
    for row in committed {
        if !rows.iter().any(|new| new.name() == row.name()) {
            rows.push(row);
        }
    }
    let mut sorted = Vec::new();
    for plan in workloads::plans() {
        for store in STORES {
            let name = (store, plan.geometry.name, plan.name.as_str());
            sorted.extend(rows.iter().find(|row| row.name() == name).cloned());
        }
    }
    sorted
}

/// A figure of which less is better, and its name.
fn figures(row: &Row) -> Vec<(String, u64)> {
    let mut figures = vec![
        ("failures".to_owned(), row.failures),
        ("breaches of the flash's rules".to_owned(), row.breaches),
        ("ram".to_owned(), row.ram as u64),
    ];
    if let Some((least, most)) = row.wear {
        figures.push(("most erases of a sector".to_owned(), most.into()));
        let spread = most.saturating_sub(least);
        figures.push(("erase spread".to_owned(), spread.into()));
    }
    if let Some((erases, bytes)) = row.peak {
        figures.push(("most erases in a set".to_owned(), erases.into()));
        figures.push(("most bytes programmed in a set".to_owned(), bytes.into()));
    }
    for (kind, share) in row.shares() {
        let Some(share) = share else { continue };
        let counted = &share.counters;
        for (name, figure) in [
            ("reads", counted.reads),
            ("bytes read", counted.read_bytes),
            ("programs", counted.programs),
            ("bytes programmed", counted.program_bytes),
            ("erases", counted.erases),
            ("time", counted.time),
            ("worst", share.worst),
        ] {
            figures.push((format!("{kind}, {name}"), figure));
        }
    }
    figures
}

/// What differs, in words, better or worse.
#[derive(Default)]
struct Verdict {
    worse: Vec<String>,
    better: Vec<String>,
    other: Vec<String>,
}

impl Verdict {
    fn figure(&mut self, text: &str, old: u64, new: u64) {
        let change = 100.0 * (new as f64 - old as f64) / (old.max(1) as f64);
        let line = format!("{text}: {old} -> {new} ({change:+.1} %)");
        match new.cmp(&old) {
            std::cmp::Ordering::Greater => self.worse.push(line),
            std::cmp::Ordering::Less => self.better.push(line),
            std::cmp::Ordering::Equal => {}
        }
    }

    fn row(&mut self, old: &Row, new: &Row) {
        let (store, flash, workload) = new.name();
        let name = format!("{store}, {flash}, {workload}");
        if old.outcome != new.outcome {
            let line = format!(
                "{name}: {} {} -> {} {}",
                old.outcome.word(),
                old.outcome.detail(),
                new.outcome.word(),
                new.outcome.detail()
            );
            match (&old.outcome, &new.outcome) {
                (_, Outcome::Good) => self.better.push(line),
                (Outcome::Good, _) => self.worse.push(line),
                _ => self.other.push(line),
            }
        }
        let (old_figures, new_figures) = (figures(old), figures(new));
        for (what, figure) in &new_figures {
            if let Some((_, before)) = old_figures.iter().find(|(name, _)| name == what) {
                self.figure(&format!("{name}: {what}"), *before, *figure);
            }
        }
        if let (Some((before, bytes)), Some((after, _))) = (old.stored, new.stored) {
            let line = format!("{name}: keys of {bytes} bytes stored: {before} -> {after}");
            match after.cmp(&before) {
                std::cmp::Ordering::Less => self.worse.push(line),
                std::cmp::Ordering::Greater => self.better.push(line),
                std::cmp::Ordering::Equal => {}
            }
        }
    }
}

/// What differs between the committed figures and those just measured; `None` where nothing does.
pub fn differences(committed: &[Row], measured: &[Row]) -> Option<String> {
    let mut verdict = Verdict::default();
    let mut equal = true;
    for new in measured {
        match committed.iter().find(|old| old.name() == new.name()) {
            None => {
                let (store, flash, workload) = new.name();
                let line = format!("{store}, {flash}, {workload}: not in {PATH}");
                verdict.other.push(line);
            }
            Some(old) => verdict.row(old, new),
        }
        equal &= committed.contains(new);
    }
    if equal {
        return None;
    }
    let mut text = String::new();
    for (title, lines) in [
        ("worse", &verdict.worse),
        ("better", &verdict.better),
        ("different", &verdict.other),
    ] {
        if !lines.is_empty() {
            text.push_str(&format!("{title}:\n  {}\n", lines.join("\n  ")));
        }
    }
    text.push_str(&format!(
        "Figures differ from {PATH}. If that is meant, `cargo xtask bench --store nvkv --update` \
         writes it anew, and the documents with it; a change goes into the commit that makes it."
    ));
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, slice};

    use super::*;
    use crate::{
        flash::Counters,
        pairs,
        results::{self, Share, tests::sample},
        root, stores,
        tables::find,
    };

    #[test]
    fn a_figure_that_got_worse_and_one_that_got_better_are_told() {
        let old = sample();
        assert_eq!(
            differences(slice::from_ref(&old), slice::from_ref(&old)),
            None
        );
        let mut new = old.clone();
        new.ram = 200;
        if let Some(share) = &mut new.set {
            share.counters.program_bytes = 1;
        }
        new.stored = Some((7, 45));
        let text = differences(slice::from_ref(&old), &[new]).unwrap();
        let (worse, better) = text.split_once("better:").unwrap();
        assert!(
            worse.contains("nvkv, qspi, config: ram: 99 -> 200 (+102.0 %)"),
            "{text}"
        );
        assert!(worse.contains("stored: 8 -> 7"), "{text}");
        assert!(
            better.contains("set, bytes programmed: 4 -> 1 (-75.0 %)"),
            "{text}"
        );
        let absent = differences(&[], &[old]).unwrap();
        assert!(absent.contains("nvkv, qspi, config: not in"), "{absent}");
    }

    #[test]
    fn an_outcome_that_changed_is_told() {
        let (mut old, new) = (sample(), sample());
        old.outcome = Outcome::Good;
        let text = differences(&[old], &[new]).unwrap();
        assert!(text.starts_with("worse:"), "{text}");
    }

    #[test]
    fn every_workload_of_every_store_is_in_the_baseline() {
        let committed = results::read(&root().join(PATH)).unwrap();
        let names: BTreeSet<_> = committed.iter().map(Row::name).collect();
        for plan in workloads::plans() {
            for store in STORES {
                if !plan.alone || store == stores::OWN {
                    let name = (store, plan.geometry.name, plan.name.as_str());
                    assert!(names.contains(&name), "no row for {name:?}");
                }
            }
        }
    }

    /// What the documents say of the slowest set.
    #[test]
    fn no_set_does_more_than_one_erase_and_with_work_ahead_none() {
        let committed = results::read(&root().join(PATH)).unwrap();
        let mut compared = 0;
        for row in committed.iter().filter(|row| row.store == stores::OWN) {
            let Some((erases, bytes)) = row.peak else {
                continue;
            };
            let (_, flash, workload) = row.name();
            if workloads::SCALES.contains(&flash) || row.outcome != Outcome::Good {
                continue;
            }
            compared += 1;
            let ahead = workload.ends_with(&workloads::idle(""));
            // It begins in a store just formatted.
            let formatted = workload.starts_with("churn");
            let most = u32::from(!ahead || formatted);
            assert!(erases <= most, "{:?}: {erases}", row.name());
            let sector = crate::flash::COMPARED
                .iter()
                .find(|geometry| geometry.name == flash)
                .unwrap()
                .sector;
            assert!(bytes <= 2 * sector, "{:?}: {bytes}", row.name());
        }
        assert!(compared > 30, "{compared} rows");
    }

    /// What the documents say of larger flashes.
    #[test]
    fn nothing_grows_faster_than_the_flash() {
        let committed = results::read(&root().join(PATH)).unwrap();
        let [one, four, sixteen, _] = workloads::SCALES;
        let row = |flash: &str| find(&committed, stores::OWN, flash, "scale").unwrap();
        for (small, large, times) in [(one, four, 4.0), (one, sixteen, 16.0)] {
            let (small, large) = (row(small), row(large));
            assert_eq!(
                (&small.outcome, &large.outcome),
                (&Outcome::Good, &Outcome::Good)
            );
            let ratio = |share: fn(&Row) -> Option<Share>, figure: fn(&Counters) -> u64| {
                let per = |row| {
                    let share = share(row).unwrap();
                    share.per(figure(&share.counters))
                };
                per(large) / per(small)
            };
            // The flash and its keys are so many times as large. 2 % for what is not spread evenly.
            assert!(ratio(|row| row.mount, |counted| counted.reads) < times * 1.05);
            // Larger segments have larger blocks, of which less fits beside what is read.
            assert!(ratio(|row| row.mount, |counted| counted.read_bytes) < times * 1.05);
            assert!(ratio(|row| row.get, |counted| counted.reads) < 1.02);
            assert!(ratio(|row| row.get, |counted| counted.read_bytes) < 1.03);
            assert!(ratio(|row| row.set, |counted| counted.reads) < 1.02);
            assert!(ratio(|row| row.set, |counted| counted.program_bytes) < 1.02);
            // 5 bytes a key. Of segments there are as many; buffers grow with the size of blocks.
            let keys = |row: &Row| row.set.unwrap().operations as usize / 40;
            assert!(large.ram - small.ram <= 5 * (keys(large) - keys(small)) + 256);
            let miss = large.miss.unwrap();
            assert!(miss.per(miss.counters.reads) < 0.05);
        }
    }

    /// The check of the figures: all those of nvkv, anew.
    #[test]
    fn the_figures_are_those_of_the_baseline() {
        let options = crate::Options {
            store: stores::OWN.to_owned(),
            ..crate::Options::default()
        };
        let rows = crate::measure(&pairs(&options), &indicatif::ProgressBar::hidden());
        assert!(rows.len() > 30, "few workloads");
        let committed = results::read(&root().join(PATH)).unwrap();
        if let Some(text) = differences(&committed, &rows) {
            panic!("\n{text}");
        }
    }
}
