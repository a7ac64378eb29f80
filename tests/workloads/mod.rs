//! Workloads whose costs are measured: the same operations in the same order everywhere, so that
//! figures can be compared with those of other stores.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

use std::cell::RefCell;

use nvkv::{
    engine::{Config, Engine, Segment},
    error::Error,
    flash::{
        Flash, FlashError, Shape,
        sim::{Counters, Geometry, Sim},
    },
};

use crate::common::{IndexSize, Lent};

/// xorshift32.
pub struct Random(pub u32);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    /// Four fifths of the updates go to one fifth of the keys.
    pub fn skewed(&mut self, keys: u32) -> u32 {
        if self.below(10) < 8 {
            self.below((keys / 5).max(1))
        } else {
            self.below(keys)
        }
    }
}

pub fn key(id: u32) -> Vec<u8> {
    format!("app/cfg/{id:05}").into_bytes()
}

/// The value of a version of a key.
pub fn value(size: u32, key: u32, version: u32) -> Vec<u8> {
    let state = key.wrapping_mul(2_654_435_761) ^ version.wrapping_mul(40_503) ^ 0x9E37_79B9;
    let mut random = Random(state.max(1));
    (0..size).map(|_| (random.next() >> 11) as u8).collect()
}

/// A flash to measure on.
#[derive(Clone)]
pub struct Machine {
    pub name: &'static str,
    pub text: &'static str,
    pub geometry: Geometry,
}

pub fn machines() -> Vec<Machine> {
    vec![
        Machine {
            name: "qspi",
            text: "256 KiB of QSPI NOR, sectors of 4 KiB, program unit 1",
            geometry: Geometry::uniform(64, 4096, 1),
        },
        Machine {
            name: "nrf52",
            text: "32 KiB, sectors of 4 KiB, program and read unit 4",
            geometry: Geometry {
                read_size: 4,
                ..Geometry::uniform(8, 4096, 4)
            },
        },
        Machine {
            name: "h7",
            text: "1.5 MiB, sectors of 128 KiB, program unit 32",
            geometry: Geometry::uniform(12, 128 << 10, 32),
        },
    ]
}

/// What is done.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `keys` values of `value` bytes set once, then skewed updates of them.
    Update { keys: u32, value: u32, updates: u32 },
    /// 100 names, values of 1 to 200 bytes, one operation in four removes.
    Churn,
    /// Values as large as this, replaced 50 times.
    Blob { value: u32 },
    /// New keys until there is no room.
    Capacity { value: u32 },
}

/// A row of the snapshot.
pub struct Plan {
    pub name: String,
    pub kind: Kind,
    pub index: IndexSize,
}

pub fn plans(machine: &Machine) -> Vec<Plan> {
    let many = if machine.name == "nrf52" { 150 } else { 1000 };
    let update = |keys, value, updates| Kind::Update {
        keys,
        value,
        updates,
    };
    let mut plans = Vec::new();
    let mut add = |name: &str, kind, index| {
        plans.push(Plan {
            name: name.to_owned(),
            kind,
            index,
        });
    };
    add("counter", update(1, 4, 50_000), IndexSize::Full);
    for (name, keys) in [("config", 64), ("many", many)] {
        add(name, update(keys, 32, 20_000), IndexSize::Full);
        // The smaller the index, the longer each operation: fewer of them.
        for (index, updates) in [
            (IndexSize::Half, 1000),
            (IndexSize::Eighth, 300),
            (IndexSize::None, 100),
        ] {
            add(name, update(keys, 32, updates), index);
        }
    }
    if machine.name != "h7" {
        let size: u32 = machine.geometry.sectors.iter().sum();
        for percent in [20, 40, 60, 80] {
            let keys = size * percent / 100 / (13 + 128);
            add(
                &format!("util{percent}"),
                update(keys, 128, 20_000),
                IndexSize::Full,
            );
        }
        for value in [32, 4] {
            add("capacity", Kind::Capacity { value }, IndexSize::Full);
        }
    }
    add("churn", Kind::Churn, IndexSize::Full);
    for value in [3000, 10_000, 40_000] {
        if value < 40_000 || machine.name != "nrf52" {
            add(
                &format!("blob {value}"),
                Kind::Blob { value },
                IndexSize::Full,
            );
        }
    }
    plans
}

/// What it took.
#[derive(Default)]
pub struct Cost {
    /// Bytes of the partition.
    pub size: u64,
    pub ram: usize,
    /// Operations measured, and those that did not fit.
    pub done: u64,
    pub full: u64,
    pub set: Counters,
    /// The most programs, bytes programmed and erases of one operation.
    pub worst: [u64; 3],
    pub wear: (u32, u32),
    /// How many, and what they took together.
    pub get: (u64, Counters),
    pub miss: (u64, Counters),
    pub mount: Counters,
}

/// A key and what it should hold: size and version, or nothing.
type Expected = Vec<Option<(u32, u32)>>;

/// A flash that can be looked at while a store is on it.
#[derive(Clone, Copy)]
pub struct Shared<'s>(pub &'s RefCell<Sim>);

impl Flash for Shared<'_> {
    fn shape(&self) -> Shape {
        self.0.borrow().shape()
    }
    fn sector_size(&self, address: u32) -> u32 {
        self.0.borrow().sector_size(address)
    }
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().read(address, buffer)
    }
    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        self.0.borrow_mut().program(address, data)
    }
    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        self.0.borrow_mut().erase(address, size)
    }
    fn sync(&mut self) -> Result<(), FlashError> {
        self.0.borrow_mut().sync()
    }
}

pub type Store<'m, 's> = Engine<'m, Shared<'s>>;

/// What was asked of the flash between two looks at it.
pub fn spent(before: Counters, after: Counters) -> Counters {
    Counters {
        reads: after.reads - before.reads,
        read_bytes: after.read_bytes - before.read_bytes,
        programs: after.programs - before.programs,
        program_bytes: after.program_bytes - before.program_bytes,
        erases: after.erases - before.erases,
        syncs: after.syncs - before.syncs,
    }
}

fn add(total: &mut Counters, more: Counters) {
    total.reads += more.reads;
    total.read_bytes += more.read_bytes;
    total.programs += more.programs;
    total.program_bytes += more.program_bytes;
    total.erases += more.erases;
    total.syncs += more.syncs;
}

/// A store at work, and what it cost so far.
struct Bench<'m, 's> {
    sim: &'s RefCell<Sim>,
    store: Store<'m, 's>,
    cost: Cost,
}

/// Runs the plan on a new flash.
pub fn run(machine: &Machine, plan: &Plan) -> Result<Cost, String> {
    let sim = Sim::new(machine.geometry.clone(), 1);
    let config = Config::default();
    let keys = match plan.kind {
        Kind::Update { keys, .. } => keys,
        Kind::Churn => 100,
        // The index holds the pieces of large values too.
        Kind::Blob { .. } => 400,
        Kind::Capacity { value } => sim.size() / (13 + value),
    };
    let slots = plan.index.slots(keys);
    let needs = nvkv::engine::requirements(&sim, &config).map_err(|error| error.to_string())?;
    let mut lent = Lent::new(&sim, &config, slots);
    let cost = Cost {
        size: u64::from(sim.size()),
        ram: 4 * slots
            + size_of::<Segment>() * needs.segments as usize
            + (needs.block + needs.window) as usize,
        ..Cost::default()
    };
    let sim = RefCell::new(sim);
    let flash = Shared(&sim);
    let text = |error: Error| format!("mount: {error}");
    Engine::format(flash, lent.memory(), &config).map_err(text)?;
    let store = Engine::mount(flash, lent.memory(), &config).map_err(text)?;
    let mut bench = Bench {
        sim: &sim,
        store,
        cost,
    };
    let expected = bench.run(plan.kind)?;
    let mut cost = bench.cost;
    let before = sim.borrow().counters();
    let mut store = Engine::mount(flash, lent.memory(), &config).map_err(text)?;
    cost.mount = spent(before, sim.borrow().counters());
    for (id, held) in (0..).zip(expected) {
        check(&mut store, id, held)?;
    }
    match sim.borrow().breaches() {
        [] => Ok(cost),
        breaches => Err(format!("breach: {:?}", breaches[0])),
    }
}

/// The key holds this, or is absent.
fn check(store: &mut Store<'_, '_>, id: u32, held: Option<(u32, u32)>) -> Result<(), String> {
    let mut buffer = vec![0; 1 + held.map_or(0, |(size, _)| size) as usize];
    let got = store.get(&key(id), 0, &mut buffer);
    let good = match (got, held) {
        (Ok(got), Some((size, version))) => {
            got == size && buffer[..got as usize] == value(size, id, version)
        }
        (Err(Error::NotFound), None) => true,
        _ => false,
    };
    if good {
        Ok(())
    } else {
        Err(format!("key {id} should be {held:?}: {got:?}"))
    }
}

impl<'m, 's> Bench<'m, 's> {
    fn run(&mut self, kind: Kind) -> Result<Expected, String> {
        match kind {
            Kind::Update {
                keys,
                value,
                updates,
            } => self.update(keys, value, updates),
            Kind::Churn => self.churn(),
            Kind::Blob { value } => self.blob(value),
            Kind::Capacity { value } => self.capacity(value),
        }
    }

    /// One operation that writes. Returns whether it fitted.
    fn write(
        &mut self,
        work: impl FnOnce(&mut Store<'m, 's>) -> Result<(), Error>,
    ) -> Result<bool, String> {
        let before = self.sim.borrow().counters();
        let result = work(&mut self.store);
        let took = spent(before, self.sim.borrow().counters());
        self.cost.done += 1;
        add(&mut self.cost.set, took);
        for (worst, now) in
            self.cost
                .worst
                .iter_mut()
                .zip([took.programs, took.program_bytes, took.erases])
        {
            *worst = now.max(*worst);
        }
        match result {
            Ok(()) => Ok(true),
            Err(Error::Full | Error::TooLarge) => {
                self.cost.full += 1;
                Ok(false)
            }
            Err(error) => Err(format!("operation {}: {error}", self.cost.done)),
        }
    }

    fn set(&mut self, id: u32, size: u32, version: u32) -> Result<bool, String> {
        let bytes = value(size, id, version);
        self.write(|store| store.set(&key(id), &bytes, 0))
    }

    fn gets(&mut self, expected: &Expected, count: u32, random: &mut Random) -> Result<(), String> {
        let before = self.sim.borrow().counters();
        for _ in 0..count {
            let id = random.below(expected.len() as u32);
            check(&mut self.store, id, expected[id as usize])?;
        }
        let took = spent(before, self.sim.borrow().counters());
        self.cost.get.0 += u64::from(count);
        add(&mut self.cost.get.1, took);
        Ok(())
    }

    fn misses(&mut self, count: u32) -> Result<(), String> {
        let before = self.sim.borrow().counters();
        for id in 0..count {
            let key = format!("app/none/{id:04}");
            match self.store.get(key.as_bytes(), 0, &mut [0; 4]) {
                Err(Error::NotFound) => {}
                other => return Err(format!("{key}: {other:?}")),
            }
        }
        self.cost.miss = (
            u64::from(count),
            spent(before, self.sim.borrow().counters()),
        );
        Ok(())
    }

    /// Forgets what was done so far, and returns the erases of the sectors.
    fn start(&mut self) -> Vec<u32> {
        self.cost.set = Counters::default();
        self.cost.worst = [0; 3];
        self.cost.done = 0;
        self.sim.borrow().sector_erases()
    }

    fn stop(&mut self, worn: &[u32]) {
        let now = self.sim.borrow().sector_erases();
        let spent = || now.iter().zip(worn).map(|(now, then)| now - then);
        self.cost.wear = (spent().min().unwrap_or(0), spent().max().unwrap_or(0));
    }

    fn update(&mut self, keys: u32, size: u32, updates: u32) -> Result<Expected, String> {
        for id in 0..keys {
            if !self.set(id, size, 0)? {
                return Err(format!("fill: full at {id} of {keys} keys"));
            }
        }
        let mut versions = vec![0; keys as usize];
        let mut random = Random(12345);
        let worn = self.start();
        for _ in 0..updates {
            let id = random.skewed(keys);
            let version = versions[id as usize] + 1;
            if self.set(id, size, version)? {
                versions[id as usize] = version;
            }
        }
        self.stop(&worn);
        let expected = versions
            .into_iter()
            .map(|version| Some((size, version)))
            .collect();
        let gets = if updates < 10_000 { 100 } else { 2000 };
        self.gets(&expected, gets, &mut random)?;
        self.misses(gets / 4)?;
        Ok(expected)
    }

    fn churn(&mut self) -> Result<Expected, String> {
        let mut expected: Expected = vec![None; 100];
        let mut versions = [0; 100];
        let mut random = Random(777);
        let worn = self.start();
        for _ in 0..10_000 {
            let id = random.below(100);
            let at = id as usize;
            if random.below(4) == 0 {
                self.write(|store| match store.remove(&key(id)) {
                    Err(Error::NotFound) => Ok(()),
                    result => result,
                })?;
                expected[at] = None;
                continue;
            }
            let size = 1 + random.below(200);
            if self.set(id, size, versions[at] + 1)? {
                versions[at] += 1;
                expected[at] = Some((size, versions[at]));
            }
        }
        self.stop(&worn);
        Ok(expected)
    }

    fn blob(&mut self, size: u32) -> Result<Expected, String> {
        let mut expected: Expected = vec![None; 3];
        let worn = self.start();
        for version in 0..50 {
            let id = version % 3;
            if self.set(id, size, version)? {
                expected[id as usize] = Some((size, version));
            }
        }
        self.stop(&worn);
        self.gets(&expected, 20, &mut Random(1))?;
        Ok(expected)
    }

    fn capacity(&mut self, size: u32) -> Result<Expected, String> {
        let mut expected = Expected::new();
        while self.set(expected.len() as u32, size, 0)? {
            expected.push(Some((size, 0)));
        }
        self.cost.done = expected.len() as u64;
        Ok(expected)
    }
}
