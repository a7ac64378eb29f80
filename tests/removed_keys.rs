//! Names that come and go: a store with half of its room taken by values that never change, in
//! which unique names are created and removed without end, neither fills nor gets slower and
//! slower. The run of a million cycles is `cargo test --features sim --test removed_keys --
//! --ignored`.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;
mod workloads;

use std::cell::RefCell;

use common::{IndexSize, Lent};
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Counters, Geometry, Sim},
};
use workloads::{Shared, Store, key, spent, value};

/// Size of the values that stay and of those that go.
const SIZE: u32 = 32;
/// How much more the last tenth of the cycles may cost than the first period.
const SLOWER_MAX: u64 = 2;

/// Programs and erases as one number: a program unit more or less is no erase.
fn work(counters: Counters) -> u64 {
    counters.program_bytes + counters.reads * 8 + counters.erases * 1000
}

/// The values that stay: they take half of the room that there is beside a free segment.
fn fill_half(store: &mut Store<'_, '_>, geometry: &Geometry) -> Result<u32, Error> {
    let size: u32 = geometry.sectors.iter().skip(1).sum();
    let record = (13 + SIZE + 9).next_multiple_of(geometry.program_size);
    let count = size / 2 / record;
    for id in 0..count {
        store.set(&key(id), &value(SIZE, id, 0), 0)?;
    }
    Ok(count)
}

fn check_static(store: &mut Store<'_, '_>, count: u32) {
    let mut buffer = [0; SIZE as usize];
    for id in 0..count {
        assert_eq!(store.get(&key(id), 0, &mut buffer), Ok(SIZE));
        assert_eq!(buffer[..], value(SIZE, id, 0), "key {id} has changed");
    }
}

/// Runs the cycles in twenty parts, with a mount before each.
fn cycles(geometry: &Geometry, index: IndexSize, count: u32) {
    let sim = Sim::new(geometry.clone(), 1);
    let size = sim.size();
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, index.slots(size / 2 / 54 + 2));
    let sim = RefCell::new(sim);
    let flash = Shared(&sim);
    Engine::format(flash, lent.memory(), &config).unwrap();
    let mut store = Engine::mount(flash, lent.memory(), &config).unwrap();
    let stay = fill_half(&mut store, geometry).unwrap();
    let mut costs = Vec::new();
    let mut mounts = Vec::new();
    let part = count / 20;
    for round in 0..20 {
        let before = sim.borrow().counters();
        store = Engine::mount(flash, lent.memory(), &config).unwrap();
        let mounted = sim.borrow().counters();
        mounts.push(spent(before, mounted).reads);
        for at in round * part..(round + 1) * part {
            let name = format!("session/{at:08x}");
            let data = value(SIZE, at, 1);
            let result = store.set(name.as_bytes(), &data, 0);
            assert_eq!(result, Ok(()), "set in cycle {at}");
            let result = store.remove(name.as_bytes());
            assert_eq!(result, Ok(()), "remove in cycle {at}");
        }
        costs.push(work(spent(mounted, sim.borrow().counters())));
        let keys = store.stats().unwrap().keys;
        assert_eq!(keys, stay, "keys after round {round}");
    }
    check_static(&mut store, stay);
    assert_eq!(sim.borrow().breaches(), []);
    println!("work of each part: {costs:?}, reads of each mount: {mounts:?}");
    // The first parts fill what is free; the second tenth is the first that collects.
    let settled = costs[2] + costs[3];
    let last = costs[18] + costs[19];
    assert!(
        last <= settled * SLOWER_MAX,
        "the last tenth costs {last}, the second {settled}"
    );
    // One mount may come at a moment when it reads twice as much as the next.
    let settled: u64 = mounts[2..7].iter().sum();
    let last: u64 = mounts[15..].iter().sum();
    assert!(
        last <= (settled + 500) * SLOWER_MAX,
        "the last five mounts make {last} reads, the third to seventh {settled}"
    );
}

fn qspi() -> Geometry {
    Geometry::uniform(64, 4096, 1)
}

fn two_segments() -> Geometry {
    Geometry::uniform(2, 16 << 10, 8)
}

#[test]
fn names_come_and_go_on_many_segments() {
    cycles(&qspi(), IndexSize::Full, 50_000);
}

#[test]
fn names_come_and_go_on_two_segments() {
    cycles(&two_segments(), IndexSize::Full, 50_000);
}

#[test]
fn names_come_and_go_without_an_index() {
    cycles(&Geometry::uniform(8, 1024, 4), IndexSize::None, 4000);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_names_on_many_segments() {
    cycles(&qspi(), IndexSize::Full, 1_000_000);
}

#[test]
#[ignore = "takes minutes"]
fn a_million_names_on_two_segments() {
    cycles(&two_segments(), IndexSize::Full, 1_000_000);
}
