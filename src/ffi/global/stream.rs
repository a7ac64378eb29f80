//! Values in pieces, by path.

use core::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use super::{Target, backend, never_is_full, place, registry, status_of, value};
use crate::{
    error::Error,
    ffi::{
        args, status,
        stream::{
            kv_set_handle_t, kv_store_set_abort, kv_store_set_add_data, kv_store_set_finalize,
            kv_store_set_start,
        },
    },
};

/// Starts to store a value of `final_size` bytes that is handed over in pieces. Not in Mbed's
/// global API; its C++ classes have it.
///
/// The key keeps its old value, and readers see that, until kv_set_finalize. One value at a time
/// for each partition: while it is open, what kv_store_set_start says of reads and writes holds.
///
/// `handle` receives the handle, NULL on failure; it is for kv_set_add_data, kv_set_finalize and
/// kv_set_abort, not for the functions that take a store. `full_name_key`: a path, see "Paths" at
/// the top. `create_flags`: as for kv_set.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `handle` or the path is NULL, its key is not allowed, or other
///   flags are set
/// - MBED_ERROR_ITEM_NOT_FOUND: no partition is called like that
/// - MBED_ERROR_WRITE_PROTECTED: the key is there and was stored write-once
/// - MBED_ERROR_MEDIA_FULL: no room, now or ever; nothing was written
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: until finalized the new value does not exist, whatever happens; the old one stays.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_set_start(
    handle: *mut kv_set_handle_t,
    full_name_key: *const c_char,
    final_size: usize,
    create_flags: u32,
) -> c_int {
    // SAFETY: "Pointers": `handle` is NULL or has room for a handle.
    unsafe { args::put(handle, ptr::null_mut()) };
    if handle.is_null() {
        return status::of(Err(Error::InvalidArgument));
    }
    // SAFETY: this function's contract.
    match unsafe { start(full_name_key, final_size, create_flags) } {
        Ok(token) => {
            let token = ptr::without_provenance_mut(token);
            // SAFETY: as above.
            unsafe { args::put(handle, token) };
            status::MBED_SUCCESS
        }
        Err(status) => status,
    }
}

/// # Safety
/// As for [`kv_set_start`].
unsafe fn start(path: *const c_char, final_size: usize, flags: u32) -> Result<usize, c_int> {
    // SAFETY: this function's contract.
    let place = unsafe { place(path) }?;
    let key = place.key()?;
    // SAFETY: this function's contract; the key is the end of the path.
    let token = unsafe { start_in(place.target(), key, final_size, flags) }?;
    let opened = registry::stream_opened(&place.found, token);
    opened.map_err(|error| {
        // SAFETY: this function's contract.
        let _ = unsafe { abort_in(place.target(), token) };
        status::of_error(error)
    })
}

/// # Safety
/// As for [`kv_set_start`]; what is behind the target lives.
unsafe fn start_in(
    target: Target,
    key: *const c_char,
    final_size: usize,
    flags: u32,
) -> Result<usize, c_int> {
    let store = match target {
        Target::Store(store) => store,
        Target::Backend(user) => {
            // SAFETY: this function's contract.
            return unsafe { backend::set_start(user, key, final_size, flags) };
        }
    };
    let flags = value::stored(flags);
    let mut own: kv_set_handle_t = ptr::null_mut();
    // SAFETY: this function's contract; `own` is here.
    let answer = unsafe { kv_store_set_start(store, &mut own, key, final_size, flags) };
    match never_is_full(answer) {
        status::MBED_SUCCESS => Ok(own.addr()),
        error => Err(error),
    }
}

/// # Safety
/// What is behind the target lives.
unsafe fn abort_in(target: Target, token: usize) -> c_int {
    match target {
        // SAFETY: this function's contract.
        Target::Store(store) => unsafe { kv_store_set_abort(store, own(token)) },
        // SAFETY: this function's contract.
        Target::Backend(user) => unsafe { backend::set_abort(user, token) },
    }
}

/// The stream behind what C holds.
fn behind(handle: kv_set_handle_t) -> Result<registry::Behind, c_int> {
    registry::stream(handle.addr()).map_err(status::of_error)
}

/// The handle of a store of this library.
fn own(token: usize) -> kv_set_handle_t {
    ptr::without_provenance_mut(token)
}

/// Adds the next `size` bytes of the value; any number of calls, of any sizes.
///
/// `buffer` may be NULL when `size` is 0.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `handle` is not that of a value that is open (it was finalized,
///   dropped, never one, or its partition was detached), or `buffer` is NULL with a size. A value
///   that is open stays open
/// - MBED_ERROR_INVALID_SIZE: more bytes than were announced. Nothing was added, and the value
///   stays open
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry. The value is dropped, the old one stays
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only. The value is
///   dropped, the old one stays
/// - MBED_ERROR_NOT_READY: the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: as for kv_set_start.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_set_add_data(
    handle: kv_set_handle_t,
    buffer: *const c_void,
    size: usize,
) -> c_int {
    status_of(behind(handle).map(|behind| match behind.target {
        // SAFETY: this function's contract, and kv_attach: "`store` must stay open".
        Target::Store(store) => unsafe {
            kv_store_set_add_data(store, own(behind.token), buffer, size)
        },
        // SAFETY: the same, and kv_attach_backend: "it must live until kv_detach".
        Target::Backend(user) => unsafe { backend::set_add_data(user, behind.token, buffer, size) },
    }))
}

/// Makes the value that was streamed the value of its key.
///
/// Returns
/// - MBED_SUCCESS: the key has its new value, and keeps it when power fails
/// - MBED_ERROR_INVALID_ARGUMENT: `handle` is not that of a value that is open
/// - MBED_ERROR_INVALID_SIZE: fewer bytes came than were announced; the old value stays
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key has its old value, or the new one where only what comes after it failed,
///   `sync` above all
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only. The old
///   value stays
/// - MBED_ERROR_NOT_READY: the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: when it fails during the call, the key has its old or its new value afterwards, whole.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_set_finalize(handle: kv_set_handle_t) -> c_int {
    status_of(behind(handle).map(|behind| match behind.target {
        // SAFETY: kv_attach: "`store` must stay open until kv_detach".
        Target::Store(store) => unsafe { kv_store_set_finalize(store, own(behind.token)) },
        Target::Backend(user) => {
            registry::stream_ends(&behind);
            // SAFETY: kv_attach_backend: "it must live until kv_detach".
            unsafe { backend::set_finalize(user, behind.token) }
        }
    }))
}

/// Drops the value that is being streamed; the old one stays.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `handle` is not that of a value that is open
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: it is dropped, but the flash failed
/// - MBED_ERROR_NOT_READY: the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: nothing changes for any key, whether it fails or not.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_set_abort(handle: kv_set_handle_t) -> c_int {
    status_of(behind(handle).map(|behind| {
        // SAFETY: kv_attach: "`store` must stay open until kv_detach"; kv_attach_backend likewise.
        let answer = unsafe { abort_in(behind.target, behind.token) };
        if matches!(behind.target, Target::Backend(_)) && answer == status::MBED_SUCCESS {
            registry::stream_ends(&behind);
        }
        answer
    }))
}
