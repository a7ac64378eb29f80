//! Iterators over keys.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::{
    ffi::{c_char, c_int},
    ptr,
};

use super::{args, handle, handle::kv_store_t, status};
use crate::error::Error;

/// What kv_iterator_t points to: nothing that can be looked at.
#[derive(Debug)]
pub struct _opaque_kv_key_iterator;

/// An open iterator. The number is never used as an address: one that is stale or was never one
/// is refused.
pub type kv_iterator_t = *mut _opaque_kv_key_iterator;

/// Starts an iteration over the keys that begin with `prefix`.
///
/// It returns each key that exists from now until its end exactly once, whatever is set, removed
/// or collected meanwhile; a key that comes or goes meanwhile, once or not at all. The order is
/// not defined. At most 16 iterators are open at a time; close each.
///
/// `it` receives the iterator, NULL on failure. `prefix` of NULL or "": all keys; else up to
/// 1024 bytes and NUL.
///
/// Returns
/// - MBED_SUCCESS: also where no key begins like that
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `it` is NULL, or the prefix is too long
/// - MBED_ERROR_OUT_OF_RESOURCES: all 16 are open, or this prefix and those of the others that are
///   open have more than 256 bytes
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_iterator_open(
    store: *mut kv_store_t,
    it: *mut kv_iterator_t,
    prefix: *const c_char,
) -> c_int {
    // SAFETY: "Pointers": `it` is NULL or has room for an iterator.
    unsafe { args::put(it, ptr::null_mut()) };
    if it.is_null() {
        return status::of(Err(Error::InvalidArgument));
    }
    // SAFETY: this function's contract.
    match unsafe { open(store, prefix) } {
        Ok(token) => {
            let token = ptr::without_provenance_mut(token);
            // SAFETY: as above.
            unsafe { args::put(it, token) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// # Safety
/// As for [`kv_store_iterator_open`].
unsafe fn open(store: *mut kv_store_t, prefix: *const c_char) -> Result<usize, Error> {
    // SAFETY: this function's contract.
    let prefix = unsafe { args::prefix(prefix) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    let id = session.engine().iterator_open(prefix)?;
    session.iterator_token(id)
}

/// Copies the next key and its NUL to `key`, which has room for `key_size` bytes.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: no further key; also with a `key_size` of 0
/// - MBED_ERROR_INVALID_SIZE: the key and its NUL do not fit. The iterator did not move: a call
///   with more room gets the same key
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, `it` is not an open iterator of it, or `key` is
///   NULL with a size
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_iterator_next(
    store: *mut kv_store_t,
    it: kv_iterator_t,
    key: *mut c_char,
    key_size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { next(store, it, key, key_size) })
}

/// # Safety
/// As for [`kv_store_iterator_next`].
unsafe fn next(
    store: *mut kv_store_t,
    it: kv_iterator_t,
    key: *mut c_char,
    key_size: usize,
) -> Result<(), Error> {
    // No key is longer, so no more of the buffer is touched.
    let room = key_size.min(args::KEY_MAX.saturating_add(1));
    // SAFETY: this function's contract.
    let key = unsafe { args::output(key.cast(), room) }.ok_or(Error::InvalidArgument)?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    let id = session.iterator_id(it.addr())?;
    let Some((_, text)) = key.split_last_mut() else {
        // Not even the NUL fits: the answer is "too small" or "no further key".
        session.engine().iterator_next(id, &mut [])?;
        return Err(Error::InvalidSize);
    };
    let length = session.engine().iterator_next(id, text)?;
    if let Some(end) = key.get_mut(length) {
        *end = 0;
    }
    Ok(())
}

/// Ends an iteration.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, or `it` is not an open iterator of it
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_iterator_close(
    store: *mut kv_store_t,
    it: kv_iterator_t,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { close(store, it) })
}

/// # Safety
/// As for [`kv_store_iterator_close`].
unsafe fn close(store: *mut kv_store_t, it: kv_iterator_t) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    let id = session.iterator_id(it.addr())?;
    session.engine().iterator_close(id)
}
