//! Values in one piece, by path.

use core::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use super::{Target, backend, keyed, never_is_full, place, status_of};
use crate::ffi::{
    status,
    store::kv_store_reset,
    value::{
        kv_info_t, kv_store_exists, kv_store_get_at, kv_store_get_info, kv_store_remove,
        kv_store_set,
    },
};

mbed_names! { "kv_set" "kv_get" "kv_get_info" "kv_remove" "kv_reset" }

/// KV_REQUIRE_CONFIDENTIALITY_FLAG and KV_REQUIRE_REPLAY_PROTECTION_FLAG.
const NOT_STORED: u32 = 2 | 8;

/// The flags for a store that neither encrypts nor protects from replay: as Mbed's internal store
/// does, the two that ask for it are taken and not stored.
pub(super) fn stored(flags: u32) -> u32 {
    flags & !NOT_STORED
}

/// Stores a value of `size` bytes under a key, in place of the one it may have.
///
/// `full_name_key`: a path, see "Paths" at the top. `buffer` may be NULL when `size` is 0, and may
/// lie anywhere, in the flash itself too. `create_flags`: 0 or a sum of KV_WRITE_ONCE_FLAG (the
/// value can neither be changed nor removed, only kv_reset ends it),
/// KV_REQUIRE_CONFIDENTIALITY_FLAG and KV_REQUIRE_REPLAY_PROTECTION_FLAG (these two are accepted,
/// but nothing is encrypted, and they are not stored: as with Mbed's store in internal flash).
///
/// Returns
/// - MBED_SUCCESS: the key has its new value, and keeps it when power fails
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, its key is not allowed, `buffer` is NULL with a
///   size, or other flags are set
/// - MBED_ERROR_ITEM_NOT_FOUND: no partition is called like that
/// - MBED_ERROR_WRITE_PROTECTED: the key is there and was stored write-once
/// - MBED_ERROR_MEDIA_FULL: no room, now or ever; nothing was written
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key has its old value, or the new one where only what comes after it failed,
///   `sync` above all
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, the key has its old or its new value afterwards, whole,
/// and no other key is touched.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_set(
    full_name_key: *const c_char,
    buffer: *const c_void,
    size: usize,
    create_flags: u32,
) -> c_int {
    // SAFETY: this function's contract.
    let place = unsafe { keyed(full_name_key) };
    status_of(place.map(|(target, key)| match target {
        Target::Store(store) => {
            let flags = stored(create_flags);
            // SAFETY: this function's contract; the key is the end of the path.
            never_is_full(unsafe { kv_store_set(store, key, buffer, size, flags) })
        }
        // SAFETY: this function's contract; kv_attach_backend: "it must live until kv_detach".
        Target::Backend(user) => unsafe { backend::set(user, key, buffer, size, create_flags) },
    }))
}

/// Copies the value of a key to `buffer`, up to `buffer_size` bytes of it. The same as kv_get_at
/// with an offset of 0.
///
/// A buffer that is too small is no error: it gets the first part. kv_get_info tells the whole
/// size. `full_name_key`: a path, see "Paths" at the top. `actual_size` receives the bytes copied;
/// it may be NULL, and is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key, or no partition is called like that
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, its key is not allowed, or `buffer` is NULL
///   with a size and the value is not empty
/// - MBED_ERROR_INVALID_DATA_DETECTED: the value is damaged. No byte of it is left in `buffer`
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_get(
    full_name_key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
) -> c_int {
    // SAFETY: this function's contract.
    unsafe { kv_get_at(full_name_key, buffer, buffer_size, actual_size, 0) }
}

/// Copies the value of a key from byte `offset` on to `buffer`, up to `buffer_size` bytes of it.
/// Not in Mbed's global API. For values that are read in pieces.
///
/// `full_name_key`: a path, see "Paths" at the top. `actual_size` receives the bytes copied; it may
/// be NULL, and is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS: with 0 bytes where `offset` is the size of the value
/// - MBED_ERROR_INVALID_SIZE: `offset` is beyond the end of the value
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key, or no partition is called like that
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, its key is not allowed, or `buffer` is NULL
///   with a size and the value does not end at `offset`
/// - MBED_ERROR_INVALID_DATA_DETECTED: the value is damaged. No byte of it is left in `buffer`
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_get_at(
    full_name_key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
    offset: usize,
) -> c_int {
    // SAFETY: this function's contract.
    let place = unsafe { keyed(full_name_key) };
    status_of(place.map(|(target, key)| match target {
        // SAFETY: this function's contract; the key is the end of the path.
        Target::Store(store) => unsafe {
            kv_store_get_at(store, key, buffer, buffer_size, actual_size, offset)
        },
        // SAFETY: this function's contract; kv_attach_backend: "it must live until kv_detach".
        Target::Backend(user) => unsafe {
            backend::get(user, key, buffer, buffer_size, actual_size, offset)
        },
    }))
}

/// Size and flags of the value of a key.
///
/// `full_name_key`: a path, see "Paths" at the top. `info` is left alone on failure.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key, or no partition is called like that; also
///   when `info` is NULL
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, its key is not allowed, or `info` is NULL
/// - MBED_ERROR_INVALID_DATA_DETECTED: what is stored of this key is damaged
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_get_info(
    full_name_key: *const c_char,
    info: *mut kv_info_t,
) -> c_int {
    // SAFETY: this function's contract.
    let place = unsafe { keyed(full_name_key) };
    status_of(place.map(|(target, key)| {
        let status = match target {
            // SAFETY: this function's contract; the key is the end of the path.
            Target::Store(store) => unsafe { kv_store_get_info(store, key, info) },
            // SAFETY: the same; kv_attach_backend: "it must live until kv_detach".
            Target::Backend(user) => unsafe { backend::get_info(user, key, info) },
        };
        // Where Mbed writes through the NULL pointer.
        match status {
            status::MBED_SUCCESS if info.is_null() => status::MBED_ERROR_INVALID_ARGUMENT,
            other => other,
        }
    }))
}

/// Whether there is such a key; cheaper than kv_get_info. Not in Mbed's global API.
///
/// `full_name_key`: a path, see "Paths" at the top.
///
/// Returns
/// - MBED_SUCCESS: there is
/// - MBED_ERROR_ITEM_NOT_FOUND: there is not, or no partition is called like that
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, or its key is not allowed
/// - MBED_ERROR_INVALID_DATA_DETECTED: what is stored of this key is damaged
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_exists(full_name_key: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    let place = unsafe { keyed(full_name_key) };
    status_of(place.map(|(target, key)| match target {
        // SAFETY: this function's contract; the key is the end of the path.
        Target::Store(store) => unsafe { kv_store_exists(store, key) },
        // SAFETY: the same; kv_attach_backend: "it must live until kv_detach".
        Target::Backend(user) => unsafe { backend::get_info(user, key, ptr::null_mut()) },
    }))
}

/// Removes a key and its value. A partition that is full can be emptied key by key.
///
/// `full_name_key`: a path, see "Paths" at the top.
///
/// Returns
/// - MBED_SUCCESS: the key is gone, and stays gone when power fails
/// - MBED_ERROR_ITEM_NOT_FOUND: there is no such key, or no partition is called like that
/// - MBED_ERROR_INVALID_ARGUMENT: the path is NULL, or its key is not allowed
/// - MBED_ERROR_WRITE_PROTECTED: the key was stored write-once
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed, and no other place was left
///   to retry; the key is still there, or gone where only what comes after that failed, `sync`
///   above all
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, the key is there afterwards, unchanged, or gone.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_remove(full_name_key: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    let place = unsafe { keyed(full_name_key) };
    status_of(place.map(|(target, key)| match target {
        // SAFETY: this function's contract; the key is the end of the path.
        Target::Store(store) => unsafe { kv_store_remove(store, key) },
        // SAFETY: the same; kv_attach_backend: "it must live until kv_detach".
        Target::Backend(user) => unsafe { backend::remove(user, key) },
    }))
}

/// Removes everything from a partition: all keys, write-once ones and reserved data too. A value
/// being streamed is dropped. Iterators that are open come to their end.
///
/// `kvstore_path`: the partition, between slashes: "/kv/". What follows the second slash is not
/// looked at. Careful: NULL, "" and every path without a second slash, "/kv" among them, mean the
/// default partition, whatever it is called; that is Mbed's rule.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: no partition is called like that
/// - MBED_ERROR_INVALID_ARGUMENT: the path has more than 1024 bytes
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed; everything is still there,
///   or nothing
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: nothing is attached, or the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top; or kv_init_storage_config is
///   being called
/// - any other number: kv_init_storage_config returned it
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, everything is there at the next start, or nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_reset(kvstore_path: *const c_char) -> c_int {
    // SAFETY: this function's contract.
    status_of(match unsafe { place(kvstore_path) } {
        Ok(place) => Ok(match place.target() {
            // SAFETY: kv_attach: "`store` must stay open until kv_detach".
            Target::Store(store) => unsafe { kv_store_reset(store) },
            // SAFETY: kv_attach_backend: "it must live until kv_detach".
            Target::Backend(user) => unsafe { backend::reset(user) },
        }),
        Err(status) => Err(status),
    })
}
