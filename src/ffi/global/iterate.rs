//! Iterators over the keys of a partition, by path.

use core::{
    ffi::{c_char, c_int},
    ptr,
};

use super::{Target, backend, place, registry, status_of};
use crate::{
    error::Error,
    ffi::{
        args,
        iterate::{
            kv_iterator_t, kv_store_iterator_close, kv_store_iterator_next, kv_store_iterator_open,
        },
        status,
    },
};

mbed_names! { "kv_iterator_open" "kv_iterator_next" "kv_iterator_close" }

/// Starts an iteration over the keys of a partition that begin like the key of `full_prefix`.
///
/// Keys come back in the style of that path: "/kv/wi" gives "/kv/wifi", "kv/" gives "kv/wifi", and
/// NULL or "wi" gives "wifi". Without a second slash it is a key of the default partition: "/kv"
/// asks for keys like "kv1", not for the partition "kv".
///
/// What is returned is what kv_store_iterator_open says: each key that exists from now until the
/// end exactly once; 16 open at a time for each partition. The prefix need not be allowed as a
/// key. Keys that kv_store_set stored come too, even where no path can name them.
///
/// `it` receives the iterator, NULL on failure; it is for kv_iterator_next and kv_iterator_close,
/// not for the functions that take a store.
///
/// Returns
/// - MBED_SUCCESS: also where no key begins like that
/// - MBED_ERROR_INVALID_ARGUMENT: `it` is NULL (then kv_init_storage_config is not called), or the
///   path has more than 1024 bytes
/// - MBED_ERROR_ITEM_NOT_FOUND: no partition is called like that
/// - MBED_ERROR_OUT_OF_RESOURCES: all 16 are open, or this prefix and those of the others that are
///   open have more than 256 bytes
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
pub unsafe extern "C" fn nvkv_kv_iterator_open(
    it: *mut kv_iterator_t,
    full_prefix: *const c_char,
) -> c_int {
    // SAFETY: "Pointers": `it` is NULL or has room for an iterator.
    unsafe { args::put(it, ptr::null_mut()) };
    if it.is_null() {
        return status::of(Err(Error::InvalidArgument));
    }
    // SAFETY: this function's contract.
    match unsafe { open(full_prefix) } {
        Ok(token) => {
            let token = ptr::without_provenance_mut(token);
            // SAFETY: as above.
            unsafe { args::put(it, token) };
            status::MBED_SUCCESS
        }
        Err(status) => status,
    }
}

/// # Safety
/// As for [`nvkv_kv_iterator_open`].
unsafe fn open(full_prefix: *const c_char) -> Result<usize, c_int> {
    // SAFETY: this function's contract.
    let place = unsafe { place(full_prefix) }?;
    let prefix = if full_prefix.is_null() {
        ptr::null()
    } else {
        place.key
    };
    // SAFETY: this function's contract; the prefix is the end of the path.
    let token = unsafe { open_in(place.target(), prefix) }?;
    let opened = registry::iterator_opened(&place.found, token, place.path.style);
    opened.map_err(|error| {
        // SAFETY: this function's contract.
        let _ = unsafe { close_in(place.target(), token) };
        status::of_error(error)
    })
}

/// # Safety
/// As for [`nvkv_kv_iterator_open`]; what is behind the target lives.
unsafe fn open_in(target: Target, prefix: *const c_char) -> Result<usize, c_int> {
    let store = match target {
        Target::Store(store) => store,
        // SAFETY: this function's contract.
        Target::Backend(user) => return unsafe { backend::iterator_open(user, prefix) },
    };
    let mut own: kv_iterator_t = ptr::null_mut();
    // SAFETY: this function's contract; `own` is here.
    match unsafe { kv_store_iterator_open(store, &mut own, prefix) } {
        status::MBED_SUCCESS => Ok(own.addr()),
        error => Err(error),
    }
}

/// # Safety
/// What is behind the target lives, and there is so much room.
unsafe fn next_in(behind: &registry::Behind, key: *mut c_char, key_size: usize) -> c_int {
    match behind.target {
        // SAFETY: this function's contract.
        Target::Store(store) => unsafe {
            kv_store_iterator_next(store, own(behind.token), key, key_size)
        },
        // SAFETY: this function's contract.
        Target::Backend(user) => unsafe {
            backend::iterator_next(user, behind.token, key, key_size)
        },
    }
}

/// # Safety
/// What is behind the target lives.
unsafe fn close_in(target: Target, token: usize) -> c_int {
    match target {
        // SAFETY: this function's contract.
        Target::Store(store) => unsafe { kv_store_iterator_close(store, own(token)) },
        // SAFETY: this function's contract.
        Target::Backend(user) => unsafe { backend::iterator_close(user, token) },
    }
}

/// Copies the next key and its NUL to `key`, which has room for `key_size` bytes: the path as
/// kv_iterator_open was given it, up to where the key begins, and the key. KV_MAX_KEY_LENGTH and
/// KV_PARTITION_NAME_LENGTH + 3 bytes are room enough for any key that kv_set stored.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_ITEM_NOT_FOUND: no further key; also with a `key_size` of 0
/// - MBED_ERROR_INVALID_SIZE: path, key and NUL do not fit. The iterator did not move: a call with
///   more room gets the same key
/// - MBED_ERROR_INVALID_ARGUMENT: `it` is not an open iterator (it was closed, never one, or its
///   partition was detached), or `key` is NULL with a size
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_NOT_READY: the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_iterator_next(
    it: kv_iterator_t,
    key: *mut c_char,
    key_size: usize,
) -> c_int {
    status_of(behind(it).map(|behind| {
        if key.is_null() && key_size != 0 {
            return status::MBED_ERROR_INVALID_ARGUMENT;
        }
        let (text, length) = behind.path();
        // A path that does not fit leaves no room: "too small", or "no further key".
        let room = key_size.saturating_sub(length);
        let rest = if room == 0 {
            ptr::null_mut()
        } else {
            key.wrapping_add(length)
        };
        // SAFETY: this function's contract: behind the path there is so much room.
        let answer = unsafe { next_in(&behind, rest, room) };
        if answer == status::MBED_SUCCESS {
            // SAFETY: this function's contract; the path is shorter than `key_size`.
            if let Some(start) = unsafe { args::output(key.cast(), length) } {
                // Not `copy_from_slice`: it panics where lengths differ.
                for (to, from) in start.iter_mut().zip(&text) {
                    *to = *from;
                }
            }
        }
        answer
    }))
}

/// Ends an iteration.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `it` is not an open iterator (it was closed, never one, or its
///   partition was detached)
/// - MBED_ERROR_NOT_READY: the store was closed
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: writes nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nvkv_kv_iterator_close(it: kv_iterator_t) -> c_int {
    status_of(behind(it).map(|behind| {
        // SAFETY: kv_attach: "`store` must stay open until kv_detach"; kv_attach_backend likewise.
        unsafe { close_in(behind.target, behind.token) }
    }))
}

/// The iterator behind what C holds.
fn behind(it: kv_iterator_t) -> Result<registry::Behind, c_int> {
    registry::iterator(it.addr()).map_err(status::of_error)
}

/// The iterator of a store of this library.
fn own(token: usize) -> kv_iterator_t {
    ptr::without_provenance_mut(token)
}
