//! Reserved data: Mbed's slot for a root of trust.

use core::ffi::{c_int, c_void};

use super::{args, handle, handle::kv_store_t, status};
use crate::error::Error;

/// Most bytes of reserved data.
pub const KV_RESERVED_DATA_SIZE: u32 = 64;

/// Stores up to KV_RESERVED_DATA_SIZE (64) bytes beside the keys, once: only kv_store_reset and
/// kv_store_format clear them. Meant for a root of trust. A value being streamed is dropped.
///
/// `data` may be NULL when `size` is 0.
///
/// Returns
/// - MBED_SUCCESS: the data are stored, and stay when power fails
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL, or `data` is NULL with a size
/// - MBED_ERROR_INVALID_SIZE: more than 64 bytes
/// - MBED_ERROR_WRITE_FAILED: there are reserved data already, or the flash failed
/// - MBED_ERROR_MEDIA_FULL: no room now. Remove other keys
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, they are there afterwards, whole, or not at all.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_reserved_data_set(
    store: *mut kv_store_t,
    data: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { set(store, data, size) })
}

/// # Safety
/// As for [`kv_store_reserved_data_set`].
unsafe fn set(store: *mut kv_store_t, data: *const c_void, size: usize) -> Result<(), Error> {
    if size > KV_RESERVED_DATA_SIZE as usize {
        return Err(Error::InvalidSize);
    }
    // SAFETY: this function's contract.
    let data = unsafe { args::input(data, size) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter_writer(store) }?;
    session.engine().reserved_data_set(data)
}

/// Copies the reserved data to `data`, which has room for `buffer_size` bytes.
///
/// With `data` NULL only the size is told, whatever `buffer_size` says. `actual_size` receives
/// the size; it may be NULL, and is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: there are none
/// - MBED_ERROR_INVALID_SIZE: they do not fit; nothing was copied
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL
/// - MBED_ERROR_INVALID_DATA_DETECTED: they are damaged; nothing was copied
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
pub unsafe extern "C" fn kv_store_reserved_data_get(
    store: *mut kv_store_t,
    data: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
) -> c_int {
    // SAFETY: this function's contract.
    match unsafe { get(store, data, buffer_size) } {
        Ok(size) => {
            // SAFETY: "Pointers": `actual_size` is NULL or has room for a size.
            unsafe { args::put(actual_size, size) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// # Safety
/// As for [`kv_store_reserved_data_get`].
unsafe fn get(
    store: *mut kv_store_t,
    data: *mut c_void,
    buffer_size: usize,
) -> Result<usize, Error> {
    let mut copy = [0; KV_RESERVED_DATA_SIZE as usize];
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    let size = session.engine().reserved_data_get(&mut copy)?;
    if data.is_null() {
        return Ok(size);
    }
    // SAFETY: this function's contract.
    let data = unsafe { args::output(data, buffer_size) }.ok_or(Error::InvalidArgument)?;
    let found = copy.get(..size).ok_or(Error::InvalidSize)?;
    let room = data.get_mut(..size).ok_or(Error::InvalidSize)?;
    for (to, from) in room.iter_mut().zip(found) {
        *to = *from;
    }
    Ok(size)
}
