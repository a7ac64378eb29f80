//! What a set waits for where `maintain` is called between sets: no erase, whatever earlier
//! sessions left.
#![cfg(feature = "sim")]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::{cell::Cell, rc::Rc};

use common::{IndexSize, Lent};
use nvkv::{
    engine::{Config, Engine},
    flash::{
        Flash, FlashError, Shape,
        sim::{Geometry, Rng, Sim},
    },
};

const SESSIONS: u32 = 400;
/// The most sets in a session.
const SETS: u64 = 60;

/// A flash whose erases can be seen while a store has it.
struct Counted<'s> {
    sim: &'s mut Sim,
    erases: Rc<Cell<u32>>,
}

impl Flash for Counted<'_> {
    fn shape(&self) -> Shape {
        self.sim.shape()
    }

    fn sector_size(&self, address: u32) -> u32 {
        self.sim.sector_size(address)
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        self.sim.read(address, buffer)
    }

    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        self.sim.program(address, data)
    }

    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        self.erases.set(self.erases.get() + 1);
        self.sim.erase(address, size)
    }

    fn sync(&mut self) -> Result<(), FlashError> {
        self.sim.sync()
    }
}

/// Erases that sets waited for, and all of them, in many sessions of random length after the first.
fn erases(geometry: Geometry, keys: u32, ahead: bool) -> (u32, u32) {
    let mut sim = Sim::new(geometry, 1);
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(keys));
    Engine::format(&mut sim, lent.memory(), &config).unwrap();
    let mut rng = Rng::new(7);
    let (erases, mut in_sets) = (Rc::new(Cell::new(0)), 0);
    for number in 0..SESSIONS {
        if number == 1 {
            // The first set in a formatted store erases the segment that it begins.
            (in_sets, _) = (0, erases.set(0));
        }
        sim.power_off();
        sim.power_on();
        let flash = Counted {
            sim: &mut sim,
            erases: erases.clone(),
        };
        let mut store = Engine::mount(flash, lent.memory(), &config).unwrap();
        for _ in 0..1 + rng.below(SETS) {
            if ahead {
                while store.maintain(1).unwrap() > 0 {}
            }
            let before = erases.get();
            let key = format!("key {}", rng.below(keys.into()));
            store.set(key.as_bytes(), &[7; 90], 0).unwrap();
            in_sets += erases.get() - before;
        }
    }
    assert_eq!(sim.breaches(), []);
    (in_sets, erases.get())
}

#[test]
fn with_work_ahead_no_set_waits_for_an_erase() {
    for (geometry, keys) in [
        (Geometry::uniform(2, 4096, 4), 15),
        (Geometry::uniform(2, 4096, 4), 4),
        (Geometry::uniform(3, 4096, 4), 25),
        (Geometry::uniform(8, 4096, 4), 120),
        (Geometry::uniform(8, 4096, 4), 30),
        (Geometry::uniform(24, 1024, 8), 60),
        (Geometry::uniform(24, 1024, 8), 110),
    ] {
        let what = format!("{} sectors, {keys} keys", geometry.sectors.len());
        let (waited, all) = erases(geometry.clone(), keys, true);
        assert_eq!(waited, 0, "{what}: of {all} erases");
        let (waited, _) = erases(geometry, keys, false);
        assert!(waited > 0, "{what}: nothing is erased");
    }
}

/// Old segments in which little is left are collected before a mount would have to read so many
/// that it takes long: 100 keys that seldom change, beside one that always does, would be all over
/// the flash.
#[test]
fn a_mount_reads_no_more_the_longer_a_store_is_used() {
    const KEYS: usize = 100;
    for (tidy_always, most) in [(false, 450 << 10), (true, 200 << 10)] {
        let config = Config {
            tidy_always,
            ..Config::default()
        };
        let mut sim = Sim::new(Geometry::uniform(256, 4096, 1), 7);
        let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(200));
        Engine::format(&mut sim, lent.memory(), &config).unwrap();
        let mut newest = [0_u64; KEYS];
        let name = |key: usize| format!("setting/{key:04}").into_bytes();
        let value = |count: u64| [count.to_le_bytes(); 4].concat();
        let mut store = lent.mount(&mut sim, &config).unwrap();
        let mut rng = Rng::new(7);
        for count in 0..50_000 {
            let key = match rng.below(100) {
                0 => usize::try_from(rng.below(KEYS as u64)).unwrap(),
                _ => 0,
            };
            store.set(&name(key), &value(count), 0).unwrap();
            newest[key] = count;
        }
        let before = store.into_flash().counters().read_bytes;
        let mut store = lent.mount(&mut sim, &config).unwrap();
        for (key, &count) in newest.iter().enumerate() {
            let mut buffer = [0; 32];
            let size = store.get(&name(key), 0, &mut buffer).unwrap() as usize;
            assert_eq!(buffer[..size], value(count), "key {key}");
        }
        let read = store.into_flash().counters().read_bytes - before;
        assert!(read < most, "{read} bytes read, {most} at most");
    }
}

/// The same beside data that are never set again: they move for wear, too, and where there are few
/// segments they move to one that has to be opened for that.
#[test]
fn with_work_ahead_no_set_waits_for_what_rests() {
    for (sectors, size, cold) in [(8, 4096, 150), (8, 4096, 180), (15, 1024, 90)] {
        let config = Config::default();
        let mut sim = Sim::new(Geometry::uniform(sectors, size, 4), 1);
        let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(cold + 8));
        Engine::format(&mut sim, lent.memory(), &config).unwrap();
        let erases = Rc::new(Cell::new(0));
        let flash = Counted {
            sim: &mut sim,
            erases: erases.clone(),
        };
        let mut store = Engine::mount(flash, lent.memory(), &config).unwrap();
        for key in 0..cold {
            store
                .set(format!("cold {key}").as_bytes(), &[7; 90], 0)
                .unwrap();
        }
        for set in 0..3000_u32 {
            while store.maintain(1).unwrap() > 0 {}
            let before = erases.get();
            store.set(b"hot", &[8; 90], 0).unwrap();
            assert_eq!(
                erases.get(),
                before,
                "{sectors} sectors, {cold} keys: {set}"
            );
        }
    }
}
