//! Names for open stores.

use core::ffi::{c_char, c_int};

use super::{
    backend,
    path::NAME_MAX,
    registry::{self, Target},
};
use crate::{
    callbacks::kv_backend_t,
    error::Error,
    ffi::{
        args, handle,
        handle::kv_store_t,
        iterate::{kv_iterator_t, kv_store_iterator_close},
        status,
        stream::{kv_set_handle_t, kv_store_set_abort},
    },
};

/// Most partitions that can be attached at a time.
pub const KV_PARTITIONS: u32 = 4;
const _: () = assert!(KV_PARTITIONS as usize == registry::PARTITIONS);

/// Longest name of a partition, without its NUL.
pub const KV_PARTITION_NAME_LENGTH: u32 = 31;
const _: () = assert!(KV_PARTITION_NAME_LENGTH as usize == NAME_MAX);

/// Gives an open store a name, by which paths reach it: after kv_attach("kv", store), the key "a"
/// of the store is "/kv/a". The first one attached of those that are is the default partition,
/// which paths without a name mean.
///
/// `name`: 1 to KV_PARTITION_NAME_LENGTH bytes, no slash among them, and NUL; it is copied.
/// `store` must stay open until kv_detach. It may have several names, and may be used through its
/// handle too.
///
/// May be called in kv_init_storage_config or at any other time. Up to KV_PARTITIONS partitions
/// are attached at a time.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `name` is NULL, or the name is empty, too long or has
///   a slash in it
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_OUT_OF_MEMORY: KV_PARTITIONS are attached
/// - MBED_ERROR_ALREADY_IN_USE: the name is; or another thread is in kv_attach or kv_detach; or
///   refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing. Names are not stored: attach after each start.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_attach(name: *const c_char, store: *mut kv_store_t) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { attach(name, store) })
}

/// # Safety
/// As for [`kv_attach`].
unsafe fn attach(name: *const c_char, store: *mut kv_store_t) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let name = unsafe { args::key(name) }?;
    // SAFETY: this function's contract.
    drop(unsafe { handle::enter(store) }?);
    registry::attach(name, Target::Store(store))
}

/// Takes a name away. Iterators that kv_iterator_open opened by this name are closed, and a value
/// that kv_set_start started is dropped; their handles are refused from then on. The store stays
/// open: kv_detach comes first, then kv_store_close. If it was the default partition, the next one
/// that was attached is. What holds for a value that another thread started, kv_store_set_abort
/// says.
///
/// `name`: as it was given to kv_attach. Calls of other threads that are in the store already go
/// on; wait for them before the store is closed.
///
/// Returns
/// - MBED_SUCCESS: also where the store was closed before
/// - MBED_ERROR_INVALID_ARGUMENT: `name` is NULL, empty or longer than any key
/// - MBED_ERROR_ITEM_NOT_FOUND: no partition has this name
/// - MBED_ERROR_ALREADY_IN_USE: another thread is in kv_attach or kv_detach; or refused, see
///   "Threads" at the top. The name stays; iterators may be closed
///
/// Waits: for a call in progress.
///
/// Power: nothing changes for any key, whether it fails or not.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_detach(name: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    status::of(match unsafe { args::key(name) } {
        Ok(name) => registry::detach(name, end_iterator, end_stream),
        Err(error) => Err(error),
    })
}

/// Gives a store of the program's own a name, by which paths reach it as they reach those that
/// kv_attach attached. kv_detach takes the name away.
///
/// `name`: as for kv_attach. `backend`: not copied; it must live, and not change, until kv_detach.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `backend` or `name` is NULL, or the name is empty, too long or
///   has a slash in it
/// - MBED_ERROR_OUT_OF_MEMORY: KV_PARTITIONS are attached
/// - MBED_ERROR_ALREADY_IN_USE: the name is; or another thread is in kv_attach or kv_detach
///
/// Waits: for nothing.
///
/// Power: writes nothing. Names are not stored: attach after each start.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_attach_backend(
    name: *const c_char,
    backend: *const kv_backend_t,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(match unsafe { args::key(name) } {
        Ok(_) if backend.is_null() || !backend.is_aligned() => Err(Error::InvalidArgument),
        Ok(name) => registry::attach(name, Target::Backend(backend.cast_mut())),
        Err(error) => Err(error),
    })
}

/// Only a store that is busy can keep a partition from being detached: in one that is closed,
/// nothing is open, and what was closed before is no longer there.
fn unless_busy(status: c_int) -> Result<(), Error> {
    match status {
        status::MBED_ERROR_ALREADY_IN_USE => Err(Error::AlreadyInUse),
        _ => Ok(()),
    }
}

fn end_iterator(target: Target, token: usize) -> Result<(), Error> {
    let it: kv_iterator_t = core::ptr::without_provenance_mut(token);
    unless_busy(match target {
        // SAFETY: kv_attach: "`store` must stay open until kv_detach".
        Target::Store(store) => unsafe { kv_store_iterator_close(store, it) },
        // SAFETY: kv_attach_backend: "`backend` must live until kv_detach".
        Target::Backend(user) => unsafe { backend::iterator_close(user, token) },
    })
}

fn end_stream(target: Target, token: usize) -> Result<(), Error> {
    let handle: kv_set_handle_t = core::ptr::without_provenance_mut(token);
    unless_busy(match target {
        // SAFETY: kv_attach: "`store` must stay open until kv_detach".
        Target::Store(store) => unsafe { kv_store_set_abort(store, handle) },
        // SAFETY: kv_attach_backend: "`backend` must live until kv_detach".
        Target::Backend(user) => unsafe { backend::set_abort(user, token) },
    })
}
