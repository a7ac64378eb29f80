//! Single calls of the flash that fail at a bad moment: while a segment is opened, while a store is
//! made, while an old segment is read that nothing needs.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::{
    cell::{Cell, RefCell},
    ops::Range,
    rc::Rc,
};

use common::{IndexSize, Lent};
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::{
        Flash, FlashError, Shape,
        sim::{Geometry, Sim},
    },
};

/// A flash that is told what to fail while a store has it.
#[derive(Clone)]
struct Faulty {
    sim: Rc<RefCell<Sim>>,
    /// Programs that work before one fails; `None`: all do.
    programs: Rc<Cell<Option<u32>>>,
    /// The one that fails is done all the same.
    is_done: Rc<Cell<bool>>,
    /// Addresses that cannot be read.
    unreadable: Rc<RefCell<Range<u32>>>,
}

impl Faulty {
    fn new(count: usize, size: u32) -> Self {
        let sim = Sim::new(Geometry::uniform(count, size, 1), 7);
        Self {
            sim: Rc::new(RefCell::new(sim)),
            programs: Rc::default(),
            is_done: Rc::default(),
            unreadable: Rc::new(RefCell::new(0..0)),
        }
    }

    fn lend(&self, config: &Config, keys: u32) -> Lent {
        Lent::new(&self.sim.borrow(), config, IndexSize::Full.slots(keys))
    }
}

impl Flash for Faulty {
    fn shape(&self) -> Shape {
        self.sim.borrow().shape()
    }

    fn sector_size(&self, address: u32) -> u32 {
        self.sim.borrow().sector_size(address)
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        let end = address + buffer.len() as u32;
        let unreadable = self.unreadable.borrow();
        if address < unreadable.end && end > unreadable.start {
            return Err(FlashError);
        }
        self.sim.borrow_mut().read(address, buffer)
    }

    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        let left = self.programs.get();
        self.programs.set(left.and_then(|left| left.checked_sub(1)));
        if left == Some(0) {
            if self.is_done.get() {
                self.sim.borrow_mut().program(address, data)?;
            }
            return Err(FlashError);
        }
        self.sim.borrow_mut().program(address, data)
    }

    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        self.sim.borrow_mut().erase(address, size)
    }
}

/// A value in pieces opens a segment and is dropped; the note that lets the segment count fails in
/// the reset that follows.
#[test]
fn a_reset_behind_an_opening_that_fails_removes_all() {
    let config = Config::default();
    let mut hit = 0;
    for fill in 0..40 {
        let flash = Faulty::new(8, 1024);
        let mut lent = flash.lend(&config, 20);
        Engine::format(flash.clone(), lent.memory(), &config).unwrap();
        let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
        store.set(b"keep", b"1", 1).unwrap();
        for _ in 0..fill {
            store.set(b"fill", &[7; 40], 0).unwrap();
        }
        store.set_start(b"stream", 200, 0).unwrap();
        store.set_add_data(&[1; 10]).unwrap();
        store.set_abort().unwrap();
        flash.programs.set(Some(0));
        store.reset().unwrap();
        hit += u32::from(flash.programs.get().is_none());
        assert_eq!(store.exists(b"keep"), Ok(false), "fill {fill}");
        store.set(b"keep", b"2", 0).unwrap();
        for _ in 0..60 {
            store.set(b"other", &[7; 40], 0).unwrap();
        }
        drop(store);
        let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
        assert_eq!(store.info(b"keep").unwrap().flags, 0, "fill {fill}");
        assert_eq!(store.exists(b"fill"), Ok(false), "fill {fill}");
    }
    assert_eq!(hit, 40, "a program failed in each reset");
}

/// An old segment in which little is live stops reading: neither tidying up nor even wear stops
/// the writes that do not need it. That is not so where all segments are full: then it may be the
/// victim.
#[test]
fn a_segment_that_does_not_read_stops_no_write() {
    const SIZE: u32 = 4096;
    let config = Config {
        tidy_always: true,
        ..Config::default()
    };
    let mut tried = 0;
    for sector in 0..12 {
        let flash = Faulty::new(64, SIZE);
        let mut lent = flash.lend(&config, 60);
        Engine::format(flash.clone(), lent.memory(), &config).unwrap();
        let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
        for turn in 0..12 {
            store
                .set(format!("kept {turn}").as_bytes(), b"1", 0)
                .unwrap();
            for _ in 0..SIZE / 120 {
                store.set(b"hot", &[7; 100], 0).unwrap();
            }
        }
        let start = sector * SIZE;
        *flash.unreadable.borrow_mut() = start + 100..start + SIZE;
        if store.set(b"hot", &[8; 100], 0).is_err() {
            // It is the one that is open, or has the value to be replaced.
            continue;
        }
        // So long that the wear of the one that is not erased lags.
        for set in 0..12_000 {
            let result = store.set(b"hot", &[8; 100], 0);
            assert_eq!(result, Ok(()), "sector {sector}: set {set}");
        }
        let is_gone = |turn: &u32| store.exists(format!("kept {turn}").as_bytes()) != Ok(true);
        tried += u32::from((0..12).filter(is_gone).count() > 0);
    }
    assert!(tried > 0, "no sector that does not read holds anything");
}

/// A program that fails while a store is made does not leave it without its index.
#[test]
fn a_store_made_through_a_failure_has_its_index() {
    let config = Config {
        format_if_unrecognised: true,
        ..Config::default()
    };
    for works in 0..4 {
        let flash = Faulty::new(8, 1024);
        let mut lent = flash.lend(&config, 20);
        flash.programs.set(Some(works));
        let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
        for key in 0..10 {
            store.set(format!("key {key}").as_bytes(), b"1", 0).unwrap();
        }
        let before = flash.sim.borrow().counters().reads;
        for key in 0..10 {
            assert_eq!(store.exists(format!("key {key}").as_bytes()), Ok(true));
        }
        let reads = flash.sim.borrow().counters().reads - before;
        assert!(reads <= 10, "{works} programs worked: {reads} reads");
    }
}

/// A bit of the newest list rots, so all segments count and none is free, though nothing is live
/// in most: these are there for what is written. Not where the open segment is full just then:
/// what its last record supersedes may have to count.
#[test]
fn a_list_that_rots_leaves_room_to_write() {
    for (tidy_always, segments, size) in [(true, 8, 4096), (false, 16, 32768)] {
        let config = Config {
            tidy_always,
            ..Config::default()
        };
        let mut cornered = 0;
        for more in 0..40 {
            let flash = Faulty::new(segments as usize, size);
            let mut lent = flash.lend(&config, 20);
            Engine::format(flash.clone(), lent.memory(), &config).unwrap();
            let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
            // Twice round, and a part of a segment.
            for _ in 0..2 * segments * size / 200 + 20 + more * size / 437 {
                store.set(b"hot", &[7; 200], 0).unwrap();
            }
            drop(store);
            // The number of a segment is at 12 of its header, the list behind header and head.
            let image = flash.sim.borrow().image();
            let number = |segment: u32| {
                let at = (segment * size) as usize + 12;
                let mut bytes = [0; 8];
                bytes[..6].copy_from_slice(&image[at..at + 6]);
                u64::from_le_bytes(bytes)
            };
            let newest = (0..segments)
                .filter(|&segment| number(segment) < 1 << 46)
                .max_by_key(|&segment| number(segment))
                .unwrap();
            flash.sim.borrow_mut().flip(newest * size + 32, 1);
            let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
            assert_eq!(store.stats().unwrap().segments_free, 0, "the list reads");
            if store.set(b"hot", &[7; 200], 0) == Err(Error::ReadOnly) {
                cornered += 1;
                continue;
            }
            for set in 0..2 * size / 200 + 20 {
                let result = store.set(b"hot", &[7; 200], 0);
                assert_eq!(result, Ok(()), "{segments} segments, {more}: set {set}");
            }
        }
        assert!(cornered <= 4, "{segments} segments: {cornered} of 40");
    }
}

/// A record that fails and is there all the same is written again elsewhere. Where the index does
/// not have its key, a walk finds the first one: it was never counted, and is not what the second
/// replaces.
#[test]
fn a_record_written_twice_replaces_what_was_there_before() {
    let config = Config::default();
    let mut hit = [0; 2];
    for size in [150, 1500] {
        for at in 0..60 {
            let flash = Faulty::new(12, 1024);
            flash.is_done.set(true);
            let slots = IndexSize::None.slots(20);
            let mut lent = Lent::new(&flash.sim.borrow(), &config, slots);
            Engine::format(flash.clone(), lent.memory(), &config).unwrap();
            let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
            // More keys than the index has room for.
            let set_others = |store: &mut Engine<'_, Faulty>| {
                for key in 100..140 {
                    store.set(&[key], &[key; 5], 0).unwrap();
                }
            };
            set_others(&mut store);
            for key in *b"abc" {
                store.set(&[key], &[key; 9], 0).unwrap();
            }
            store.set(b"twice", &[1; 20], 0).unwrap();
            flash.programs.set(Some(at));
            let value = vec![2; size];
            store.set(b"twice", &value, 0).unwrap();
            hit[usize::from(size > 1000)] += u32::from(flash.programs.get().is_none());
            let check = |store: &mut Engine<'_, Faulty>, when: &str| {
                for key in *b"abc" {
                    let mut found = [0; 9];
                    let got = store.get(&[key], 0, &mut found);
                    assert_eq!((got, found), (Ok(9), [key; 9]), "{size} {at} {when}");
                }
                let mut found = vec![0; size];
                let got = store.get(b"twice", 0, &mut found);
                assert_eq!(got, Ok(size as u32), "{size} {at} {when}");
                assert_eq!(found, value, "{size} {at} {when}");
            };
            check(&mut store, "at once");
            set_others(&mut store);
            for round in 0..120 {
                store.set(b"fill", &[round; 60], 0).unwrap();
            }
            check(&mut store, "later");
            drop(store);
            flash.programs.set(None);
            let mut store = Engine::mount(flash.clone(), lent.memory(), &config).unwrap();
            check(&mut store, "after a restart");
        }
    }
    assert!(hit.iter().all(|&hit| hit > 1), "{hit:?}");
}
