//! Values in one piece.

use core::ffi::{c_char, c_int, c_void};

use super::{args, handle, handle::kv_store_t, status};
use crate::error::Error;

/// Size and flags of a value: Mbed's `struct info`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_info_t {
    /// Bytes of the value.
    pub size: usize,
    /// The flags that it was set with.
    pub flags: u32,
}

/// Stores a value of `size` bytes under `key`, in place of the one it may have.
///
/// `key`: 1 to 1024 bytes, each of any value but 0, and NUL. `buffer` may be NULL when `size` is
/// 0, and may lie anywhere, in the flash itself too: the flash functions never get this pointer.
/// `flags`: 0 or a sum of KV_WRITE_ONCE_FLAG (the value can neither be changed nor removed, only
/// kv_store_reset ends it), KV_REQUIRE_CONFIDENTIALITY_FLAG and
/// KV_REQUIRE_REPLAY_PROTECTION_FLAG (these two are only stored here).
///
/// Returns
/// - MBED_SUCCESS: the key has its new value, and keeps it when power fails
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, the key is empty or too long, `buffer`
///   is NULL with a size, or other flags are set
/// - MBED_ERROR_INVALID_SIZE: such a value can never fit in this partition
/// - MBED_ERROR_WRITE_PROTECTED: the key is there and was stored write-once
/// - MBED_ERROR_MEDIA_FULL: no room now; nothing was written. Remove other keys
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key has its old value, or the new one where the flash holds that all the same: a
///   read tells which
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, the key has its old or its new value afterwards, whole,
/// and no other key is touched.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_set(
    store: *mut kv_store_t,
    key: *const c_char,
    buffer: *const c_void,
    size: usize,
    flags: u32,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { set(store, key, buffer, size, flags) })
}

/// # Safety
/// As for [`kv_store_set`].
unsafe fn set(
    store: *mut kv_store_t,
    key: *const c_char,
    buffer: *const c_void,
    size: usize,
    flags: u32,
) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    let flags = args::flags(flags)?;
    // SAFETY: this function's contract.
    let value = unsafe { args::input(buffer, size) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter_writer(store) }?;
    session.engine().set(key, value, flags)
}

/// Copies the value of `key` to `buffer`, up to `buffer_size` bytes of it. The same as
/// kv_store_get_at with an offset of 0.
///
/// A buffer that is too small is no error: it gets the first part. kv_store_get_info tells the
/// whole size. `actual_size` receives the bytes copied; it may be NULL, and is left alone on
/// failure.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, the key is empty or too long, or
///   `buffer` is NULL with a size and the value is not empty
/// - MBED_ERROR_INVALID_DATA_DETECTED: the value is damaged. No byte of it is left in `buffer`
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
pub unsafe extern "C" fn kv_store_get(
    store: *mut kv_store_t,
    key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
) -> c_int {
    // SAFETY: this function's contract.
    unsafe { kv_store_get_at(store, key, buffer, buffer_size, actual_size, 0) }
}

/// Copies the value of `key` from byte `offset` on to `buffer`, up to `buffer_size` bytes of it.
/// For values that are read in pieces: the value is verified once, not anew for each piece.
///
/// `actual_size` receives the bytes copied; it may be NULL, and is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS: with 0 bytes where `offset` is the size of the value
/// - MBED_ERROR_INVALID_SIZE: `offset` is beyond the end of the value
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, the key is empty or too long, or
///   `buffer` is NULL with a size and the value does not end at `offset`
/// - MBED_ERROR_INVALID_DATA_DETECTED: the value is damaged. No byte of it is left in `buffer`
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
pub unsafe extern "C" fn kv_store_get_at(
    store: *mut kv_store_t,
    key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
    offset: usize,
) -> c_int {
    // SAFETY: this function's contract.
    match unsafe { get(store, key, buffer, buffer_size, offset) } {
        Ok(copied) => {
            // SAFETY: "Pointers": `actual_size` is NULL or has room for a size.
            unsafe { args::put(actual_size, copied) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// # Safety
/// As for [`kv_store_get_at`].
unsafe fn get(
    store: *mut kv_store_t,
    key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    offset: usize,
) -> Result<usize, Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    // SAFETY: this function's contract.
    let buffer = unsafe { args::output(buffer, buffer_size) };
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    // No value has that many bytes, so the engine refuses it as it refuses every such offset.
    let offset = u32::try_from(offset).unwrap_or(u32::MAX);
    if let Some(buffer) = buffer {
        let left = session.engine().get(key, offset, buffer)?;
        return Ok(buffer.len().min(left as usize));
    }
    // No buffer: what is wrong with the key and the offset comes first, as in TDBStore.
    match session.engine().info(key)?.size.checked_sub(offset) {
        None => Err(Error::InvalidSize),
        Some(0) => Ok(0),
        Some(_) => Err(Error::InvalidArgument),
    }
}

/// Size and flags of the value of `key`. `info` may be NULL; it is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, or the key is empty or too long
/// - MBED_ERROR_INVALID_DATA_DETECTED: what is stored of this key is damaged
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
pub unsafe extern "C" fn kv_store_get_info(
    store: *mut kv_store_t,
    key: *const c_char,
    info: *mut kv_info_t,
) -> c_int {
    // SAFETY: this function's contract.
    match unsafe { get_info(store, key) } {
        Ok(found) => {
            // SAFETY: "Pointers": `info` is NULL or has room for a kv_info_t.
            unsafe { args::put(info, found) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// # Safety
/// As for [`kv_store_get_info`].
unsafe fn get_info(store: *mut kv_store_t, key: *const c_char) -> Result<kv_info_t, Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    let info = session.engine().info(key)?;
    Ok(kv_info_t {
        size: usize::try_from(info.size).map_err(|_| Error::InvalidSize)?,
        flags: u32::from(info.flags),
    })
}

/// Whether there is such a key; cheaper than kv_store_get_info, for its value is not looked at.
///
/// Returns
/// - MBED_SUCCESS: there is
/// - MBED_ERROR_ITEM_NOT_FOUND: there is not
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, or the key is empty or too long
/// - MBED_ERROR_INVALID_DATA_DETECTED: what is stored of this key is damaged
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
pub unsafe extern "C" fn kv_store_exists(store: *mut kv_store_t, key: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { exists(store, key) })
}

/// # Safety
/// As for [`kv_store_exists`].
unsafe fn exists(store: *mut kv_store_t, key: *const c_char) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter(store) }?;
    match session.engine().exists(key)? {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// Removes a key and its value. A store that is full can be emptied key by key.
///
/// Returns
/// - MBED_SUCCESS: the key is gone, and stays gone when power fails
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `key` is NULL, or the key is empty or too long
/// - MBED_ERROR_WRITE_PROTECTED: the key was stored write-once
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key is still there, or gone where the flash says that all the same: a read tells
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, the key is there afterwards, unchanged, or gone.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_remove(store: *mut kv_store_t, key: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    status::of(unsafe { remove(store, key) })
}

/// # Safety
/// As for [`kv_store_remove`].
unsafe fn remove(store: *mut kv_store_t, key: *const c_char) -> Result<(), Error> {
    // SAFETY: this function's contract.
    let key = unsafe { args::key(key) }?;
    // SAFETY: this function's contract.
    let mut session = unsafe { handle::enter_writer(store) }?;
    session.engine().remove(key)
}
