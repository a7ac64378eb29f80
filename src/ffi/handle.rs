//! The handle: a store in lent memory, who may use it now, and the tokens that C holds of streams
//! and iterators.
//!
//! Two mutexes: one around each call, and the writer's around each call that changes something and
//! from the start of a stream to its end. The writer's comes first, then that of the call. Who
//! has the writer's while a stream holds it is that stream's thread, since it is recursive.
//!
//! Invariant: at most one [`Session`] of a store exists at a time; only it reaches the engine.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::{
    cell::UnsafeCell,
    ffi::c_void,
    mem,
    ops::Deref,
    ptr, slice,
    sync::atomic::{AtomicU8, AtomicUsize, Ordering},
};

use super::config::{Checked, HANDLE_SIZE, Layout};
use crate::{
    callbacks::{CFlash, CLock},
    engine::{Engine, IteratorId, Memory, Parts, Segment},
    error::Error,
    lock::claim::{self, FREE, TAKEN},
};

/// An open store. It lives at the start of the memory lent to kv_store_open; what is in it is
/// the library's business.
#[derive(Debug)]
pub struct kv_store_t {
    header: Header,
}

/// What is in a handle. The marker comes first: what is no handle is read no further than that.
#[derive(Debug)]
#[repr(C)]
pub struct Header {
    /// [`LIVE`] and this handle's own address while it is open. A copy, a closed handle and
    /// memory that never was one have something else here.
    marker: AtomicUsize,
    /// A call is in progress. Without mutexes this is the whole lock; with them it shows a call
    /// that comes out of another one of the same thread.
    busy: AtomicU8,
    /// The token of a stream that was ended by another thread than the one that has the writer's
    /// mutex for it; 0: none. That mutex cannot be waited for, then.
    lost: AtomicUsize,
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
    /// The thread that started it has the writer's mutex for it.
    holds_writer: bool,
}

/// "nvkv".
const LIVE: usize = 0x6E76_6B76;

/// A call in progress: the store is locked and marked busy until this is dropped.
#[derive(Debug)]
pub(super) struct Session<'s> {
    header: &'s kv_store_t,
    open: &'s mut Open,
    /// The writer's mutex is to be given back, too.
    writer: bool,
}

impl Deref for kv_store_t {
    type Target = Header;

    fn deref(&self) -> &Header {
        &self.header
    }
}

impl kv_store_t {
    fn is_live(store: *const Self) -> bool {
        // SAFETY: "Pointers": a store that is not NULL points to readable memory of the size of
        // a handle; the caller checked that it is aligned. Any bytes are a valid marker.
        let marker = unsafe { &(*store).header.marker };
        marker.load(Ordering::Acquire) == LIVE ^ store.addr()
    }
}

/// The handle, if it is one.
///
/// # Safety
/// As for [`enter`].
unsafe fn header<'s>(store: *mut kv_store_t) -> Result<&'s kv_store_t, Error> {
    if store.is_null() || !store.is_aligned() {
        return Err(Error::InvalidArgument);
    }
    if !kv_store_t::is_live(store) {
        return Err(Error::NotReady);
    }
    // SAFETY: live: kv_store_open made a handle of it, and only kv_store_close unmakes it.
    Ok(unsafe { &*store })
}

/// Begins a call that changes nothing, or only the stream that is open: checks the handle, locks
/// it and marks it busy.
///
/// # Safety
/// `store` is NULL, or points to memory that was lent to kv_store_open or at least is readable.
pub(super) unsafe fn enter<'s>(store: *mut kv_store_t) -> Result<Session<'s>, Error> {
    // SAFETY: this function's contract.
    let header = unsafe { header(store) }?;
    // A copy: once another thread closed the store, the handle is the caller's memory again.
    let lock = header.lock;
    lock.obtain()?;
    if let Err(error) = header.begin(&lock) {
        lock.release();
        return Err(error);
    }
    // SAFETY: not busy: no other session exists, and this one is exclusive until dropped.
    let open = unsafe { &mut *header.open.get() };
    Ok(Session {
        header,
        open,
        writer: false,
    })
}

/// Begins a call that changes something: waits for the writer's mutex first, and ends this
/// thread's own stream, as Mbed does.
///
/// # Safety
/// As for [`enter`].
pub(super) unsafe fn enter_writer<'s>(store: *mut kv_store_t) -> Result<Session<'s>, Error> {
    // SAFETY: this function's contract.
    let mut session = unsafe { enter_after_others(store) }?;
    if !session.header.lock.is_shared() {
        session.drop_stream();
        return Ok(session);
    }
    if session.has_stream() {
        session.end_own_stream()?;
        // SAFETY: this function's contract.
        session = unsafe { enter_after_others(store) }?;
        if session.has_stream() {
            return Err(Error::AlreadyInUse);
        }
    }
    Ok(session)
}

/// Begins a call with the writer's mutex, where there is one and it is not lost. Without it one
/// stream at a time still holds, but those who meet it are refused.
///
/// # Safety
/// As for [`enter`].
unsafe fn enter_after_others<'s>(store: *mut kv_store_t) -> Result<Session<'s>, Error> {
    // SAFETY: this function's contract.
    let header = unsafe { header(store) }?;
    let lock = header.lock;
    let writer = lock.is_shared() && header.lost.load(Ordering::Relaxed) == 0;
    if writer {
        header.refuse_reentry(&lock)?;
        lock.obtain_writer()?;
    }
    // SAFETY: this function's contract.
    match unsafe { enter(store) } {
        Ok(mut session) => {
            session.writer = writer;
            Ok(session)
        }
        Err(error) => {
            if writer {
                let _ = lock.release_writer();
            }
            Err(error)
        }
    }
}

impl kv_store_t {
    /// Marks it busy, with the mutex of the call obtained.
    fn begin(&self, lock: &CLock) -> Result<(), Error> {
        if !Self::is_live(self) {
            return Err(Error::NotReady);
        }
        let taken = if lock.is_shared() {
            // The mutex keeps others out, and orders what they wrote: no more is needed here, and
            // a tool that looks for races finds a mutex which does not do that.
            let is_free = self.busy.load(Ordering::Relaxed) == FREE;
            if is_free {
                self.busy.store(TAKEN, Ordering::Relaxed);
            }
            is_free
        } else {
            claim::claim(&self.busy, FREE, TAKEN)
        };
        if !taken {
            return Err(Error::AlreadyInUse);
        }
        // Without a mutex, another thread may have closed it between the look and the claim.
        if !Self::is_live(self) {
            self.end();
            return Err(Error::NotReady);
        }
        Ok(())
    }

    fn end(&self) {
        claim::release(&self.busy, FREE);
    }

    /// Refuses a call out of a flash function before it waits for the writer's mutex: who has that
    /// may wait for the call that this one comes out of.
    fn refuse_reentry(&self, lock: &CLock) -> Result<(), Error> {
        if self.busy.load(Ordering::Relaxed) == FREE {
            return Ok(());
        }
        // This thread is in a call, or another one. With the mutex it can only be this one.
        lock.obtain()?;
        let is_busy = self.busy.load(Ordering::Relaxed) != FREE;
        lock.release();
        if is_busy {
            Err(Error::AlreadyInUse)
        } else {
            Ok(())
        }
    }
}

impl Drop for Session<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        let lock = self.header.lock;
        self.header.end();
        lock.release();
        if self.writer {
            let _ = lock.release_writer();
        }
    }
}

impl Session<'_> {
    /// The handle is dead from here on.
    pub(super) fn close(self) {
        self.header.marker.store(0, Ordering::Release);
    }

    /// The token of a stream that was just started. It keeps the writer's mutex.
    pub(super) fn stream_opened(&mut self) -> usize {
        let stream = &mut self.open.stream;
        stream.token = stream.next;
        stream.next = stream.next.wrapping_add(2);
        stream.holds_writer = mem::take(&mut self.writer);
        stream.token
    }

    /// Whether this is the stream that is open.
    pub(super) fn check_stream(&self, token: usize) -> Result<(), Error> {
        if token == 0 {
            return Err(Error::InvalidArgument);
        }
        if token == self.open.stream.token {
            return Ok(());
        }
        // The thread whose stream another one ended has the writer's mutex to this moment.
        let lost = &self.header.lost;
        if token == lost.load(Ordering::Relaxed) && self.header.lock.release_writer() {
            lost.store(0, Ordering::Relaxed);
        }
        Err(Error::InvalidArgument)
    }

    /// Forgets the stream: its token is stale from here on, and others may write.
    pub(super) fn stream_closed(&mut self) {
        let stream = &mut self.open.stream;
        let token = mem::take(&mut stream.token);
        if mem::take(&mut stream.holds_writer) && !self.header.lock.release_writer() {
            self.header.lost.store(token, Ordering::Relaxed);
        }
    }

    /// Ends the stream that is open. That it could not be voided on flash does no harm: it is not
    /// part of the store before it is finalized.
    pub(super) fn drop_stream(&mut self) {
        if self.has_stream() {
            self.stream_closed();
            let _ = self.open.engine.set_abort();
        }
    }

    fn has_stream(&self) -> bool {
        self.open.stream.token != 0
    }

    /// Ends the stream that is open if it is this thread's, and the call. The mutex is given back
    /// for both, and the caller obtains it anew: a mutex that notices the end of its thread may
    /// have gone over to this one, who then has it only once.
    fn end_own_stream(mut self) -> Result<(), Error> {
        if !(self.writer && self.open.stream.holds_writer) {
            return Err(Error::AlreadyInUse);
        }
        self.drop_stream();
        Ok(())
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
    let marker = unsafe { &raw mut (*store).header.marker };
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

/// Stores opened so far. What two threads count as one does no harm: they have different memory.
static OPENED: AtomicUsize = AtomicUsize::new(0);

/// Where the tokens of a store begin. They differ from those of other stores, by the address; and
/// from those of the stores that were open in the same memory before, by the count, so that what C
/// kept of them is refused. Odd, so never 0.
fn seed(address: usize) -> usize {
    let opened = OPENED.load(Ordering::Relaxed).wrapping_add(1);
    OPENED.store(opened, Ordering::Relaxed);
    // Multiplied, so that neither a step of a token nor the number of an iterator makes it up.
    const SPREAD: u32 = 0x9E37_79B1;
    let spread = usize::try_from(SPREAD).map_or(opened, |spread| opened.wrapping_mul(spread));
    (address.rotate_left(usize::BITS / 2) ^ spread) | 1
}

/// Makes a handle at the start of the lent memory, of a store that has not looked at its flash.
///
/// # Safety
/// `ram` is NULL or points to `ram_size` bytes that nobody else uses as long as the handle is.
#[inline(never)]
unsafe fn place(
    checked: Checked,
    ram: *mut c_void,
    ram_size: usize,
) -> Result<*mut kv_store_t, Error> {
    let base = aligned(ram, ram_size, &checked.layout)?;
    // SAFETY: `aligned` checked the size; the rest is this function's contract.
    let memory = unsafe { divide(base, &checked.layout) };
    let parts = Parts::new(&checked.flash, memory, &checked.engine)?;
    let store = base.cast::<kv_store_t>();
    // SAFETY: `base` is aligned and has HANDLE_SIZE bytes before what `memory` uses.
    unsafe { make(store, checked, parts) };
    Ok(store)
}

/// Not inlined: what it makes lies on the stack meanwhile, and would do so during all that comes
/// before and after.
///
/// # Safety
/// `store` is aligned and points to HANDLE_SIZE bytes that nobody else uses.
#[inline(never)]
unsafe fn make(store: *mut kv_store_t, checked: Checked, parts: Parts<'static>) {
    let seed = seed(store.addr());
    let header = Header {
        marker: AtomicUsize::new(0),
        busy: AtomicU8::new(FREE),
        lost: AtomicUsize::new(0),
        lock: checked.lock,
        open: UnsafeCell::new(Open {
            engine: Engine::new(checked.flash, parts, &checked.engine),
            stream: Stream {
                token: 0,
                next: seed,
                holds_writer: false,
            },
            salt: seed,
        }),
    };
    // SAFETY: this function's contract.
    unsafe { store.write(kv_store_t { header }) };
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
    // SAFETY: this function's contract.
    let store = unsafe { place(checked, ram, ram_size) }?;
    // SAFETY: `place` made it; it is not live, so no session of it exists.
    let handle = unsafe { &mut *store };
    handle.header.open.get_mut().engine.start()?;
    *handle.header.marker.get_mut() = LIVE ^ store.addr();
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
    // SAFETY: this function's contract.
    let store = unsafe { place(checked, ram, ram_size) }?;
    // SAFETY: `place` made it; it is not live, so no session of it exists.
    let handle = unsafe { &mut *store };
    handle.header.open.get_mut().engine.make_empty()
}
