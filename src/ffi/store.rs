//! Opening, closing, formatting and emptying a store.

use core::ffi::{c_int, c_void};

use super::{args, config, config::kv_store_config_t, handle, handle::kv_store_t, status};
use crate::error::Error;

/// Opens the store on a partition and makes a handle of it in the memory lent. Writes nothing,
/// unless it formats: what a power cut left is skipped, and set right by the first write.
///
/// `config`: see kv_store_config_t; not needed after the call. `ram`: memory of any alignment
/// that belongs to the store until kv_store_close; what it holds before does not matter.
/// `ram_size`: at least what kv_store_required_ram says, for which KV_STORE_RAM is always
/// enough. `store` receives the handle, NULL on failure.
///
/// The two things that open must not share: two handles on one partition, one memory for two
/// handles. Opening in memory that holds an open store ends that one without closing it. Locks
/// nothing, and must not be called from an interrupt.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: a pointer is NULL, a function is missing (`read`, `program`, or
///   one of `lock` and `unlock`), a size is not what kv_flash_t allows, the partition has fewer
///   than two segments, or a choice or flag is unknown
/// - MBED_ERROR_OUT_OF_MEMORY: `ram_size` is too small
/// - MBED_ERROR_INVALID_FORMAT: the partition holds no store, and `format` does not ask for one, or
///   it holds something of an older store that must not be lost. Nothing was changed
/// - MBED_ERROR_UNSUPPORTED: written by a newer version of the format. Nothing was changed
/// - MBED_ERROR_CONFIG_MISMATCH: formatted with another segment size or program unit. Nothing was
///   changed
/// - MBED_ERROR_READ_FAILED: the flash failed
/// - MBED_ERROR_WRITE_FAILED: the flash failed when formatting: fewer than two segments can be
///   erased, or `sync` failed
///
/// Waits: for nothing.
///
/// Power: may fail at any moment, here as everywhere; the next kv_store_open carries on.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_open(
    config: *const kv_store_config_t,
    ram: *mut c_void,
    ram_size: usize,
    store: *mut *mut kv_store_t,
) -> c_int {
    // SAFETY: "Pointers": `store` is NULL or has room for a pointer.
    unsafe { args::put(store, core::ptr::null_mut()) };
    if store.is_null() {
        return status::of(Err(Error::InvalidArgument));
    }
    // SAFETY: this function's contract.
    let opened = match unsafe { config::check(config) } {
        // SAFETY: "Pointers": `ram` is NULL or points to `ram_size` bytes lent until closed.
        Ok(checked) => unsafe { handle::open(checked, ram, ram_size) },
        Err(error) => Err(error),
    };
    match opened {
        Ok(handle) => {
            // SAFETY: as above.
            unsafe { args::put(store, handle) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// Closes a store: its memory is the caller's again, and the handle, its iterators and the value
/// being streamed are gone. All that was acknowledged is on flash already: closing writes at most
/// that a stream was dropped, and firmware that never closes loses nothing.
///
/// Any thread may close it, also while another one stores a value in pieces, or died doing so: the
/// mutexes can be used again where kv_store_set_abort leaves them free. Calls of other threads that
/// wait meanwhile are refused with MBED_ERROR_NOT_READY, as long as the memory can be read.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL
/// - MBED_ERROR_NOT_READY: the store is not open (or was closed before)
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress.
///
/// Power: nothing changes for any key, whether it fails or not.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_close(store: *mut kv_store_t) -> c_int {
    // SAFETY: this function's contract.
    match unsafe { handle::enter(store) } {
        Ok(mut session) => {
            session.drop_stream();
            session.close();
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// Makes an empty store of a partition, whatever it held before. Keys, write-once keys and
/// reserved data are gone.
///
/// For a partition that kv_store_open refuses. A store that is open on it must be closed first;
/// to empty an open store there is kv_store_reset.
///
/// `config`, `ram`, `ram_size`: as for kv_store_open. The memory is only borrowed for the call; a
/// store that was open in it is gone. Locks nothing, and must not be called from an interrupt.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: as for kv_store_open
/// - MBED_ERROR_OUT_OF_MEMORY: `ram_size` is too small
/// - MBED_ERROR_WRITE_FAILED: fewer than two segments can be erased and read, an old store is
///   in one that cannot be erased, or `sync` failed
///
/// Waits: for nothing.
///
/// Power: when it fails during the call, a partition that held a store holds all of it or an
/// empty one; any other an empty store, or none that kv_store_open takes: format again.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_format(
    config: *const kv_store_config_t,
    ram: *mut c_void,
    ram_size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    status::of(match unsafe { config::check(config) } {
        // SAFETY: "Pointers": `ram` is NULL or points to `ram_size` bytes lent for the call.
        Ok(checked) => unsafe { handle::format(checked, ram, ram_size) },
        Err(error) => Err(error),
    })
}

/// Removes everything from an open store: all keys, write-once ones and reserved data too. A
/// value being streamed is dropped. Iterators that are open come to their end.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed; everything is still there,
///   or nothing
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed; the store is read-only
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: when it fails during the call, the next kv_store_open finds everything or nothing.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_reset(store: *mut kv_store_t) -> c_int {
    // SAFETY: this function's contract.
    status::of(match unsafe { handle::enter_writer(store) } {
        Ok(mut session) => session.engine().reset(),
        Err(error) => Err(error),
    })
}
