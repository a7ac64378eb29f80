//! The functions that a store calls out to: a flash that can fail, mutexes that can be refused or
//! not given back; and calls that come out of them.

use std::{
    cell::{Cell, RefCell},
    ffi::{c_int, c_void},
    ptr, slice,
};

use nvkv::{
    callbacks::{kv_flash_t, kv_lock_t},
    ffi::{
        kv_iterator_t, kv_set_handle_t, kv_store_check, kv_store_close, kv_store_exists,
        kv_store_get, kv_store_iterator_open, kv_store_maintain, kv_store_remove, kv_store_reset,
        kv_store_set, kv_store_set_abort, kv_store_set_start, kv_store_stats, kv_store_t, status,
    },
    flash::{Flash, sim::Sim},
};

/// Calls that can come out of a hook.
pub const REENTRIES: u8 = 16;
/// Those from here on change nothing.
const HARMLESS: u8 = 10;

/// What the hooks of one store work on.
pub struct Hooks {
    pub sim: RefCell<Sim>,
    pub store: Cell<*mut kv_store_t>,
    /// The next flash function calls back so: the number of a call, from 1 on.
    pub from_flash: Cell<u8>,
    /// The same for the next function of a mutex.
    pub from_lock: Cell<u8>,
    /// So many more calls of `sync` succeed; `None`: all do.
    pub syncs: Cell<Option<u8>>,
    /// The next locks and unlocks, from the lowest bit on: 1 fails.
    pub lock_fails: Cell<u16>,
    pub unlock_fails: Cell<u16>,
    /// What a hook saw that must not be.
    pub wrong: RefCell<Option<String>>,
    is_inside: Cell<bool>,
}

impl Hooks {
    pub fn new(sim: Sim) -> Box<Self> {
        Box::new(Self {
            sim: RefCell::new(sim),
            store: Cell::new(ptr::null_mut()),
            from_flash: Cell::new(0),
            from_lock: Cell::new(0),
            syncs: Cell::new(None),
            lock_fails: Cell::new(0),
            unlock_fails: Cell::new(0),
            wrong: RefCell::new(None),
            is_inside: Cell::new(false),
        })
    }

    fn context(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// Everything works again.
    pub fn heal(&self) {
        self.sim.borrow_mut().heal();
        self.syncs.set(None);
        self.lock_fails.set(0);
        self.unlock_fails.set(0);
        self.from_flash.set(0);
        self.from_lock.set(0);
    }

    /// The flash as a C program describes it.
    pub fn flash(&self) -> kv_flash_t {
        let sim = self.sim.borrow();
        let shape = sim.shape();
        kv_flash_t {
            context: self.context(),
            read: Some(read),
            program: Some(program),
            erase: shape.needs_erase.then_some(erase as _),
            sync: Some(sync),
            size: shape.size,
            read_size: shape.read_size,
            program_size: shape.program_size,
            sector_size: 0,
            erased: match shape.erased_byte {
                Some(0xFF) => 0,
                Some(_) => 1,
                None => 2,
            },
            sector_size_at: Some(sector_size_at),
        }
    }

    pub fn lock(&self) -> kv_lock_t {
        kv_lock_t {
            context: self.context(),
            lock: Some(lock),
            unlock: Some(unlock),
            // The next byte: another mutex, which nobody looks into.
            writer: self.context().wrapping_byte_add(1),
        }
    }

    fn note(&self, what: String) {
        self.wrong.borrow_mut().get_or_insert(what);
    }

    /// Calls the store that this is a function of.
    fn call_back(&self, number: &Cell<u8>, is_busy: bool) {
        let number = number.replace(0);
        // While it is opened or formatted there is none to call.
        if number == 0 || self.store.get().is_null() || self.is_inside.replace(true) {
            return;
        }
        let answer = call(number - 1, self.store.get());
        self.is_inside.set(false);
        if is_busy && answer != status::MBED_ERROR_ALREADY_IN_USE {
            self.note(format!("call {number} out of a flash function: {answer}"));
        }
    }

    /// A flash function that is refused: by the schedule of the simulator.
    fn answer(&self, result: Result<(), nvkv::flash::FlashError>) -> c_int {
        match result {
            Ok(()) => 0,
            // Any other number: positive ones, too.
            Err(_) if self.syncs.get().is_some() => 7,
            Err(_) => -1,
        }
    }
}

/// A call that would be good by itself. Those that change something come first.
fn call(number: u8, store: *mut kv_store_t) -> c_int {
    let key = c"reentry".as_ptr();
    let mut buffer = [0_u8; 8];
    let out = buffer.as_mut_ptr().cast();
    let mut handle: kv_set_handle_t = ptr::null_mut();
    let mut it: kv_iterator_t = ptr::null_mut();
    let place = &raw mut it;
    // SAFETY: nvkv.h, "Pointers": the store is one, the others are here.
    unsafe {
        match number % REENTRIES {
            0 => kv_store_set(store, key, out, 1, 0),
            1 => kv_store_remove(store, key),
            2 => kv_store_reset(store),
            3 => kv_store_set_start(store, &raw mut handle, key, 1, 0),
            4 => kv_store_set_abort(store, ptr::without_provenance_mut(9)),
            5 => kv_store_iterator_open(store, place, ptr::null()),
            6 => kv_store_maintain(store, 1),
            7 => kv_store_close(store),
            8 => nvkv::ffi::kv_store_reserved_data_set(store, out, 1),
            9 => nvkv::ffi::kv_store_set_finalize(store, handle),
            10 => kv_store_get(store, key, out, 8, ptr::null_mut()),
            11 => kv_store_check(store, ptr::null_mut()),
            12 => {
                let mut stats = std::mem::MaybeUninit::uninit();
                kv_store_stats(store, stats.as_mut_ptr())
            }
            _ => kv_store_exists(store, key),
        }
    }
}

/// # Safety
/// `context` is that of [`Hooks::context`], which lives.
unsafe fn hooks<'h>(context: *mut c_void) -> &'h Hooks {
    // SAFETY: this function's contract; all in it are cells.
    unsafe { &*context.cast::<Hooks>() }
}

extern "C" fn read(context: *mut c_void, address: u32, buffer: *mut c_void, size: u32) -> c_int {
    // SAFETY: kv_flash_t: "Passed to every function as it is".
    let hooks = unsafe { hooks(context) };
    hooks.call_back(&hooks.from_flash, true);
    // SAFETY: kv_flash_t: "Copies size bytes at address to buffer".
    let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), size as usize) };
    let result = hooks.sim.borrow_mut().read(address, buffer);
    if result.is_err() {
        buffer.fill(0x5A);
    }
    hooks.answer(result)
}

extern "C" fn program(context: *mut c_void, address: u32, data: *const c_void, size: u32) -> c_int {
    // SAFETY: kv_flash_t: "Passed to every function as it is".
    let hooks = unsafe { hooks(context) };
    hooks.call_back(&hooks.from_flash, true);
    // SAFETY: kv_flash_t: "Programs size bytes at address".
    let data = unsafe { slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    let result = hooks.sim.borrow_mut().program(address, data);
    hooks.answer(result)
}

extern "C" fn erase(context: *mut c_void, address: u32, size: u32) -> c_int {
    // SAFETY: kv_flash_t: "Passed to every function as it is".
    let hooks = unsafe { hooks(context) };
    hooks.call_back(&hooks.from_flash, true);
    let result = hooks.sim.borrow_mut().erase(address, size);
    hooks.answer(result)
}

extern "C" fn sync(context: *mut c_void) -> c_int {
    // SAFETY: kv_flash_t: "Passed to every function as it is".
    let hooks = unsafe { hooks(context) };
    hooks.call_back(&hooks.from_flash, true);
    match hooks.syncs.get() {
        Some(0) => 1,
        left => {
            hooks.syncs.set(left.map(|left| left - 1));
            0
        }
    }
}

extern "C" fn sector_size_at(context: *mut c_void, address: u32) -> u32 {
    // SAFETY: kv_flash_t: "Passed to every function as it is".
    let hooks = unsafe { hooks(context) };
    let sim = hooks.sim.borrow();
    if address < sim.size() {
        sim.sector_size(address)
    } else {
        hooks.note(format!("sector_size_at({address})"));
        0
    }
}

/// Whether the next one fails.
fn shift(fails: &Cell<u16>) -> bool {
    let now = fails.get();
    fails.set(now >> 1);
    now & 1 != 0
}

extern "C" fn lock(context: *mut c_void) -> c_int {
    lock_or_unlock(context, |hooks| &hooks.lock_fails)
}

extern "C" fn unlock(context: *mut c_void) -> c_int {
    lock_or_unlock(context, |hooks| &hooks.unlock_fails)
}

fn lock_or_unlock(context: *mut c_void, fails: fn(&Hooks) -> &Cell<u16>) -> c_int {
    // SAFETY: kv_lock_t: `context` or `writer`, which is one byte further.
    let hooks = unsafe { hooks(context.map_addr(|address| address & !1)) };
    // What changes something would be good here, and is for the program's own account.
    let number = hooks.from_lock.get();
    if number != 0 {
        hooks
            .from_lock
            .set(HARMLESS + number % (REENTRIES - HARMLESS) + 1);
        hooks.call_back(&hooks.from_lock, false);
    }
    c_int::from(shift(fails(hooks)))
}
