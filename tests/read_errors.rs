//! Sectors that cannot be read for a while: what is acknowledged meanwhile is there afterwards.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use common::{
    IndexSize, Lent,
    base::breaches,
    env_number, in_parallel,
    oracle::{Oracle, Store},
    panic_text,
    script::{Op, Step, Value, name, run},
};
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Fault, Geometry, Rng, Sim},
};

/// Calls after which a sector stops being readable.
const CALLS: u64 = 24;

/// Formats, stores one value if `filled`, then two more while `sector` fails after `calls` reads;
/// returns how many of the two were acknowledged. Panics when one of those is gone.
fn two_writes(geometry: &Geometry, sector: usize, calls: u64, filled: bool) -> usize {
    let mut sim = Sim::new(geometry.clone(), 1);
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(4));
    Engine::format(&mut sim, lent.memory(), &config).unwrap();
    if filled {
        let mut store = lent.mount(&mut sim, &config).unwrap();
        store.set(b"first", b"1", 0).unwrap();
    }
    sim.fail(sector, Fault::ReadError, calls);
    let keys: [&[u8]; 2] = [b"a", b"key4"];
    let mut stored = [false; 2];
    if let Ok(mut store) = lent.mount(&mut sim, &config) {
        for (key, stored) in keys.into_iter().zip(&mut stored) {
            *stored = store.set(key, b"value", 0).is_ok();
        }
    }
    sim.heal();
    sim.power_off();
    sim.power_on();
    let mut store = lent.mount(&mut sim, &config).unwrap();
    let mut expected: Vec<&[u8]> = Vec::new();
    expected.extend(filled.then_some(&b"first"[..]));
    expected.extend(
        keys.into_iter()
            .zip(stored)
            .filter_map(|(key, stored)| stored.then_some(key)),
    );
    for key in &expected {
        if store.exists(key) != Ok(true) {
            let sectors = geometry.sectors.len();
            panic!("{key:?} is gone: {sectors} sectors, {sector} fails after {calls} calls");
        }
    }
    stored.into_iter().filter(|stored| *stored).count()
}

#[test]
fn what_is_stored_while_a_sector_does_not_read_is_there_later() {
    let mut outcomes = [0_u32; 3];
    for geometry in [
        Geometry::uniform(2, 256, 1),
        Geometry::uniform(2, 256, 8),
        Geometry::uniform(4, 256, 4),
        Geometry::uniform(2, 4096, 4),
        Geometry::uniform(8, 4096, 4),
    ] {
        for sector in 0..geometry.sectors.len() {
            for calls in 0..CALLS {
                for filled in [false, true] {
                    if let Some(count) =
                        outcomes.get_mut(two_writes(&geometry, sector, calls, filled))
                    {
                        *count += 1;
                    }
                }
            }
        }
    }
    // Both ways out were met: a write that is refused, and one that goes on elsewhere.
    assert!(outcomes.iter().all(|&count| count > 0), "{outcomes:?}");
}

/// Operations between two starts, and starts in a run.
const STEPS: u64 = 40;
const STARTS: u32 = 6;
/// Runs with seeds that stay.
const RUNS: usize = 1500;

/// A store with many segments or few, and an index that has room for all keys or not.
struct Drawn {
    rng: Rng,
    oracle: Oracle,
    failed: u32,
}

impl Drawn {
    fn op(&mut self, segment: u32) -> Op {
        let key = name(self.rng.below(30), 20);
        let size = match self.rng.below(8) {
            0 => segment,
            1 => segment / 3,
            _ => 40,
        };
        let value = Value {
            size: self.rng.below(u64::from(size)) as u32,
            seed: self.rng.next(),
            flags: 0,
        };
        match self.rng.below(16) {
            0..=3 => Op::Remove { key },
            4..=7 => Op::Stream {
                key,
                value,
                pieces: 1 + self.rng.below(4) as u32,
                abort: self.rng.one_in(3),
            },
            8 => Op::Maintain { budget: 3 },
            9 if self.rng.one_in(20) => Op::Reset,
            _ => Op::Set { key, value },
        }
    }

    /// Operations while reads fail now and then.
    fn session(&mut self, store: &mut Store<'_, '_>, segment: u32) -> Result<(), String> {
        for at in 0..STEPS {
            let op = self.op(segment);
            let text = |what: String| format!("step {at}, {op:?}: {what}");
            match run(store, &op, &mut self.oracle).map_err(text)? {
                // Where what was programmed does not read back it counts as failed.
                Step::Failed(_) => {
                    self.failed += 1;
                    let _none_is_open = store.set_abort();
                }
                Step::Written | Step::Unchanged | Step::Full => {}
            }
            if self.rng.one_in(4) {
                self.iterate(store).map_err(|e| text(e.to_string()))?;
            }
            if self.rng.one_in(6) {
                self.stream(store, segment)
                    .map_err(|e| text(e.to_string()))?;
            }
        }
        Ok(())
    }

    fn iterate(&mut self, store: &mut Store<'_, '_>) -> Result<(), Error> {
        let id = store.iterator_open(b"")?;
        let mut key = [0; 64];
        for _ in 0..self.rng.below(40) {
            // One that fails is asked again.
            let _any = store.iterator_next(id, &mut key);
        }
        store.iterator_close(id)
    }

    /// A value in pieces, with an iteration between them.
    fn stream(&mut self, store: &mut Store<'_, '_>, segment: u32) -> Result<(), Error> {
        let key = name(self.rng.below(30), 20);
        let value = Value {
            size: 8 + self.rng.below(u64::from(segment) * 2) as u32,
            seed: self.rng.next(),
            flags: 0,
        };
        let held = value.held();
        let bytes = held.as_deref().map_or(&[][..], |held| &held.0);
        if store.set_start(&key, value.size, 0).is_err() {
            return Ok(());
        }
        for piece in bytes.chunks(100) {
            if store.set_add_data(piece).is_err() {
                let _none_is_open = store.set_abort();
                return Ok(());
            }
            self.iterate(store)?;
        }
        match store.set_finalize() {
            Ok(()) => self.oracle.acknowledged(&key, held.clone()),
            Err(_) => self.oracle.in_flight(&key, held.clone()),
        }
        Ok(())
    }
}

fn drawn(seed: u64) -> Result<u32, String> {
    let mut rng = Rng::new(seed);
    let count = [2, 4, 8, 20, 24][rng.below(5) as usize];
    let unit = [1, 4, 16][rng.below(3) as usize];
    let mut sim = Sim::new(Geometry::uniform(count, 512, unit), rng.next());
    let config = Config::default();
    let index = IndexSize::ALL[rng.below(4) as usize];
    let mut lent = Lent::new(&sim, &config, index.slots(30));
    Engine::format(&mut sim, lent.memory(), &config).map_err(|e| format!("format: {e}"))?;
    let oracle = Oracle::default();
    let mut drawn = Drawn {
        rng,
        oracle,
        failed: 0,
    };
    for start in 0..STARTS {
        let text = |error: String| format!("{count} segments, {index:?}, start {start}: {error}");
        for _ in 0..drawn.rng.below(8) {
            let (calls, reads) = (drawn.rng.below(120), drawn.rng.below(60));
            sim.glitch(calls, reads);
        }
        // A read that fails in a mount refuses that one, and nothing is changed.
        loop {
            match lent.mount(&mut sim, &config) {
                Err(Error::ReadFailed) => {}
                Err(error) => return Err(text(format!("mount: {error}"))),
                Ok(mut store) => {
                    drawn.session(&mut store, 512).map_err(text)?;
                    break;
                }
            }
        }
        sim.heal();
        sim.power_off();
        sim.power_on();
        let mut store = lent
            .mount(&mut sim, &config)
            .map_err(|e| text(e.to_string()))?;
        let settled = drawn.oracle.settle(&mut store);
        settled
            .and_then(|()| drawn.oracle.check(&mut store, 0))
            .map_err(|error| text(format!("after: {error}")))?;
        // And with every read it can be written again.
        let op = Op::Remove {
            key: name(drawn.rng.below(30), 20),
        };
        let step = run(&mut store, &op, &mut drawn.oracle).map_err(text)?;
        if matches!(step, Step::Failed(_)) {
            return Err(text(format!("after: {op:?}: {step:?}")));
        }
    }
    breaches(&sim)?;
    Ok(drawn.failed)
}

#[test]
fn reads_that_fail_now_and_then_lose_nothing() {
    let (failed, lost) = (AtomicU32::new(0), AtomicU32::new(0));
    let first = env_number("NVKV_SEED").unwrap_or(1 << 20);
    in_parallel(RUNS, |at| {
        let seed = first + at as u64;
        let run = std::panic::catch_unwind(|| drawn(seed));
        match run.unwrap_or_else(|panic| Err(panic_text(&*panic))) {
            Ok(count) => drop(failed.fetch_add(count, Relaxed)),
            Err(error) => {
                println!("NVKV_SEED={seed}: {error}");
                lost.fetch_add(1, Relaxed);
            }
        }
    });
    let failed = failed.load(Relaxed);
    println!("read errors: {RUNS} runs, {failed} operations refused");
    assert_eq!(lost.load(Relaxed), 0, "the lines above say which seeds");
    assert!(failed > 1000, "{failed}");
}
