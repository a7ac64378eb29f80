//! Random operations against a map, on every kind of flash and with every size of the index.
//!
//! `NVKV_SEED` replays the run whose seed was printed.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::{
    collections::BTreeSet,
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use common::{
    IndexSize, Lent,
    base::breaches,
    env_number, fresh_seed,
    geometry::classes,
    in_parallel,
    oracle::{Oracle, Store, show_key},
    panic_text,
    script::{Op, Step, Value, WRITE_ONCE, name, run},
};
use nvkv::{
    engine::{Config, Engine, IteratorId},
    error::Error,
    flash::sim::{Counters, Rng, Sim},
};

/// Operations of one run.
const STEPS: u32 = 300;
/// Runs for each class and index size, fixed seeds and fresh ones.
const RUNS: u64 = 6;
/// Failures after which a test gives up.
const FAILURES_MAX: u32 = 20;
/// Ends what would not end.
const CALLS_MAX: u64 = 400_000_000;

/// An iterator that is open while the store changes.
struct Walk {
    id: IteratorId,
    prefix: Vec<u8>,
    /// Keys that existed all the time so far.
    lasting: BTreeSet<Vec<u8>>,
    /// Keys that existed at any time.
    ever: BTreeSet<Vec<u8>>,
    seen: BTreeSet<Vec<u8>>,
}

struct Model {
    rng: Rng,
    oracle: Oracle,
    walks: Vec<Walk>,
    /// Mean size of a value.
    value: u32,
    /// Longest key.
    key: usize,
    /// Different keys.
    ids: u64,
}

impl Model {
    fn draw(&mut self, room: u32) -> Op {
        let rng = &mut self.rng;
        let key = name(rng.below(self.ids), self.key);
        let size = match rng.below(16) {
            0 => 0,
            1 => room,
            2 => room.saturating_add(1),
            3 => self.value * 4,
            4 => 1,
            _ => rng.below(u64::from(self.value) * 2) as u32,
        };
        let flags = if rng.one_in(200) {
            WRITE_ONCE
        } else {
            rng.below(2) as u8 * 2
        };
        let value = Value {
            size,
            seed: rng.next(),
            flags,
        };
        match rng.below(20) {
            0..=3 => Op::Remove { key },
            4 | 5 => Op::Stream {
                key,
                value,
                pieces: 1 + rng.below(9) as u32,
                abort: rng.one_in(3),
            },
            6 => Op::Maintain {
                budget: rng.below(6) as u32,
            },
            7 if rng.one_in(4) => Op::Remount,
            8 if rng.one_in(60) => Op::Reset,
            _ => Op::Set { key, value },
        }
    }

    /// A random operation; what has no room costs nothing.
    fn step(&mut self, store: &mut Store<'_, '_>) -> Result<bool, String> {
        let room = stats(store)?.largest_value;
        let op = self.draw(room.min(self.value * 24));
        if matches!(op, Op::Remount) {
            return Ok(true);
        }
        let text = |what: &str| format!("{op:?}: {what}");
        match run(store, &op, &mut self.oracle).map_err(|error| text(&error))? {
            Step::Failed(error) => return Err(text(&error.to_string())),
            Step::Full => match &op {
                Op::Set { key, value } | Op::Stream { key, value, .. }
                    // "The largest value that a new key of 16 bytes could get now."
                    if room > 0 && value.size <= room && key.len() <= 16 =>
                {
                    return Err(text(&format!("full, but there is room for {room}")));
                }
                _ => {}
            },
            Step::Written | Step::Unchanged => {}
        }
        match &op {
            Op::Set { key, .. } | Op::Remove { key } | Op::Stream { key, .. } => {
                self.oracle.check_key(store, key)?;
                self.note(key);
            }
            Op::Reset => self.walks.iter_mut().for_each(|walk| walk.lasting.clear()),
            _ => {}
        }
        Ok(false)
    }

    /// What the open iterators may and must return, after a key was written.
    fn note(&mut self, key: &[u8]) {
        let exists = self.oracle.sure(key).is_some_and(Option::is_some);
        for walk in &mut self.walks {
            if exists && key.starts_with(&walk.prefix) {
                walk.ever.insert(key.to_vec());
            } else if !exists {
                walk.lasting.remove(key);
            }
        }
    }

    fn iterate(&mut self, store: &mut Store<'_, '_>) -> Result<(), String> {
        if self.walks.len() < 3 && self.rng.one_in(20) {
            let prefix: &[u8] = [&b""[..], b"k", b"k1", b"none"][self.rng.below(4) as usize];
            let id = store
                .iterator_open(prefix)
                .map_err(|error| format!("open: {error}"))?;
            let mut keys: BTreeSet<_> = self.oracle.existing().into_iter().collect();
            keys.retain(|key| key.starts_with(prefix));
            let (ever, seen) = (keys.clone(), BTreeSet::new());
            self.walks.push(Walk {
                id,
                prefix: prefix.to_vec(),
                lasting: keys,
                ever,
                seen,
            });
        }
        for at in (0..self.walks.len()).rev() {
            for _ in 0..self.rng.below(3) {
                if !self.walks[at].next(store)? {
                    let walk = self.walks.swap_remove(at);
                    store
                        .iterator_close(walk.id)
                        .map_err(|error| format!("close: {error}"))?;
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Walk {
    /// False at the end.
    fn next(&mut self, store: &mut Store<'_, '_>) -> Result<bool, String> {
        let mut buffer = [0; 1024];
        match store.iterator_next(self.id, &mut buffer) {
            Ok(size) => {
                let key = buffer[..size].to_vec();
                if !self.ever.contains(&key) {
                    return Err(format!("iteration returns {}, never there", show_key(&key)));
                }
                if self.lasting.contains(&key) && self.seen.contains(&key) {
                    return Err(format!("iteration returns {} twice", show_key(&key)));
                }
                self.seen.insert(key);
                Ok(true)
            }
            Err(Error::NotFound) => match self.lasting.difference(&self.seen).next() {
                Some(key) => Err(format!("iteration leaves out {}", show_key(key))),
                None => Ok(false),
            },
            Err(error) => Err(format!("next: {error}")),
        }
    }
}

fn stats(store: &mut Store<'_, '_>) -> Result<nvkv::engine::Stats, String> {
    store.stats().map_err(|error| format!("stats: {error}"))
}

/// One run. The seed decides all of it.
fn one_run(class: usize, index: IndexSize, seed: u64) -> Result<(), String> {
    let class = classes().swap_remove(class);
    let config = Config {
        tidy_always: seed.is_multiple_of(4),
        ..Config::default()
    };
    let kind = class.size() ^ (class.geometry.program_size << 20) ^ (index as u32) << 30;
    let mut rng = Rng::new(seed ^ u64::from(kind) << 32);
    let mut sim = Sim::new(class.geometry.clone(), rng.next());
    sim.limit_calls(CALLS_MAX);
    let needs = nvkv::engine::requirements(&sim, &config).map_err(|error| error.to_string())?;
    let segment = needs.segment_size;
    let value = (class.size() / (20 << rng.below(3)))
        .clamp(4, segment / 3)
        .min(1500);
    let key = if rng.one_in(2) {
        16
    } else {
        (segment as usize / 12).clamp(12, 1024)
    };
    // From nearly empty to more keys than fit.
    let ids = u64::from(class.size() / value) / (1 + rng.below(3)) + 2;
    let ids = ids.min(if index == IndexSize::None { 60 } else { 400 });
    let slots = index.slots(ids as u32);
    let mut lent = Lent::new(&sim, &config, slots);
    Engine::format(&mut sim, lent.memory(), &config).map_err(|e| format!("format: {e}"))?;
    let oracle = Oracle::default();
    let mut model = Model {
        rng,
        oracle,
        walks: Vec::new(),
        value,
        key,
        ids,
    };
    // Many sectors take long, and without an index longer.
    let slow = class.geometry.sectors.len() > 30 || index == IndexSize::None;
    let steps = if slow { STEPS / 2 } else { STEPS };
    let result = model.go(&mut sim, &mut lent, &config, steps);
    match (result, breaches(&sim)) {
        (Err(error), Err(breach)) => Err(format!("{error}; {breach}")),
        (result, breach) => result.and(breach),
    }
}

impl Model {
    fn go(
        &mut self,
        sim: &mut Sim,
        lent: &mut Lent,
        config: &Config,
        steps: u32,
    ) -> Result<(), String> {
        let mut done = 0;
        while done < steps {
            let mut store = lent
                .mount(sim, config)
                .map_err(|error| format!("mount: {error}"))?;
            self.oracle.check(&mut store, 40)?;
            let existing = self.oracle.existing().len() as u32;
            let stats = stats(&mut store)?;
            if stats.keys != existing {
                return Err(format!("{} keys, not {existing}", stats.keys));
            }
            while done < steps {
                done += 1;
                let remount = self
                    .step(&mut store)
                    .map_err(|error| format!("step {done}: {error}"))?;
                if remount {
                    break;
                }
                self.iterate(&mut store)
                    .map_err(|error| format!("step {done}: {error}"))?;
            }
            self.walks.clear();
            let report = store.check().map_err(|error| format!("check: {error}"))?;
            if report.records_damaged != 0 {
                return Err(format!("{report:?}"));
            }
        }
        Ok(())
    }
}

fn caught(class: usize, index: IndexSize, seed: u64) -> Result<(), String> {
    let result = std::panic::catch_unwind(AssertUnwindSafe(|| one_run(class, index, seed)));
    result.unwrap_or_else(|panic| Err(panic_text(&*panic)))
}

/// Every class and index size with this seed.
fn all(first_seed: u64, runs: u64) {
    let (done, failed) = (AtomicU32::new(0), AtomicU32::new(0));
    let classes = classes().len();
    in_parallel(classes * IndexSize::ALL.len() * runs as usize, |at| {
        if failed.load(Relaxed) >= FAILURES_MAX {
            return;
        }
        let (class, rest) = (at % classes, at / classes);
        let (index, run) = (rest % IndexSize::ALL.len(), rest / IndexSize::ALL.len());
        let seed = first_seed + run as u64;
        done.fetch_add(1, Relaxed);
        if let Err(error) = caught(class, IndexSize::ALL[index], seed) {
            println!(
                "NVKV_REPLAY='{class}/{index}/{seed}' cargo test --features sim --test model \
                 replay -- --nocapture # {error}"
            );
            failed.fetch_add(1, Relaxed);
        }
    });
    let failed = failed.load(Relaxed);
    println!("model: {} runs, {failed} failed", done.load(Relaxed));
    assert_eq!(failed, 0, "the lines above replay the runs that failed");
}

#[test]
fn fixed_seeds() {
    all(1, RUNS);
}

#[test]
#[ignore = "other seeds each time: part of `cargo xtask soak`"]
fn fresh_seeds() {
    let seed = env_number("NVKV_SEED").unwrap_or_else(fresh_seed);
    println!("NVKV_SEED={seed}");
    all(seed, env_number("NVKV_MODEL_RUNS").unwrap_or(RUNS / 2));
}

/// The line that a failure printed.
#[test]
fn replay() {
    let Ok(line) = std::env::var("NVKV_REPLAY") else {
        return;
    };
    let numbers: Vec<u64> = line
        .split('/')
        .filter_map(|text| text.parse().ok())
        .collect();
    let [class, index, seed] = numbers[..] else {
        panic!("{line:?} is not class/index/seed")
    };
    let result = one_run(class as usize, IndexSize::ALL[index as usize], seed);
    assert_eq!(result, Ok(()));
}

/// What does not fit is refused before anything is programmed.
#[test]
fn a_refused_set_costs_nothing() {
    for class in classes() {
        let mut sim = Sim::new(class.geometry.clone(), 1);
        let config = Config::default();
        let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(100));
        Engine::format(&mut sim, lent.memory(), &config).unwrap();
        let mut store = lent.mount(&mut sim, &config).unwrap();
        let chunk = vec![7; (class.size() / 40) as usize];
        let mut last = Ok(());
        for id in 0..200 {
            last = store.set(&name(id, 16), &chunk, 0);
            if last.is_err() {
                break;
            }
        }
        assert_eq!(last, Err(Error::Full), "{}", class.name);
        let sim = store.into_flash();
        let work = |counters: Counters| (counters.programs, counters.erases);
        let before = work(sim.counters());
        let mut store = lent.mount(sim, &config).unwrap();
        for id in (304..370).step_by(11) {
            assert_eq!(
                store.set(&name(id, 16), &chunk, 0),
                Err(Error::Full),
                "{}",
                class.name
            );
            let size = chunk.len() as u32;
            assert_eq!(
                store.set_start(&name(id, 16), size, 0),
                Err(Error::Full),
                "{}",
                class.name
            );
        }
        let sim = store.into_flash();
        assert_eq!(work(sim.counters()), before, "{}", class.name);
        // A full store is emptied key by key.
        let mut store = lent.mount(sim, &config).unwrap();
        for key in common::oracle::list(&mut store).unwrap() {
            assert_eq!(store.remove(&key), Ok(()), "{}", class.name);
        }
        assert_eq!(common::oracle::list(&mut store).unwrap().len(), 0);
        store.set(&name(300, 16), &chunk, 0).unwrap();
    }
}
