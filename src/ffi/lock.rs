//! The spin lock, as functions that a kv_lock_t can name. They are linked only where one does.

use core::ffi::{c_int, c_void};

use crate::callbacks::{kv_spin_t, spin_obtain, spin_release};

/// `lock` of kv_lock_t for a spin lock: waits until it is free, without giving the processor away.
///
/// `context`: a kv_spin_t. Must not be called from an interrupt.
///
/// Returns
/// - 0: obtained
/// - -1: `context` is NULL or not aligned, its `thread` is NULL or returns 0, or the processor has
///   no compare-and-swap (see kv_spin_t)
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_spin_lock(context: *mut c_void) -> c_int {
    // SAFETY: "Pointers": `context` is NULL or points to a kv_spin_t.
    answer(unsafe { spin_obtain(context.cast::<kv_spin_t>()) })
}

/// `unlock` of kv_lock_t for a spin lock.
///
/// `context`: a kv_spin_t. The thread that obtained it calls this, or another that drops the value
/// of one that died.
///
/// Returns
/// - 0: given back
/// - -1: `context` is NULL or not aligned
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_spin_unlock(context: *mut c_void) -> c_int {
    // SAFETY: "Pointers": `context` is NULL or points to a kv_spin_t.
    answer(unsafe { spin_release(context.cast::<kv_spin_t>()) })
}

const fn answer(done: bool) -> c_int {
    if done { 0 } else { -1 }
}
