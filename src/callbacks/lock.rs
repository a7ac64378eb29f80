//! The user's mutex: locked around every call into a store.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::ffi::{c_int, c_void};

use crate::error::Error;

/// See `lock` and `unlock` in kv_lock_t.
pub type kv_lock_fn = Option<unsafe extern "C" fn(context: *mut c_void) -> c_int>;

/// A recursive mutex of the operating system, so that several threads can share a store.
///
/// The structure is copied by kv_store_open and need not outlive the call; what `context` points
/// at must live until kv_store_close. With both functions NULL one thread is assumed, and a call
/// that meets another one in progress is refused with MBED_ERROR_ALREADY_IN_USE.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_lock_t {
    /// Passed to both functions as it is. May be NULL.
    pub context: *mut c_void,
    /// Obtains the mutex, waiting for it where it is taken. 0 when obtained; with any other
    /// number the call is refused with MBED_ERROR_ALREADY_IN_USE (a mutex may give up).
    pub lock: kv_lock_fn,
    /// Gives the mutex back. What it returns is ignored: nothing could be done about it.
    pub unlock: kv_lock_fn,
}

type Hook = unsafe extern "C" fn(*mut c_void) -> c_int;

/// A checked [`kv_lock_t`], or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CLock {
    context: *mut c_void,
    hooks: Option<(Hook, Hook)>,
}

impl CLock {
    /// No mutex: one thread.
    pub(crate) const NONE: Self = Self {
        context: core::ptr::null_mut(),
        hooks: None,
    };

    /// Checks the description and takes it over.
    ///
    /// # Safety
    /// The functions are NULL or what the fields of [`kv_lock_t`] say, and stay callable with
    /// this `context` for as long as the result lives.
    pub(crate) unsafe fn new(lock: &kv_lock_t) -> Result<Self, Error> {
        let hooks = match (lock.lock, lock.unlock) {
            (Some(lock), Some(unlock)) => Some((lock, unlock)),
            (None, None) => None,
            _ => return Err(Error::InvalidArgument),
        };
        Ok(Self {
            context: lock.context,
            hooks,
        })
    }

    /// Obtains the mutex, where there is one.
    pub(crate) fn obtain(&self) -> Result<(), Error> {
        let Some((lock, _)) = self.hooks else {
            return Ok(());
        };
        // SAFETY: kv_lock_t: "Obtains the mutex"; callable by the contract of `new`.
        match unsafe { lock(self.context) } {
            0 => Ok(()),
            _ => Err(Error::AlreadyInUse),
        }
    }

    /// Gives the mutex back, where there is one.
    pub(crate) fn release(&self) {
        if let Some((_, unlock)) = self.hooks {
            // SAFETY: kv_lock_t: "Gives the mutex back"; callable by the contract of `new`.
            let _ = unsafe { unlock(self.context) };
        }
    }
}
