//! Where power cuts begin: a store filled to a level, and a script that ran on it once without
//! any cut, so that its flash calls are known.

use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Call, Rng, Sim},
};

use super::{
    IndexSize, Lent,
    geometry::{Class, classes},
    oracle::{Oracle, Store},
    script::{Op, Step, Value, WRITE_ONCE, name, run},
};

/// What a script is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    Overwrite,
    Churn,
    Stream,
    Large,
    Collect,
    Reset,
    Format,
    LongKeys,
}

impl Workload {
    pub const ALL: [Self; 8] = [
        Self::Overwrite,
        Self::Churn,
        Self::Stream,
        Self::Large,
        Self::Collect,
        Self::Reset,
        Self::Format,
        Self::LongKeys,
    ];
}

pub const LEVELS: [u32; 6] = [10, 30, TIDY, 50, 75, 95];
/// The level at which old segments are tidied up, as in a store so large that a mount takes long.
const TIDY: u32 = 40;

/// All that a base follows from. Numbers, so that a line of text replays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub class: usize,
    pub workload: usize,
    pub level: u32,
    pub index: usize,
    pub seed: u64,
}

/// Key of a small value that is there from the start: the write of another key.
pub const OTHER: &[u8] = b"other";
/// Key that is there only to try how much room is left.
pub const ROOM: &[u8] = b"room for 16 byte";
/// Ends what would not end.
const CALLS_MAX: u64 = 40_000_000;

pub struct Base {
    pub plan: Plan,
    pub class: Class,
    pub config: Config,
    pub slots: usize,
    /// Before the script.
    pub sim: Sim,
    pub oracle: Oracle,
    pub script: Vec<Op>,
    /// Live bytes before each operation of it.
    pub live: Vec<u32>,
    /// The largest value that there was room for before each of them.
    pub rooms: Vec<u32>,
    /// Program and erase calls of the script, in order.
    pub calls: Vec<Call>,
    /// Room that is left behind the script for a new value, less what tombstones may take.
    pub room: u32,
    /// Keys to read at each check; 0: all.
    pub sample: usize,
}

/// Sizes that suit the partition.
struct Sizes {
    value: u32,
    key: usize,
    large: u32,
    /// Room of a tombstone, or of any small record. Another order of events may leave one more
    /// for each removal.
    tombstone: u32,
}

fn sizes(class: &Class, segment: u32, workload: Workload) -> Sizes {
    let size = class.size();
    // About 60 keys, each value in one record.
    let value = (size / 60).clamp(6, (segment / 12).max(6));
    let key = match workload {
        Workload::LongKeys => (segment as usize / 12).clamp(12, 1024),
        _ => 16,
    };
    let tombstone = (28
        + if workload == Workload::LongKeys {
            key as u32
        } else {
            0
        })
    .next_multiple_of(class.geometry.program_size);
    Sizes {
        value,
        key,
        tombstone,
        large: (segment + segment / 4).min(size / 3),
    }
}

fn draw_size(mean: u32, rng: &mut Rng) -> u32 {
    mean / 2 + rng.below(u64::from(mean) + 1) as u32
}

impl Base {
    pub fn build(plan: Plan) -> Result<Self, String> {
        let class = classes().swap_remove(plan.class);
        let workload = Workload::ALL[plan.workload];
        let config = Config {
            format_if_unrecognised: workload == Workload::Format,
            tidy_always: plan.level == TIDY,
            ..Config::default()
        };
        let mut sim = Sim::new(class.geometry.clone(), plan.seed);
        sim.limit_calls(CALLS_MAX);
        let stores_keys = 450.min(class.size() / 24).max(12);
        let slots = IndexSize::ALL[plan.index].slots(stores_keys);
        let mut oracle = Oracle::default();
        let needs = nvkv::engine::requirements(&sim, &config).map_err(|error| error.to_string())?;
        let segment = needs.segment_size;
        let sizes = sizes(&class, segment, workload);
        let mut lent = Lent::new(&sim, &config, slots);
        if workload != Workload::Format {
            Engine::format(&mut sim, lent.memory(), &config).map_err(|e| format!("format: {e}"))?;
            let filled = fill(&mut sim, &mut lent, &config, &mut oracle, &sizes, plan);
            filled.map_err(|error| format!("{error}; {:?}", sim.breaches().first()))?;
        }
        let mut base = Self {
            sample: if slots == 0 && class.size() > 16 << 10 {
                8
            } else {
                0
            },
            sim,
            plan,
            class,
            config,
            slots,
            oracle,
            script: Vec::new(),
            live: Vec::new(),
            rooms: Vec::new(),
            calls: Vec::new(),
            room: 0,
        };
        base.write_script(&sizes, workload)?;
        Ok(base)
    }

    /// Whether there is no room for another small value, without cuts either, before an operation
    /// or behind it.
    pub fn is_tight(&self, at: usize) -> bool {
        let rooms = self.rooms.get(at..).unwrap_or_default();
        rooms.len() < 2 && self.room == 0 || rooms.iter().take(2).any(|&room| room < 2)
    }

    /// Draws the script while it runs for the first time: what does not fit is left out.
    fn write_script(&mut self, sizes: &Sizes, workload: Workload) -> Result<(), String> {
        let mut rng = Rng::new(self.plan.seed ^ 0x5C81);
        let mut sim = self.sim.clone();
        let mut oracle = self.oracle.clone();
        let mut lent = Lent::new(&sim, &self.config, self.slots);
        sim.power_off();
        sim.power_on();
        sim.trace();
        let mut removals = 0;
        let mut at = 0;
        let mut remount = true;
        while remount {
            remount = false;
            let mut store = lent
                .mount(&mut sim, &self.config)
                .map_err(|error| format!("first mount: {error}"))?;
            while at < 26 {
                at += 1;
                let stats = store.stats().map_err(|error| error.to_string())?;
                let room = stats.largest_value;
                let op = draw_op(workload, at, sizes, &oracle, room, &mut rng);
                // What tombstones may take elsewhere is left free, so that the same fits there.
                if size_of(&op) > 0 && size_of(&op) + (removals + 1) * sizes.tombstone > room {
                    continue;
                }
                match run(&mut store, &op, &mut oracle)? {
                    Step::Written | Step::Unchanged => {}
                    Step::Full => continue,
                    Step::Failed(error) => return Err(format!("script: {op:?}: {error}")),
                }
                removals += u32::from(matches!(op, Op::Remove { .. }));
                remount = matches!(op, Op::Remount);
                self.script.push(op);
                self.live.push(stats.live_bytes);
                self.rooms.push(room);
                if remount {
                    break;
                }
            }
            if !remount {
                oracle.check(&mut store, self.sample)?;
            }
        }
        breaches(&sim)?;
        self.calls = sim.take_calls();
        // Recovery may write a key more than the script left, and again what is there.
        let other = if oracle.sure(OTHER).is_some_and(Option::is_some) {
            2
        } else {
            5
        };
        let spare = u64::from(removals + other);
        self.room = room_beside(&mut sim, &mut lent, &self.config, sizes, spare)?;
        Ok(())
    }
}

/// Room for a value where `count` records of the size of tombstones are there that the script did
/// not leave; another order of events may. 0: they do not fit.
fn room_beside(
    sim: &mut Sim,
    lent: &mut Lent,
    config: &Config,
    sizes: &Sizes,
    count: u64,
) -> Result<u32, String> {
    let error = |error: Error| format!("room: {error}");
    let mut store = lent.mount(sim, config).map_err(error)?;
    for id in 0..count {
        match store.set(&name(9000 + id, sizes.key), &[0; 2], 0) {
            Err(Error::Full | Error::TooLarge) => return Ok(0),
            result => result.map_err(error)?,
        }
    }
    let room = store.stats().map_err(error)?.largest_value;
    // And a fragment more or less is what so little may decide.
    Ok(room - room / 50)
}

pub fn breaches(sim: &Sim) -> Result<(), String> {
    match sim.breaches() {
        [] => Ok(()),
        breaches => Err(format!("breach: {:?} of {}", breaches[0], breaches.len())),
    }
}

fn size_of(op: &Op) -> u32 {
    match op {
        Op::Set { key, value } | Op::Stream { key, value, .. } => value.size + key.len() as u32,
        _ => 0,
    }
}

/// Sets keys until there is no room left but `spare`; returns how many fitted, and what did not.
fn fill_keys(
    store: &mut Store<'_, '_>,
    oracle: &mut Oracle,
    sizes: &Sizes,
    plan: Plan,
    (count, spare): (u64, u32),
) -> Result<(u64, Option<Op>), String> {
    let mut rng = Rng::new(plan.seed ^ 0xF111);
    for id in 0..count {
        let value = Value {
            size: draw_size(sizes.value, &mut rng),
            seed: rng.next(),
            flags: 0,
        };
        if store
            .stats()
            .map_err(|error| error.to_string())?
            .largest_value
            < spare
        {
            return Ok((id, None));
        }
        let op = Op::Set {
            key: name(id, sizes.key),
            value,
        };
        match run(store, &op, oracle)? {
            Step::Written => {}
            Step::Full => return Ok((id, Some(op))),
            step => return Err(format!("fill: {op:?}: {step:?}")),
        }
    }
    Ok((count, None))
}

/// Fills to the level, and lets the log go round so that there is something to collect.
fn fill(
    sim: &mut Sim,
    lent: &mut Lent,
    config: &Config,
    oracle: &mut Oracle,
    sizes: &Sizes,
    plan: Plan,
) -> Result<(), String> {
    let mount = |error: Error| format!("mount: {error}");
    let other = Op::Set {
        key: OTHER.to_vec(),
        value: Value {
            size: 2,
            seed: 2,
            flags: 0,
        },
    };
    let most = {
        let (mut scratch, mut oracle) = (sim.clone(), Oracle::default());
        let mut store = lent.mount(&mut scratch, config).map_err(mount)?;
        run(&mut store, &other, &mut oracle)?;
        let (most, refused) = fill_keys(&mut store, &mut oracle, sizes, plan, (400, 0))?;
        let before = store.into_flash().counters();
        let mut store = lent.mount(&mut scratch, config).map_err(mount)?;
        if let Some(op) = &refused
            && run(&mut store, op, &mut oracle)? != Step::Full
        {
            return Err("what did not fit fits after a mount".to_string());
        }
        let after = store.into_flash().counters();
        if (before.programs, before.erases) != (after.programs, after.erases) {
            return Err("a refused set is not free".to_string());
        }
        most
    };
    let mut store = lent.mount(sim, config).map_err(mount)?;
    run(&mut store, &other, oracle)?;
    let count = (most * u64::from(plan.level) / 100).max(1);
    let spare = 2 * sizes.value + 2 * sizes.key as u32 + 2 * sizes.tombstone;
    let (count, _) = fill_keys(&mut store, oracle, sizes, plan, (count, spare))?;
    let count = count.max(1);
    let mut rng = Rng::new(plan.seed ^ 0xC0DE);
    for _ in 0..2 * most {
        let value = Value {
            size: draw_size(sizes.value, &mut rng),
            seed: rng.next(),
            flags: 0,
        };
        let op = Op::Set {
            key: name(rng.below(count), sizes.key),
            value,
        };
        if let Step::Failed(error) = run(&mut store, &op, oracle)? {
            return Err(format!("fill: {op:?}: {error}"));
        }
    }
    oracle.check(&mut store, 8)?;
    breaches(sim)
}

/// One more operation of a script. `room` is the largest value that fits.
fn draw_op(
    workload: Workload,
    at: u32,
    sizes: &Sizes,
    oracle: &Oracle,
    room: u32,
    rng: &mut Rng,
) -> Op {
    let existing = oracle.existing();
    let known = |rng: &mut Rng| match existing.len() {
        0 => name(0, sizes.key),
        count => existing[rng.below(count as u64) as usize].clone(),
    };
    let value = |size: u32, rng: &mut Rng| Value {
        size,
        seed: rng.next(),
        flags: 0,
    };
    let small = draw_size(sizes.value, rng);
    let big = sizes.large.min(room / 10 * 9).max(small.min(room));
    let set = |rng: &mut Rng| Op::Set {
        key: known(rng),
        value: value(small, rng),
    };
    match (workload, rng.below(8)) {
        (_, 0) if at == 13 => Op::Remount,
        (Workload::Churn, 0..=2) => Op::Remove { key: known(rng) },
        (Workload::Churn, 3..=5) => Op::Set {
            key: name(1000 + u64::from(at), sizes.key),
            value: value(small, rng),
        },
        (Workload::Stream, draw @ 0..=3) => Op::Stream {
            key: known(rng),
            value: value(if draw == 0 { big } else { small }, rng),
            pieces: 1 + rng.below(5) as u32,
            abort: rng.one_in(3),
        },
        (Workload::Large, 0..=2) => Op::Set {
            key: name(500 + rng.below(2), sizes.key),
            value: value(big, rng),
        },
        (Workload::Large, 3) => Op::Remove {
            key: name(500, sizes.key),
        },
        (Workload::Collect, 0 | 1) => Op::Maintain {
            budget: 1 + rng.below(4) as u32,
        },
        (Workload::Collect, 2) => Op::Remove { key: known(rng) },
        (Workload::Reset, 0) if at > 4 => Op::Reset,
        (Workload::LongKeys, 0) => Op::Set {
            key: name(700 + rng.below(4), sizes.key),
            value: Value {
                flags: WRITE_ONCE,
                ..value(small, rng)
            },
        },
        (Workload::LongKeys, 1) => Op::Remove { key: known(rng) },
        (Workload::Reset | Workload::Format | Workload::LongKeys, 2..=4) => Op::Set {
            key: name(rng.below(9), sizes.key),
            value: value(small, rng),
        },
        _ => set(rng),
    }
}
