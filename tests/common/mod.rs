//! What the tests on the simulator share: geometries, lent memory, scripts and the oracle.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

pub mod base;
pub mod case;
pub mod geometry;
pub mod oracle;
pub mod script;

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use nvkv::{
    engine::{self, Config, Engine, Memory, Segment},
    error::Error,
    flash::sim::Sim,
};

/// How much of the index the keys would need is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexSize {
    Full,
    Half,
    Eighth,
    None,
}

impl IndexSize {
    pub const ALL: [Self; 4] = [Self::Full, Self::Half, Self::Eighth, Self::None];

    pub fn slots(self, keys: u32) -> usize {
        let full = engine::table_slots(keys) as usize;
        let slots = match self {
            Self::Full => full,
            Self::Half => full / 2,
            Self::Eighth => full / 8,
            Self::None => 0,
        };
        slots.max(engine::table_slots(0) as usize)
    }
}

/// Bytes behind which the flash driver's alignment is met without unsafe code.
const ALIGN: usize = 32;

/// Bytes aligned to 32.
pub struct Aligned {
    bytes: Vec<u8>,
    size: usize,
}

impl Aligned {
    pub fn new(size: usize) -> Self {
        Self {
            bytes: vec![0xA5; size + ALIGN],
            size,
        }
    }

    pub fn slice(&mut self) -> &mut [u8] {
        let skip = self.bytes.as_ptr().align_offset(ALIGN);
        &mut self.bytes[skip..skip + self.size]
    }
}

/// Memory that a test lends to stores.
pub struct Lent {
    table: Vec<u32>,
    segments: Vec<Segment>,
    block: Aligned,
    window: Aligned,
}

impl Lent {
    /// What a store on `sim` asks for, with an index of `slots` slots.
    pub fn new(sim: &Sim, config: &Config, slots: usize) -> Self {
        let needs = engine::requirements(sim, config).expect("the geometry is supported");
        Self {
            table: vec![0; slots],
            segments: vec![Segment::default(); needs.segments as usize],
            block: Aligned::new(needs.block as usize),
            window: Aligned::new(needs.window as usize),
        }
    }

    /// The memory, with garbage in it: a store must not rely on what it is lent.
    pub fn memory(&mut self) -> Memory<'_> {
        self.table.fill(0xDEAD_BEEF);
        self.block.slice().fill(0x5A);
        self.window.slice().fill(0xC3);
        Memory {
            table: &mut self.table,
            segments: &mut self.segments,
            block: self.block.slice(),
            window: self.window.slice(),
        }
    }

    pub fn mount<'m, 's>(
        &'m mut self,
        sim: &'s mut Sim,
        config: &Config,
    ) -> Result<Engine<'m, &'s mut Sim>, Error> {
        Engine::mount(sim, self.memory(), config)
    }
}

/// Number from the environment.
pub fn env_number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    Some(parsed.unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// A seed that no run had before.
pub fn fresh_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(1, |now| now.as_nanos());
    u64::from_le_bytes(nanos.to_le_bytes()[..8].try_into().expect("8 of 16 bytes")) % 1_000_000_007
}

/// Runs `work` for every number below `count` on two threads.
pub fn in_parallel(count: usize, work: impl Fn(usize) + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    work(at);
                }
            });
        }
    });
}

/// The message of a panic.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap_or_else(|| "a panic".to_string())
}

/// Failures after which no more is tried.
const FAILURES_MAX: u32 = 20;

/// Makes runs with seeds that follow each other, and prints what replays those that fail: with
/// `NVKV_REPLAY` and the test `replay` of the file `test`. Returns the number of runs, and the sum
/// of what they return.
pub fn try_seeds(
    test: &str,
    seed: u64,
    runs: usize,
    one_run: impl Fn(u64) -> Result<u32, String> + Sync,
) -> (u32, u32) {
    let [done, failed, sum] = [const { AtomicU32::new(0) }; 3];
    in_parallel(runs, |at| {
        if failed.load(Relaxed) >= FAILURES_MAX {
            return;
        }
        let seed = seed + at as u64;
        done.fetch_add(1, Relaxed);
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| one_run(seed)));
        match result.unwrap_or_else(|panic| Err(panic_text(&*panic))) {
            Ok(counted) => {
                sum.fetch_add(counted, Relaxed);
            }
            Err(error) => {
                println!(
                    "NVKV_REPLAY={seed} cargo test --features sim --test {test} replay -- \
                     --nocapture # {error}"
                );
                failed.fetch_add(1, Relaxed);
            }
        }
    });
    let (done, failed) = (done.load(Relaxed), failed.load(Relaxed));
    println!("{test}: {done} runs, {failed} failed");
    assert_eq!(failed, 0, "the lines above replay the runs that failed");
    (done, sum.load(Relaxed))
}
