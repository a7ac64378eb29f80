//! Values stored in pieces.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use super::{args, handle, handle::kv_store_t, status};
use crate::error::Error;

/// What kv_set_handle_t points to: nothing that can be looked at.
#[derive(Debug)]
pub struct kv_set_handle;

/// A value being stored in pieces. The number is never used as an address: a handle that is
/// stale or was never one is refused.
pub type kv_set_handle_t = *mut kv_set_handle;

/// Starts to store a value of `final_size` bytes that is handed over in pieces.
///
/// The key keeps its old value, and readers see that, until kv_store_set_finalize. One value at
/// a time: while it is open, reads and iterators work, in all threads. kv_store_set,
/// kv_store_remove, kv_store_reset, kv_store_maintain, kv_store_reserved_data_set or another
/// kv_store_set_start drop it and proceed when they come from the same thread, and its handle is
/// then refused; from another thread they wait until it is finalized or dropped. Where the store
/// has no kv_lock_t, all calls count as those of one thread.
///
/// `handle` receives the handle, NULL on failure. `key`: 1 to 1024 bytes and NUL. `flags`: 0 or
/// a sum of KV_WRITE_ONCE_FLAG, KV_REQUIRE_CONFIDENTIALITY_FLAG and
/// KV_REQUIRE_REPLAY_PROTECTION_FLAG (the last two are only stored here).
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store`, `handle` or `key` is NULL, the key is empty or too long,
///   or other flags are set
/// - MBED_ERROR_INVALID_SIZE: such a value can never fit in this partition
/// - MBED_ERROR_WRITE_PROTECTED: the key is there and was stored write-once
/// - MBED_ERROR_MEDIA_FULL: no room now; nothing was written. Remove other keys
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: until finalized the new value does not exist, whatever happens; the old one stays.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_set_start(
    store: *mut kv_store_t,
    handle: *mut kv_set_handle_t,
    key: *const c_char,
    final_size: usize,
    flags: u32,
) -> c_int {
    // SAFETY: "Pointers": `handle` is NULL or has room for a handle.
    unsafe { args::put(handle, ptr::null_mut()) };
    if handle.is_null() {
        return status::of(Err(Error::InvalidArgument));
    }
    // SAFETY: this function's contract.
    match unsafe { start(store, key, final_size, flags) } {
        Ok(token) => {
            let token = ptr::without_provenance_mut(token);
            // SAFETY: as above.
            unsafe { args::put(handle, token) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// # Safety
/// As for [`kv_store_set_start`].
unsafe fn start(
    store: *mut kv_store_t,
    key: *const c_char,
    final_size: usize,
    flags: u32,
) -> Result<usize, Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    let flags = args::flags(flags)?;
    let size = u32::try_from(final_size).map_err(|_| Error::TooLarge)?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter_writer(store) }?;
    session.engine().set_start(key, size, flags)?;
    Ok(session.stream_opened())
}

/// Adds the next `size` bytes of the value; any number of calls, of any sizes.
///
/// `buffer` may be NULL when `size` is 0.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, `handle` is not that of the value that is open
///   (it was finalized, dropped, or never one), or `buffer` is NULL with a size. The value stays
///   open
/// - MBED_ERROR_INVALID_SIZE: more bytes than were announced. Nothing was added, and the value
///   stays open
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry. The value is dropped, the old one stays
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only. The value is
///   dropped, the old one stays
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: as for kv_store_set_start.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_set_add_data(
    store: *mut kv_store_t,
    handle: kv_set_handle_t,
    buffer: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { add_data(store, handle, buffer, size) })
}

/// # Safety
/// As for [`kv_store_set_add_data`].
unsafe fn add_data(
    store: *mut kv_store_t,
    handle: kv_set_handle_t,
    buffer: *const c_void,
    size: usize,
) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let data = unsafe { args::input(buffer, size) };
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    session.check_stream(handle.addr())?;
    let result = session.engine().set_add_data(data?);
    if !matches!(result, Ok(()) | Err(Error::InvalidSize)) {
        session.drop_stream();
    }
    result
}

/// Makes the value that was streamed the value of its key. Whatever it returns but
/// MBED_ERROR_INVALID_ARGUMENT, MBED_ERROR_NOT_READY and MBED_ERROR_ALREADY_IN_USE, the value is
/// no longer open.
///
/// Returns
/// - MBED_SUCCESS: the key has its new value, and keeps it when power fails
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, or `handle` is not that of the value that is
///   open
/// - MBED_ERROR_INVALID_SIZE: fewer bytes came than were announced; the old value stays
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key has its old value, or the new one where the flash holds that all the same: a
///   read tells which
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only, and the key
///   as after a write that failed
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: when it fails during the call, the key has its old or its new value afterwards, whole.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_set_finalize(
    store: *mut kv_store_t,
    handle: kv_set_handle_t,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { finalize(store, handle) })
}

/// # Safety
/// As for [`kv_store_set_finalize`].
unsafe fn finalize(store: *mut kv_store_t, handle: kv_set_handle_t) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    session.check_stream(handle.addr())?;
    let result = session.engine().set_finalize();
    match result {
        Ok(()) => session.stream_closed(),
        Err(_) => session.drop_stream(),
    }
    result
}

/// Drops the value that is being streamed; the old one stays. What was written of it costs space
/// until it is collected, nothing else.
///
/// Any thread may do it, for one that died in the middle, too (between two calls: nothing helps a
/// store whose thread was ended within one). With kv_spin_t, and with a mutex that another thread
/// can give back, those who waited go on. A mutex that only its owner gives back may be lost with
/// it: those who wait for it already wait until it gives up, and later writes do without. They
/// are refused with MBED_ERROR_ALREADY_IN_USE where they meet a value in pieces, until the owner
/// uses its stale handle once more, or until the store is closed and opened with new mutexes. A
/// mutex that notices the end of its thread (see `lock` in kv_lock_t) needs none of this: whoever
/// writes next drops the value.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, or `handle` is not that of the value that is
///   open
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: it is dropped, but the flash failed
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: nothing changes for any key, whether it fails or not.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_set_abort(
    store: *mut kv_store_t,
    handle: kv_set_handle_t,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { abort(store, handle) })
}

/// # Safety
/// As for [`kv_store_set_abort`].
unsafe fn abort(store: *mut kv_store_t, handle: kv_set_handle_t) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    session.check_stream(handle.addr())?;
    session.stream_closed();
    session.engine().set_abort()
}
