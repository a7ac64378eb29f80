//! The handle: a store in lent memory, who may use it now, and the tokens that C holds of streams
//! and iterators.
//!
//! Invariant: at most one [`Session`] of a store exists at a time; only it reaches the engine.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::{
    cell::UnsafeCell,
    ffi::c_void,
    ptr, slice,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use super::config::{Checked, HANDLE_SIZE, Layout};
use crate::{
    callbacks::{CFlash, CLock},
    engine::{Engine, IteratorId, Memory, Segment},
    error::Error,
};

/// An open store. It lives at the start of the memory lent to kv_store_open; what is in it is
/// the library's business.
#[derive(Debug)]
pub struct kv_store_t {
    /// [`LIVE`] and this handle's own address while it is open. A copy, a closed handle and
    /// memory that never was one have something else here.
    marker: AtomicUsize,
    /// A call is in progress. Without hooks this is the whole lock: loads and stores only, since
    /// small cores have no compare-and-swap, and only one thread is assumed.
    busy: AtomicBool,
    lock: CLock,
    open: UnsafeCell<Open>,
}

/// What a session works on.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) engine: Engine<'static, CFlash>,
    pub(super) stream: Stream,
    /// Tells the tokens of this store's iterators from those of other stores.
    salt: usize,
}

/// The stream that is open, by the token that C holds of it.
#[derive(Debug)]
pub(super) struct Stream {
    /// 0: none is open.
    token: usize,
    /// Distinguishes the streams of this store from each other and from those of other stores.
    next: usize,
}

/// "nvkv".
const LIVE: usize = 0x6E76_6B76;

/// A call in progress: the store is locked and marked busy until this is dropped.
#[derive(Debug)]
pub(super) struct Session<'s> {
    header: &'s kv_store_t,
    open: &'s mut Open,
}

impl kv_store_t {
    fn is_live(store: *const Self) -> bool {
        // SAFETY: "Pointers": a store that is not NULL points to readable memory of the size of
        // a handle; the caller checked that it is aligned. Any bytes are a valid marker.
        let marker = unsafe { &(*store).marker };
        marker.load(Ordering::Acquire) == LIVE ^ store.addr()
    }
}

/// Begins a call: checks the handle, locks it and marks it busy.
///
/// # Safety
/// `store` is NULL, or points to memory that was lent to kv_store_open or at least is readable.
pub(super) unsafe fn enter<'s>(store: *mut kv_store_t) -> Result<Session<'s>, Error> {
    if store.is_null() || !store.is_aligned() {
        return Err(Error::InvalidArgument);
    }
    if !kv_store_t::is_live(store) {
        return Err(Error::NotReady);
    }
    // SAFETY: live: kv_store_open made a handle of it, and only kv_store_close unmakes it.
    let header = unsafe { &*store };
    // A copy: once another thread closed the store, the handle is the caller's memory again.
    let lock = header.lock;
    lock.obtain()?;
    let refused = if !kv_store_t::is_live(store) {
        Error::NotReady
    } else if header.busy.load(Ordering::Acquire) {
        Error::AlreadyInUse
    } else {
        header.busy.store(true, Ordering::Release);
        // SAFETY: not busy: no other session exists, and this one is exclusive until dropped.
        let open = unsafe { &mut *header.open.get() };
        return Ok(Session { header, open });
    };
    lock.release();
    Err(refused)
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let lock = self.header.lock;
        self.header.busy.store(false, Ordering::Release);
        lock.release();
    }
}

impl Session<'_> {
    /// The handle is dead from here on.
    pub(super) fn close(self) {
        self.header.marker.store(0, Ordering::Release);
    }

    /// The token of a stream that was just started.
    pub(super) fn stream_opened(&mut self) -> usize {
        let stream = &mut self.open.stream;
        stream.token = stream.next;
        stream.next = stream.next.wrapping_add(2);
        stream.token
    }

    /// Whether this is the stream that is open.
    pub(super) fn check_stream(&self, token: usize) -> Result<(), Error> {
        if token != 0 && token == self.open.stream.token {
            Ok(())
        } else {
            Err(Error::InvalidArgument)
        }
    }

    /// Forgets the stream: its token is stale from here on.
    pub(super) fn stream_closed(&mut self) {
        self.open.stream.token = 0;
    }

    /// Ends a stream that is in the way of a write, as Mbed does. That it could not be voided on
    /// flash does no harm: it is not part of the store before it is finalized.
    pub(super) fn drop_stream(&mut self) {
        if self.open.stream.token != 0 {
            self.stream_closed();
            let _ = self.open.engine.set_abort();
        }
    }

    /// What C holds of an iterator.
    pub(super) fn iterator_token(&self, id: IteratorId) -> Result<usize, Error> {
        let bits = usize::try_from(id.to_bits()).map_err(|_| Error::OutOfResources)?;
        Ok(bits ^ self.open.salt)
    }

    /// The iterator behind a token; the engine knows whether it is open.
    pub(super) fn iterator_id(&self, token: usize) -> Result<IteratorId, Error> {
        match u32::try_from(token ^ self.open.salt) {
            Ok(bits) => Ok(IteratorId::from_bits(bits)),
            Err(_) => Err(Error::InvalidArgument),
        }
    }

    pub(super) fn engine(&mut self) -> &mut Engine<'static, CFlash> {
        &mut self.open.engine
    }
}

/// The first address in the lent memory that is aligned, where everything fits.
fn aligned(ram: *mut c_void, ram_size: usize, layout: &Layout) -> Result<*mut u8, Error> {
    if ram.is_null() {
        return Err(Error::InvalidArgument);
    }
    if ram_size < layout.total {
        return Err(Error::OutOfMemory);
    }
    let ram = ram.cast::<u8>();
    // Not `align_offset`: it panics where the alignment is no power of two, and the compiler cannot
    // see that it is one.
    let mask = layout.align.wrapping_sub(1);
    let above = layout.align.wrapping_sub(ram.addr() & mask) & mask;
    Ok(ram.wrapping_add(above))
}

/// Divides the memory behind the handle.
///
/// # Safety
/// `base` is aligned to `layout.align` and points to `layout.total - (layout.align - 1)` bytes
/// that nobody else uses during `'m`.
unsafe fn divide<'m>(base: *mut u8, layout: &Layout) -> Memory<'m> {
    let store = base.cast::<kv_store_t>();
    // A store that was open here is gone from now on.
    // SAFETY: `base` is aligned and has HANDLE_SIZE bytes; only the address of a field is taken.
    let marker = unsafe { &raw mut (*store).marker };
    // SAFETY: as above.
    unsafe { marker.write(AtomicUsize::new(0)) };
    let block = base.wrapping_add(HANDLE_SIZE);
    let window = block.wrapping_add(layout.block);
    let segments = window.wrapping_add(layout.window).cast::<Segment>();
    let table = segments.wrapping_add(layout.segments).cast::<u32>();
    for i in 0..layout.segments {
        // SAFETY: `layout` has room for this segment; both buffers are multiples of 64 bytes, so
        // it is aligned.
        unsafe { segments.wrapping_add(i).write(Segment::default()) };
    }
    // SAFETY: `layout` has room for so many slots; segments are 8 bytes, so it is aligned.
    unsafe { ptr::write_bytes(table, 0, layout.slots) };
    // SAFETY: the two buffers lie behind the handle.
    unsafe { ptr::write_bytes(block, 0, layout.block.wrapping_add(layout.window)) };
    Memory {
        // SAFETY: written above, as the other three; the four do not overlap.
        table: unsafe { slice::from_raw_parts_mut(table, layout.slots) },
        // SAFETY: as above.
        segments: unsafe { slice::from_raw_parts_mut(segments, layout.segments) },
        // SAFETY: as above.
        block: unsafe { slice::from_raw_parts_mut(block, layout.block) },
        // SAFETY: as above.
        window: unsafe { slice::from_raw_parts_mut(window, layout.window) },
    }
}

/// Mounts a store and makes a handle of it at the start of the lent memory.
///
/// # Safety
/// `ram` is NULL or points to `ram_size` bytes that nobody else uses until the store is closed.
pub(super) unsafe fn open(
    checked: Checked,
    ram: *mut c_void,
    ram_size: usize,
) -> Result<*mut kv_store_t, Error> {
    let base = aligned(ram, ram_size, &checked.layout)?;
    // SAFETY: `aligned` checked the size; the rest is this function's contract.
    let memory = unsafe { divide(base, &checked.layout) };
    let engine = Engine::mount(checked.flash, memory, &checked.engine)?;
    let store = base.cast::<kv_store_t>();
    // Odd, so never 0; the high half tells the tokens of different stores from each other.
    let seed = store.addr().rotate_left(usize::BITS / 2) | 1;
    let handle = kv_store_t {
        marker: AtomicUsize::new(LIVE ^ store.addr()),
        busy: AtomicBool::new(false),
        lock: checked.lock,
        open: UnsafeCell::new(Open {
            engine,
            stream: Stream {
                token: 0,
                next: seed,
            },
            salt: seed,
        }),
    };
    // SAFETY: `base` is aligned and has HANDLE_SIZE bytes before what `memory` uses.
    unsafe { store.write(handle) };
    Ok(store)
}

/// Formats the partition, with the lent memory to work in.
///
/// # Safety
/// `ram` is NULL or points to `ram_size` bytes that nobody else uses during the call.
pub(super) unsafe fn format(
    checked: Checked,
    ram: *mut c_void,
    ram_size: usize,
) -> Result<(), Error> {
    let base = aligned(ram, ram_size, &checked.layout)?;
    // SAFETY: `aligned` checked the size; the rest is this function's contract.
    let memory = unsafe { divide(base, &checked.layout) };
    // The flash by value, as for `mount`: a second type of engine would double the code.
    Engine::format(checked.flash, memory, &checked.engine)
}
