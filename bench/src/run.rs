//! A workload, carried out: the same operations in the same order for all stores.

use crate::{
    flash::{Counters, Flash, Shared},
    results::{Outcome, Row, Share},
    stores::{Kind, Opening, Refusal, Store},
    workloads::{Plan, Random, Work, key, value},
};

/// Operations that fail before a workload is given up.
const FAILURES: u64 = 20;

/// What keys should hold: size and version, or nothing.
type Expected = Vec<Option<(u32, u32)>>;

/// A workload in progress.
struct Run<'p> {
    plan: &'p Plan,
    flash: Shared,
    row: Row,
}

/// Runs the workload on a new flash.
pub fn run(plan: &Plan, kind: &Kind) -> Row {
    let flash = Flash::shared(plan.geometry);
    let mut run = Run {
        plan,
        flash: flash.clone(),
        row: Row::new(kind.name, plan.geometry.name, &plan.name),
    };
    let mut expected = None;
    let opening = Opening {
        format: true,
        keys: plan.keys(),
        segment: plan.segment,
    };
    let opened = (kind.open)(&flash, opening, &mut |store| {
        expected = run.first(store);
    });
    if let Err(refusal) = opened {
        run.stop("open", refusal);
    } else if let Some(expected) = expected {
        run.flash.borrow_mut().reset_counters();
        let opening = Opening {
            format: false,
            ..opening
        };
        let opened = (kind.open)(&flash, opening, &mut |store| {
            run.row.mount = Some(run.share(1, 0));
            run.verify(store, &expected);
        });
        if let Err(refusal) = opened {
            run.stop("mount", refusal);
        }
    }
    run.row.breaches = run.flash.borrow().breaches;
    run.row
}

impl Run<'_> {
    fn counters(&self) -> Counters {
        self.flash.borrow().counters
    }

    /// What was asked of the flash since its counters were set to 0.
    fn share(&self, operations: u64, worst: u64) -> Share {
        Share {
            operations,
            counters: self.counters(),
            worst: worst.max(if operations == 1 {
                self.counters().time
            } else {
                0
            }),
        }
    }

    /// The workload cannot go on.
    fn stop(&mut self, at: &str, refusal: Refusal) {
        self.row.outcome = match refusal {
            Refusal::Full => Outcome::Full(at.to_owned()),
            Refusal::Unsupported(what) => Outcome::No(what),
            Refusal::NotFound => Outcome::Failed(format!("{at}: not found")),
            Refusal::Failed(why) => Outcome::Failed(format!("{at}: {why}")),
        };
    }

    /// Keys did not hold what they should. After operations that failed that is no surprise.
    fn wrong(&mut self, what: &str) {
        self.row.outcome = match &self.row.outcome {
            Outcome::Good => Outcome::Wrong(what.to_owned()),
            Outcome::Wrong(before) => Outcome::Wrong(format!("{before}; {what}")),
            Outcome::Failed(before) => Outcome::Failed(format!("{before}; {what}")),
            other => other.clone(),
        };
    }

    /// Calls `work` and returns the modelled time that it took.
    fn timed<R>(&self, work: impl FnOnce() -> R) -> (R, u64) {
        let before = self.counters().time;
        let result = work();
        (result, self.counters().time - before)
    }

    /// As [`Run::timed`], of an operation that writes: the most erases and bytes programmed in one
    /// are noted.
    fn peaked<R>(&mut self, work: impl FnOnce() -> R) -> (R, u64) {
        let before = self.counters();
        let result = work();
        let now = self.counters();
        let (erases, bytes) = self.row.peak.unwrap_or_default();
        self.row.peak = Some((
            erases.max((now.erases - before.erases) as u32),
            bytes.max((now.program_bytes - before.program_bytes) as u32),
        ));
        (result, now.time - before.time)
    }

    /// What the store does while nothing is asked of it. Returns whether to go on.
    fn rest(&mut self, store: &mut dyn Store, idle: bool) -> bool {
        let rested = if idle { store.maintain() } else { Ok(()) };
        match rested {
            Ok(()) => true,
            Err(refusal) => self.failed(refusal),
        }
    }

    /// Everything up to the mount; what keys should hold then.
    fn first(&mut self, store: &mut dyn Store) -> Option<Expected> {
        match self.plan.work {
            Work::Update {
                keys,
                size,
                updates,
                idle,
            } => self.update(store, (keys, size, updates), idle),
            Work::Churn { idle } => self.churn(store, idle),
            Work::Blob { size } => self.blob(store, size),
            Work::Capacity { size } => self.capacity(store, size),
        }
    }

    fn wear(&mut self) {
        let flash = self.flash.borrow();
        let least = flash.sector_erases.iter().copied().min().unwrap_or(0);
        let most = flash.sector_erases.iter().copied().max().unwrap_or(0);
        self.row.wear = Some((least, most));
    }

    /// Whether the key holds what it should.
    fn good(store: &mut dyn Store, id: u32, held: Option<(u32, u32)>) -> bool {
        let mut buffer = vec![0; 65_536];
        match (store.get(&key(id), &mut buffer), held) {
            (Ok(size), Some((expected, version))) => {
                buffer.get(..size) == Some(&value(expected, id, version))
            }
            (Err(Refusal::NotFound), None) => true,
            _ => false,
        }
    }

    fn verify(&mut self, store: &mut dyn Store, expected: &Expected) {
        let wrong = (0..)
            .zip(expected)
            .filter(|(id, held)| !Self::good(store, *id, **held))
            .count();
        if wrong > 0 {
            self.wrong(&format!("{wrong} keys wrong after the mount"));
        }
    }

    /// Notes an operation that failed. Returns whether to go on.
    fn failed(&mut self, refusal: Refusal) -> bool {
        self.row.failures += 1;
        self.stop("in use", refusal);
        if let Outcome::Full(_) = self.row.outcome {
            self.row.outcome = Outcome::Failed("out of space in use".to_owned());
        }
        self.row.failures <= FAILURES
    }

    fn update(
        &mut self,
        store: &mut dyn Store,
        (keys, size, updates): (u32, u32, u32),
        idle: bool,
    ) -> Option<Expected> {
        for id in 0..keys {
            if let Err(refusal) = store.set(&key(id), &value(size, id, 0)) {
                self.stop(&format!("{id} of {keys} keys"), refusal);
                return None;
            }
        }
        let mut versions = vec![0; keys as usize];
        let mut random = Random(12_345);
        let mut worst = 0;
        self.flash.borrow_mut().reset_counters();
        for _ in 0..updates {
            let id = random.skewed(keys);
            let version = versions[id as usize] + 1;
            let bytes = value(size, id, version);
            let (result, time) = self.peaked(|| store.set(&key(id), &bytes));
            worst = worst.max(time);
            match result {
                Ok(()) => versions[id as usize] = version,
                Err(refusal) => {
                    if !self.failed(refusal) {
                        break;
                    }
                }
            }
            if !self.rest(store, idle) {
                break;
            }
        }
        self.row.set = Some(self.share(u64::from(updates), worst));
        self.row.ram = store.ram();
        self.wear();
        let expected: Expected = versions
            .iter()
            .map(|&version| Some((size, version)))
            .collect();
        self.gets(store, &expected, &mut random);
        self.misses(store);
        Some(expected)
    }

    fn gets(&mut self, store: &mut dyn Store, expected: &Expected, random: &mut Random) {
        self.flash.borrow_mut().reset_counters();
        let (mut worst, mut wrong) = (0, 0);
        for _ in 0..2000 {
            let id = random.below(expected.len() as u32);
            let (good, time) = self.timed(|| Self::good(store, id, expected[id as usize]));
            worst = worst.max(time);
            wrong += u32::from(!good);
        }
        self.row.get = Some(self.share(2000, worst));
        if wrong > 0 {
            self.wrong(&format!("{wrong} of 2000 gets wrong"));
        }
    }

    fn misses(&mut self, store: &mut dyn Store) {
        self.flash.borrow_mut().reset_counters();
        let (mut worst, mut wrong) = (0, 0);
        for id in 0..500 {
            let absent = format!("app/none/{id:04}");
            let (result, time) = self.timed(|| store.get(&absent, &mut [0; 64]));
            worst = worst.max(time);
            wrong += u32::from(result != Err(Refusal::NotFound));
        }
        self.row.miss = Some(self.share(500, worst));
        if wrong > 0 {
            self.wrong(&format!("{wrong} of 500 misses wrong"));
        }
    }

    fn churn(&mut self, store: &mut dyn Store, idle: bool) -> Option<Expected> {
        let mut expected: Expected = vec![None; 100];
        let mut versions = [0; 100];
        let mut random = Random(777);
        let mut worst = 0;
        if !self.rest(store, idle) {
            return None;
        }
        self.flash.borrow_mut().reset_counters();
        for _ in 0..10_000 {
            let id = random.below(100);
            let at = id as usize;
            let (result, time) = if random.below(4) == 0 {
                let (result, time) = self.peaked(|| store.remove(&key(id)));
                match result {
                    Ok(()) | Err(Refusal::NotFound) => {
                        expected[at] = None;
                        (Ok(()), time)
                    }
                    Err(refusal) => (Err(refusal), time),
                }
            } else {
                let size = 1 + random.below(200);
                let bytes = value(size, id, versions[at] + 1);
                let (result, time) = self.peaked(|| store.set(&key(id), &bytes));
                if result.is_ok() {
                    versions[at] += 1;
                    expected[at] = Some((size, versions[at]));
                }
                (result, time)
            };
            worst = worst.max(time);
            if let Err(refusal) = result
                && !self.failed(refusal)
            {
                break;
            }
            if !self.rest(store, idle) {
                break;
            }
        }
        self.row.set = Some(self.share(10_000, worst));
        self.row.ram = store.ram();
        self.wear();
        Some(expected)
    }

    fn blob(&mut self, store: &mut dyn Store, size: u32) -> Option<Expected> {
        let mut expected: Expected = vec![None; 3];
        let (mut worst, mut wrong) = (0, 0);
        self.flash.borrow_mut().reset_counters();
        for version in 0..50 {
            let id = version % 3;
            let bytes = value(size, id, version);
            let (result, time) = self.timed(|| store.set(&key(id), &bytes));
            worst = worst.max(time);
            if let Err(refusal) = result {
                self.stop(&format!("{version} of 50"), refusal);
                return None;
            }
            expected[id as usize] = Some((size, version));
            wrong += u32::from(!Self::good(store, id, expected[id as usize]));
        }
        if wrong > 0 {
            self.wrong(&format!("{wrong} of 50 gets wrong"));
        }
        self.row.set = Some(self.share(50, worst));
        self.row.ram = store.ram();
        self.wear();
        Some(expected)
    }

    fn capacity(&mut self, store: &mut dyn Store, size: u32) -> Option<Expected> {
        let mut stored = 0;
        // As many as the driver of the figures taken from elsewhere tries.
        while stored < 60_000 {
            match store.set(&key(stored), &value(size, stored, 0)) {
                Ok(()) => stored += 1,
                Err(Refusal::Full) => break,
                Err(refusal) => {
                    self.stop(&format!("key {stored}"), refusal);
                    break;
                }
            }
        }
        self.row.stored = Some((stored, 13 + size));
        self.row.ram = store.ram();
        Some((0..stored).map(|_| Some((size, 0))).collect())
    }
}
