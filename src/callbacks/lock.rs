//! The user's mutexes: one around every call into a store, one that a writer holds.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::{
    ffi::{c_int, c_void},
    ptr,
};

use crate::{
    error::Error,
    lock::{self, Spin},
};

/// See `lock` and `unlock` in kv_lock_t.
pub type kv_lock_fn = Option<unsafe extern "C" fn(context: *mut c_void) -> c_int>;

/// Two recursive mutexes of the operating system, by which several threads share a store.
///
/// One is held during each call. The other, the writer's, is held by whoever changes something:
/// during the call, and from kv_set_start or kv_store_set_start to the end of that value. So
/// others can read, but not write, while a value is stored in pieces. If the thread that stores
/// it writes something else, that value is dropped, as with Mbed: a recursive mutex lets it in.
///
/// kv_spin_lock and kv_spin_unlock are such functions, for kv_spin_t. With both functions NULL
/// there is no lock: see "Threads" at the top.
///
/// The functions must not call into the store they serve. A call that they make all the same does
/// no harm: it is carried out before or after the one that it comes out of, or refused with
/// MBED_ERROR_ALREADY_IN_USE.
///
/// The structure is copied by kv_store_open and need not outlive the call; what `context` and
/// `writer` point at must live until kv_store_close. Each store has mutexes of its own. With
/// priority inheritance a thread of high priority waits no longer than it must.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_lock_t {
    /// The mutex that is held during each call; passed to both functions as it is.
    pub context: *mut c_void,
    /// Obtains a mutex, waiting for it where another thread has it; a thread that has it gets it
    /// again. 0 when obtained; with any other number the call is refused with
    /// MBED_ERROR_ALREADY_IN_USE (a mutex may give up, or be out of reach for interrupts).
    ///
    /// A mutex that can tell that its owner is gone (POSIX: robust) is obtained then, with 0: the
    /// value which that thread did not finish is dropped.
    pub lock: kv_lock_fn,
    /// Gives a mutex back. 0 when it was; any other number when the calling thread does not have
    /// it. It is asked that when it drops the value of another thread: see kv_store_set_abort.
    pub unlock: kv_lock_fn,
    /// The writer's mutex, passed to the same functions. NULL: that of `context` serves for both.
    /// Then readers, too, wait while a value is stored in pieces, and the value of a thread that
    /// died can not be dropped by another.
    pub writer: *mut c_void,
}

/// A spin lock, for kv_lock_t: two of them, `context` and `writer`, with kv_spin_lock and
/// kv_spin_unlock.
///
/// It is for several cores without an operating system, and for programs of a PC. On one core
/// with priorities it never lets go: who waits keeps the one away for whom it waits. Nor may an
/// interrupt use the store. On processors without compare-and-swap it needs the cargo feature
/// `critical-section`; without that each call is refused with MBED_ERROR_ALREADY_IN_USE.
#[repr(C)]
#[derive(Debug)]
pub struct kv_spin_t {
    /// A number for the calling thread, or for the core where each has only one: not 0, and
    /// another for each. Required. A thread that gets the number of one which is gone has that
    /// one's locks, too.
    pub thread: kv_thread_fn,
    /// Called again and again while waiting: to let other threads go on. NULL: not needed.
    pub pause: kv_pause_fn,
    /// The library's. All 0 before the first use.
    pub state: [usize; 3],
}

/// See `thread` in kv_spin_t.
pub type kv_thread_fn = Option<unsafe extern "C" fn() -> usize>;

/// See `pause` in kv_spin_t.
pub type kv_pause_fn = Option<unsafe extern "C" fn()>;

const _: () = assert!(size_of::<Spin>() <= size_of::<[usize; 3]>());
const _: () = assert!(align_of::<Spin>() <= align_of::<[usize; 3]>());

/// The words of a spin lock.
///
/// # Safety
/// `spin` points to a `kv_spin_t` during `'s`.
unsafe fn words<'s>(spin: *const kv_spin_t) -> &'s Spin {
    // SAFETY: this function's contract; only the address is taken.
    let state = unsafe { &raw const (*spin).state };
    // SAFETY: there is room for a `Spin`, any bytes are one, and nobody else uses them: kv_spin_t,
    // "The library's".
    unsafe { &*state.cast::<Spin>() }
}

/// Waits for a spin lock and obtains it; whether it did.
///
/// # Safety
/// `spin` is NULL or points to a `kv_spin_t`, whose functions are NULL or what its fields say.
pub(crate) unsafe fn spin_obtain(spin: *const kv_spin_t) -> bool {
    if spin.is_null() || !spin.is_aligned() || !lock::claim::keeps_threads_apart() {
        return false;
    }
    // SAFETY: this function's contract; nobody writes this field.
    let Some(thread) = (unsafe { (*spin).thread }) else {
        return false;
    };
    // SAFETY: as above.
    let pause = unsafe { (*spin).pause };
    // SAFETY: kv_spin_t: "A number for the calling thread".
    let me = unsafe { thread() };
    if me == 0 {
        return false;
    }
    // SAFETY: this function's contract.
    unsafe { words(spin) }.obtain(me, || {
        if let Some(pause) = pause {
            // SAFETY: kv_spin_t: "Called again and again while waiting".
            unsafe { pause() };
        }
    });
    true
}

/// Gives a spin lock back; whether there was one.
///
/// # Safety
/// `spin` is NULL or points to a `kv_spin_t`.
pub(crate) unsafe fn spin_release(spin: *const kv_spin_t) -> bool {
    if spin.is_null() || !spin.is_aligned() {
        return false;
    }
    // SAFETY: this function's contract.
    unsafe { words(spin) }.release();
    true
}

type Hook = unsafe extern "C" fn(*mut c_void) -> c_int;

/// A checked [`kv_lock_t`], or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CLock {
    context: *mut c_void,
    writer: *mut c_void,
    hooks: Option<(Hook, Hook)>,
}

impl CLock {
    /// No mutex: one thread.
    pub(crate) const NONE: Self = Self {
        context: ptr::null_mut(),
        writer: ptr::null_mut(),
        hooks: None,
    };

    /// Checks the description and takes it over.
    ///
    /// # Safety
    /// The functions are NULL or what the fields of [`kv_lock_t`] say, and stay callable with
    /// this `context` and `writer` for as long as the result lives.
    pub(crate) unsafe fn new(lock: &kv_lock_t) -> Result<Self, Error> {
        let hooks = match (lock.lock, lock.unlock) {
            (Some(lock), Some(unlock)) => Some((lock, unlock)),
            (None, None) => None,
            _ => return Err(Error::InvalidArgument),
        };
        Ok(Self {
            context: lock.context,
            writer: if lock.writer.is_null() {
                lock.context
            } else {
                lock.writer
            },
            hooks,
        })
    }

    /// Whether threads may share the store.
    pub(crate) const fn is_shared(&self) -> bool {
        self.hooks.is_some()
    }

    /// Obtains the mutex of a call, where there is one.
    pub(crate) fn obtain(&self) -> Result<(), Error> {
        self.lock(self.context)
    }

    /// Gives the mutex of a call back, where there is one.
    pub(crate) fn release(&self) {
        // It is this thread's; were it not, nothing could be done about it.
        let _ = self.unlock(self.context);
    }

    /// Obtains the writer's mutex, where there is one.
    pub(crate) fn obtain_writer(&self) -> Result<(), Error> {
        self.lock(self.writer)
    }

    /// Gives the writer's mutex back, where there is one; `false` when another thread has it.
    pub(crate) fn release_writer(&self) -> bool {
        self.unlock(self.writer)
    }

    fn lock(&self, mutex: *mut c_void) -> Result<(), Error> {
        let Some((lock, _)) = self.hooks else {
            return Ok(());
        };
        // SAFETY: kv_lock_t: "Obtains a mutex"; callable by the contract of `new`.
        match unsafe { lock(mutex) } {
            0 => Ok(()),
            _ => Err(Error::AlreadyInUse),
        }
    }

    fn unlock(&self, mutex: *mut c_void) -> bool {
        let Some((_, unlock)) = self.hooks else {
            return true;
        };
        // SAFETY: kv_lock_t: "Gives a mutex back"; callable by the contract of `new`.
        unsafe { unlock(mutex) == 0 }
    }
}
