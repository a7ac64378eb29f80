//! Maintenance, verification and figures.

use core::ffi::c_int;

use super::{args, handle, handle::kv_store_t, status};
use crate::{
    engine::{CheckReport, Stats},
    error::Error,
};

/// What kv_store_check found.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_check_report_t {
    /// Records whose check was verified and holds.
    pub records_good: u32,
    /// Live records whose check fails: the value of a key is lost or in doubt.
    pub records_damaged: u32,
    /// Places where the log could not be followed and reading resumed at the next block. A power
    /// cut leaves such places too, and they are no sign of damage.
    pub gaps: u32,
}

/// Figures of a store. Bytes unless said otherwise.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_stats_t {
    /// Keys that exist.
    pub keys: u32,
    /// Bytes of what is needed, overhead and notes on removed keys included, as they count for what
    /// still fits.
    pub live_bytes: u32,
    /// Bytes of superseded values; collection frees them.
    pub dead_bytes: u32,
    /// Bytes not programmed yet.
    pub free_bytes: u32,
    /// The largest value that a new key of 16 bytes could get now.
    pub largest_value: u32,
    /// Segments in use by this store.
    pub segments: u32,
    /// Segments free, erased or not.
    pub segments_free: u32,
    /// Segments set aside because they cannot be erased.
    pub segments_bad: u32,
    /// Lowest erase count of a segment.
    pub erase_min: u32,
    /// Highest erase count of a segment.
    pub erase_max: u32,
    /// Records that the last kv_store_open skipped because a power cut tore them.
    pub recovered_records: u32,
    /// Segments that the last kv_store_open dropped because their opening was not completed.
    pub recovered_segments: u32,
    /// Damaged records met since kv_store_open.
    pub damaged_records: u32,
    /// Programs and erases that failed since kv_store_open.
    pub flash_errors: u32,
}

/// Collects ahead of need, so that no kv_store_set has to wait for an erase. Call it in idle
/// time. A value being streamed is dropped.
///
/// `budget`: steps to do at most, each at most one erase or one block copied; but the first after
/// a start can be a whole one of kv_store_set: it settles what a power cut may have left.
///
/// Returns
/// - 0: there is nothing left to do, or `budget` is 0
/// - any positive number: the steps done
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL
/// - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED: the flash failed
/// - MBED_ERROR_OPERATION_PROHIBITED: too many sectors failed during the call; the store is
///   read-only. Where they failed before, there is nothing to do
/// - MBED_ERROR_NOT_READY: the store is not open
/// - MBED_ERROR_ALREADY_IN_USE: refused, see "Threads" at the top
///
/// Waits: for a call in progress, and while another thread stores a value in pieces.
///
/// Power: nothing changes for any key, whether it fails or not.
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_maintain(store: *mut kv_store_t, budget: u32) -> c_int {
    // SAFETY: this function's contract.
    let steps = match unsafe { handle::enter_writer(store) } {
        Ok(mut session) => session.engine().maintain(budget),
        Err(error) => Err(error),
    };
    match steps {
        Ok(steps) => c_int::try_from(steps).unwrap_or(c_int::MAX),
        Err(error) => status::of_error(error),
    }
}

/// Reads and verifies everything that is stored. Takes as long as reading the partition.
///
/// `report` receives what was found; it may be NULL, and is left alone where nothing could be
/// verified.
///
/// Returns
/// - MBED_SUCCESS: all values are good
/// - MBED_ERROR_INVALID_DATA_DETECTED: some are not; `report` tells how many
/// - MBED_ERROR_INVALID_ARGUMENT: `store` is NULL
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
pub unsafe extern "C" fn kv_store_check(
    store: *mut kv_store_t,
    report: *mut kv_check_report_t,
) -> c_int {
    // SAFETY: this function's contract.
    let found = match unsafe { handle::enter(store) } {
        Ok(mut session) => session.engine().check(),
        Err(error) => Err(error),
    };
    match found {
        Ok(CheckReport {
            records_good,
            records_damaged,
            gaps,
        }) => {
            let found = kv_check_report_t {
                records_good,
                records_damaged,
                gaps,
            };
            // SAFETY: "Pointers": `report` is NULL or has room for a kv_check_report_t.
            unsafe { args::put(report, found) };
            match records_damaged {
                0 => status::MBED_SUCCESS,
                _ => status::of_error(Error::Damaged),
            }
        }
        Err(error) => status::of_error(error),
    }
}

/// Figures of the store: room, wear, what was repaired. Costs no flash operation. `stats` is left
/// alone on failure.
///
/// Where the flash has failed, what was written since is counted with the next write.
///
/// Returns
/// - MBED_SUCCESS
/// - MBED_ERROR_INVALID_ARGUMENT: `store` or `stats` is NULL
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
pub unsafe extern "C" fn kv_store_stats(store: *mut kv_store_t, stats: *mut kv_stats_t) -> c_int {
    if stats.is_null() {
        return status::of_error(Error::InvalidArgument);
    }
    // SAFETY: this function's contract.
    let found = match unsafe { handle::enter(store) } {
        Ok(mut session) => session.engine().stats(),
        Err(error) => Err(error),
    };
    match found {
        Ok(found) => {
            // SAFETY: "Pointers": `stats` has room for a kv_stats_t.
            unsafe { args::put(stats, of_stats(found)) };
            status::MBED_SUCCESS
        }
        Err(error) => status::of_error(error),
    }
}

/// Field by field, so that a new figure of the engine does not compile before C sees it.
const fn of_stats(stats: Stats) -> kv_stats_t {
    let Stats {
        keys,
        live_bytes,
        dead_bytes,
        free_bytes,
        largest_value,
        segments,
        segments_free,
        segments_bad,
        erase_min,
        erase_max,
        recovered_records,
        recovered_segments,
        damaged_records,
        flash_errors,
    } = stats;
    kv_stats_t {
        keys,
        live_bytes,
        dead_bytes,
        free_bytes,
        largest_value,
        segments,
        segments_free,
        segments_bad,
        erase_min,
        erase_max,
        recovered_records,
        recovered_segments,
        damaged_records,
        flash_errors,
    }
}
