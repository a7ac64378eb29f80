//! Several sectors that fail in different ways at different times, with small indexes, restarts and
//! power cuts between: what was acknowledged is there, and nothing else.
//!
//! `NVKV_REPLAY=seed` replays the run whose seed was printed.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::collections::BTreeMap;

use common::{IndexSize, Lent, env_number, fresh_seed, oracle::Store, try_seeds};
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Cut, CutPoint, EraseTear, Fault, Geometry, ProgramTear, Rng, Sim},
};

/// Runs with seeds that stay, and with fresh ones.
const RUNS: usize = 4_000;
const FRESH: usize = 20_000;
/// Restarts of a run, and the most operations between two.
const SESSIONS: usize = 6;
const OPERATIONS: u64 = 300;
/// A program that is done and reported as failed is the one that leaves most behind.
const FAULTS: [Fault; 4] = [
    Fault::ProgramUnsaid,
    Fault::ProgramUnsaid,
    Fault::ProgramError,
    Fault::EraseError,
];
const INDEXES: [IndexSize; 4] = [
    IndexSize::None,
    IndexSize::None,
    IndexSize::Eighth,
    IndexSize::Full,
];
const TEARS: [ProgramTear; 4] = [
    ProgramTear::Unseen,
    ProgramTear::Prefix,
    ProgramTear::RandomBits,
    ProgramTear::Weak,
];

/// What a key may hold: one value, or several where a write was not acknowledged.
type Allowed = BTreeMap<Vec<u8>, Vec<Option<Vec<u8>>>>;

struct Run {
    rng: Rng,
    allowed: Allowed,
    keys: u64,
    longest: u64,
    /// Operations that failed.
    failed: u32,
}

impl Run {
    fn key(&mut self) -> Vec<u8> {
        let id = self.rng.below(self.keys);
        let mut key = format!("k{id}").into_bytes();
        let size = [2, 13, 30][(id % 3) as usize];
        key.resize(key.len().max(size), b'x');
        key
    }

    fn cut(&mut self) -> Cut {
        let rng = &mut self.rng;
        let point = match rng.below(3) {
            0 => CutPoint::Before,
            1 => CutPoint::Units {
                whole: rng.below(4) as u32,
                torn: 1 + rng.below(3) as u32,
            },
            _ => CutPoint::Complete,
        };
        Cut {
            call: rng.below(200),
            point,
            program: TEARS[rng.below(4) as usize],
            erase: EraseTear::MixBits,
        }
    }

    /// From a mount on, until something fails or it is enough. Whether nothing failed, and
    /// something was written, so that what a cut left is settled.
    fn session(&mut self, store: &mut Store<'_, '_>) -> Result<bool, String> {
        self.check(store)?;
        let mut is_settled = false;
        for _ in 0..self.rng.below(OPERATIONS) {
            let key = self.key();
            let mut value = vec![0; self.rng.below(self.longest) as usize];
            self.rng.fill(&mut value);
            let (result, new) = match self.rng.below(10) {
                0 => (store.remove(&key), None),
                1 => (in_pieces(store, &key, &value), Some(value)),
                _ => (store.set(&key, &value, 0), Some(value)),
            };
            let allowed = self.allowed.entry(key).or_insert_with(|| vec![None]);
            match result {
                Ok(()) => {
                    *allowed = vec![new];
                    is_settled = true;
                }
                Err(Error::Full | Error::TooLarge | Error::NotFound) => {}
                Err(_) => {
                    allowed.push(new);
                    self.failed += 1;
                    return Ok(false);
                }
            }
            if self.rng.one_in(20) && store.maintain(4).is_err() {
                return Ok(false);
            }
        }
        Ok(is_settled)
    }

    fn check(&self, store: &mut Store<'_, '_>) -> Result<(), String> {
        let mut buffer = vec![0; 1 + self.longest as usize];
        for (key, allowed) in &self.allowed {
            let name = String::from_utf8_lossy(key);
            let got = match store.get(key, 0, &mut buffer) {
                Ok(size) => Some(buffer[..(size as usize).min(buffer.len())].to_vec()),
                Err(Error::NotFound) => None,
                Err(error) => return Err(format!("get of {name}: {error}")),
            };
            if !allowed.contains(&got) {
                let sizes = allowed.iter().map(|value| value.as_ref().map(Vec::len));
                let sizes: Vec<_> = sizes.collect();
                let size = got.as_ref().map(Vec::len);
                return Err(format!("{name} has {size:?} bytes, not one of {sizes:?}"));
            }
        }
        Ok(())
    }
}

fn in_pieces(store: &mut Store<'_, '_>, key: &[u8], value: &[u8]) -> Result<(), Error> {
    store.set_start(key, value.len() as u32, 0)?;
    let (first, second) = value.split_at(value.len() / 3);
    store.set_add_data(first)?;
    store.set_add_data(second)?;
    store.set_finalize()
}

/// Operations that failed.
fn one_run(seed: u64) -> Result<u32, String> {
    let mut rng = Rng::new(seed);
    let count = [4, 8, 17][rng.below(3) as usize];
    let unit = [1, 2, 4, 8, 32][rng.below(5) as usize];
    let size = [512, 1024, 2048][rng.below(3) as usize];
    // Mostly too small: what the index does not have is found by a walk.
    let slots = INDEXES[rng.below(4) as usize].slots(60);
    let longest = [20, 130, 300, 900][rng.below(4) as usize];
    let mut sim = Sim::new(Geometry::uniform(count, size, unit), rng.next());
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, slots);
    let text = |error: &dyn std::fmt::Display| {
        format!("{count} of {size}, unit {unit}, {slots} slots: {error}")
    };
    Engine::format(&mut sim, lent.memory(), &config).map_err(|error| text(&error))?;
    for _ in 0..count - 2 {
        let sector = rng.below(count as u64) as usize;
        let fault = FAULTS[rng.below(4) as usize];
        sim.fail(sector, fault, rng.below(400));
    }
    let keys = 1 + rng.below(60);
    let mut run = Run {
        rng,
        allowed: Allowed::new(),
        keys,
        longest,
        failed: 0,
    };
    // Bytes live as the store counted them before the restart.
    let mut live = None;
    for _ in 0..SESSIONS {
        sim.power_off();
        sim.power_on();
        if run.rng.one_in(2) {
            sim.arm(run.cut());
        }
        let mut store = lent
            .mount(&mut sim, &config)
            .map_err(|error| text(&error))?;
        if let (Some(live), Ok(stats)) = (live, store.stats())
            && stats.live_bytes > live
        {
            let now = stats.live_bytes;
            return Err(text(&format!("{live} bytes live, {now} after a restart")));
        }
        let is_clean = run.session(&mut store).map_err(|error| text(&error))?;
        // Of what failed, a mount may find what nobody was told of. Behind a failure the next write
        // counts, or this.
        let is_counted = store.maintain(0).is_ok();
        let stats = store.stats().ok().filter(|_| is_clean && is_counted);
        live = stats.map(|stats| stats.live_bytes);
    }
    Ok(run.failed)
}

fn all(seed: u64, runs: usize) {
    let (done, failed) = try_seeds("many_faults", seed, runs, one_run);
    assert!(failed > done, "{failed} operations failed in {done} runs");
}

#[test]
fn fixed_seeds() {
    all(1 << 40, RUNS);
}

#[test]
#[ignore = "other seeds each time: part of `cargo xtask soak`"]
fn fresh_seeds() {
    let seed = env_number("NVKV_SEED").unwrap_or_else(fresh_seed);
    println!("NVKV_SEED={seed}");
    all(seed, FRESH);
}

/// The line that a failure printed.
#[test]
fn replay() {
    let Some(seed) = env_number("NVKV_REPLAY") else {
        return;
    };
    let result = one_run(seed);
    assert!(result.is_ok(), "{result:?}");
}
