//! Fuzz target `ffi`: calls through the C ABI with hostile arguments, in any order, on two stores
//! with failing flash and mutexes. Every answer must be one that the header lists for the function;
//! what was acknowledged must be there; nothing beyond a buffer may be touched.
//!
//! Pointers are NULL or keep the contract of the header: what is stale or was never a handle is
//! readable memory. No power is cut here: that is for the target `ops`.
#![allow(
    unsafe_code,
    clippy::multiple_unsafe_ops_per_block,
    reason = "what is tested is called as C calls it"
)]

mod arguments;
mod calls;
mod hooks;
mod model;
mod pieces;
mod stores;

use std::{
    collections::BTreeMap,
    ffi::c_int,
    ptr,
    sync::{LazyLock, Mutex, PoisonError},
};

use nvkv::{
    ffi::{
        kv_detach, kv_store_close, kv_store_config_t, kv_store_open, kv_store_required_ram,
        kv_store_t, status,
    },
    flash::{Flash, sim::Rule},
};

use super::{
    documented::{self, Function},
    input::{Input, seeds},
};
use arguments::NAMES;
use hooks::Hooks;
use model::{Attached, Iteration, Partition, Stream};

/// Flash calls of a whole run. An honest run of this size makes some thousands.
const CALLS_MAX: u64 = 2_000_000;
const OPERATIONS_MAX: u32 = 30;
/// Bytes around lent memory that must stay as they are.
const MARGIN: usize = 24;
const UNTOUCHED: u8 = 0xC3;

/// What the header lists, by function.
static LISTED: LazyLock<BTreeMap<String, Function>> = LazyLock::new(|| {
    let header = include_str!("../../../include/nvkv.h");
    let functions = documented::functions(header, status::STATUSES);
    let by_name = functions.into_iter();
    by_name.map(|found| (found.name.clone(), found)).collect()
});

/// One input is being replayed: say what is done.
static IS_LOUD: LazyLock<bool> = LazyLock::new(|| std::env::var_os("NVKV_REPLAY").is_some());

fn say(what: impl std::fmt::Display) {
    if *IS_LOUD {
        println!("{what}");
    }
}

/// Fails when the header does not list this answer.
fn listed(function: &str, answer: c_int) -> c_int {
    if *IS_LOUD {
        let mut names = status::STATUSES.iter();
        let named = names.find(|(_, number)| *number == answer);
        let name = named.map_or("another number", |(name, _)| name.trim_end_matches('\0'));
        say(format_args!("{function}: {name}"));
    }
    let fits = LISTED[function].entry_for(answer).is_some();
    assert!(fits, "{function} answers {answer}, which is not listed");
    answer
}

/// A partition, the memory lent to its store, and what is known of both.
struct Slot {
    hooks: Box<Hooks>,
    memory: Vec<u8>,
    /// Where the lent part begins, and its bytes.
    lent: (usize, usize),
    store: *mut kv_store_t,
    is_open: bool,
    keys: u32,
    has_lock: bool,
    previous_on_damage: bool,
    partition: Partition,
    /// All sectors failed to erase: then units can be programmed twice, docs/not-reached.md.
    erases_fail: bool,
}

impl Slot {
    fn with_config<T>(&self, work: impl FnOnce(&kv_store_config_t) -> T) -> T {
        let (flash, lock) = (self.hooks.flash(), self.hooks.lock());
        work(&kv_store_config_t {
            flash: &flash,
            lock: if self.has_lock { &lock } else { ptr::null() },
            keys: self.keys,
            segment_size: 0,
            format: 1,
            on_damage: u32::from(self.previous_on_damage),
            flags: 0,
        })
    }

    fn ram(&mut self) -> *mut u8 {
        self.memory[self.lent.0..].as_mut_ptr()
    }

    fn forget_store(&mut self) {
        self.is_open = false;
        self.hooks.store.set(ptr::null_mut());
        // What a failed program left without a trace no store can know that is opened next: the
        // flash only knows it for a power-up.
        let mut sim = self.hooks.sim.borrow_mut();
        sim.power_off();
        sim.power_on();
    }

    /// Opens it in the same memory, over whatever is open there.
    fn open(&mut self) -> c_int {
        self.forget_store();
        let size = self.lent.1;
        let ram = self.ram();
        let mut store = ptr::null_mut();
        // SAFETY: nvkv.h, "Pointers"; the memory is of the size that the store asks for.
        let answer = self
            .with_config(|config| unsafe { kv_store_open(config, ram.cast(), size, &mut store) });
        listed("kv_store_open", answer);
        assert_eq!(store.is_null(), answer != status::MBED_SUCCESS);
        if !store.is_null() {
            self.store = store;
            self.is_open = true;
            self.partition.openings += 1;
            self.hooks.store.set(store);
        }
        answer
    }
}

struct World {
    slots: [Slot; 2],
    /// Memory that was never a store, and a copy of one.
    other: Vec<u8>,
    attached: Attached,
    streams: Vec<Stream>,
    iterations: Vec<Iteration>,
}

/// The table of partitions belongs to the whole program.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs the input. Panics when something is wrong.
pub fn run(data: &[u8]) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut input = Input::new(data);
    let mut world = World::new(&mut input);
    let mut left = OPERATIONS_MAX;
    while left > 0 && !input.is_empty() {
        left -= 1;
        world.operate(&mut input);
        world.check_hooks();
    }
    world.finish();
}

fn slot(input: &mut Input<'_>) -> Slot {
    let seed = &seeds()[input.below(seeds().len() as u32) as usize];
    let choice = input.byte();
    let mut sim = seed.stores[0].clone();
    sim.limit_calls(CALLS_MAX);
    let hooks = Hooks::new(sim);
    let mut slot = Slot {
        hooks,
        memory: Vec::new(),
        lent: (MARGIN + usize::from(choice >> 4), 0),
        store: ptr::null_mut(),
        is_open: false,
        keys: [0, 2, 8, 40][usize::from(choice & 3)],
        has_lock: choice & 4 != 0,
        previous_on_damage: choice & 8 != 0,
        partition: Partition::default(),
        erases_fail: false,
    };
    // SAFETY: nvkv.h, "Pointers".
    slot.lent.1 = slot.with_config(|config| unsafe { kv_store_required_ram(config) });
    assert!(slot.lent.1 > 0);
    slot.memory = vec![UNTOUCHED; slot.lent.0 + slot.lent.1 + MARGIN];
    slot
}

impl World {
    fn new(input: &mut Input<'_>) -> Self {
        let mut world = Self {
            slots: [slot(input), slot(input)],
            other: vec![0; 4096],
            attached: Vec::new(),
            streams: Vec::new(),
            iterations: Vec::new(),
        };
        for slot in &mut world.slots {
            assert_eq!(slot.open(), status::MBED_SUCCESS);
        }
        world
    }

    /// Rules of the flash, and margins of the memory.
    fn check_hooks(&mut self) {
        for slot in &mut self.slots {
            if let Some(wrong) = slot.hooks.wrong.borrow_mut().take() {
                panic!("{wrong}");
            }
            let is_excused = |rule| {
                slot.erases_fail && matches!(rule, Rule::ProgrammedTwice | Rule::ProgrammedTouched)
            };
            let sim = slot.hooks.sim.borrow();
            let breach = sim
                .breaches()
                .iter()
                .find(|breach| !is_excused(breach.rule));
            assert_eq!(breach, None, "a rule of the flash is broken");
            let (start, size) = slot.lent;
            let around = slot.memory[..start]
                .iter()
                .chain(&slot.memory[start + size..]);
            assert!(
                around.copied().all(|byte| byte == UNTOUCHED),
                "beyond the lent memory"
            );
        }
    }

    /// With everything working again, what was acknowledged is there.
    fn finish(&mut self) {
        for slot in &self.slots {
            slot.hooks.heal();
        }
        self.read_all();
        for at in 0..self.slots.len() {
            let slot = &mut self.slots[at];
            if slot.is_open {
                // SAFETY: nvkv.h, "Pointers".
                let answer = unsafe { kv_store_close(slot.store) };
                assert_eq!(answer, status::MBED_SUCCESS);
            }
            let is_damaged = slot.partition.is_damaged;
            let answer = slot.open();
            assert!(
                is_damaged || answer == status::MBED_SUCCESS,
                "cannot be opened: {answer}"
            );
        }
        self.read_all();
        self.check_hooks();
    }

    /// Looks at every key of the stores that are open.
    fn read_all(&mut self) {
        for at in 0..self.slots.len() {
            if self.slots[at].is_open {
                for key in self.slots[at]
                    .partition
                    .keys
                    .keys()
                    .cloned()
                    .collect::<Vec<_>>()
                {
                    self.read_back(at, &key);
                }
            }
        }
    }

    /// Takes the mark from what is over when a store is.
    fn all_over(&mut self, store: usize) {
        let streams = self.streams.iter_mut().filter(|open| open.store == store);
        streams.for_each(|open| open.is_over = true);
        let iterations = self.iterations.iter_mut();
        let iterations = iterations.filter(|open| open.store == store);
        iterations.for_each(|open| open.is_over = true);
    }
}

impl Drop for World {
    /// No later run may find what this one attached.
    fn drop(&mut self) {
        for slot in &self.slots {
            slot.hooks.heal();
        }
        for name in NAMES {
            // SAFETY: nvkv.h, "Pointers"; the stores are still there.
            while unsafe { kv_detach(name.as_ptr()) } == status::MBED_SUCCESS {}
        }
    }
}

/// Bytes of the geometry that one segment has, for values that just fit.
fn sector(slot: &Slot) -> usize {
    slot.hooks.sim.borrow().sector_size(0) as usize
}
