//! Taking a byte that several threads may want: one of them gets it, and nobody waits.
//!
//! What decides it is, in this order:
//!
//! * `critical-section`, where the cargo feature of that name is on: for processors without
//!   compare-and-swap (Cortex-M0, RISC-V without atomics) on which threads share a store. The
//!   program defines what it is: interrupts off, or a hardware semaphore between cores. It lasts
//!   for one load and one store, never for a flash operation.
//! * compare-and-swap, where the processor has it.
//! * a load and a store. A thread that comes between them gets the byte, too: there nvkv.h asks,
//!   under "Threads", that there is only one. An interrupt that comes between them is harmless: it
//!   ends before the store, and has given the byte back by then.

use core::sync::atomic::{AtomicU8, Ordering};

/// Nobody has the byte.
pub(crate) const FREE: u8 = 0;
/// Somebody has the byte.
pub(crate) const TAKEN: u8 = 1;

/// Turns `free` into `taken`; whether this call did.
pub(crate) fn claim(byte: &AtomicU8, free: u8, taken: u8) -> bool {
    #[cfg(feature = "critical-section")]
    {
        critical_section::with(|_| claim_alone(byte, free, taken))
    }
    #[cfg(all(not(feature = "critical-section"), target_has_atomic = "8"))]
    {
        let swapped = byte.compare_exchange(free, taken, Ordering::AcqRel, Ordering::Acquire);
        swapped.is_ok()
    }
    #[cfg(all(not(feature = "critical-section"), not(target_has_atomic = "8")))]
    {
        claim_alone(byte, free, taken)
    }
}

/// The same, where nobody can come between.
#[cfg(any(feature = "critical-section", not(target_has_atomic = "8")))]
fn claim_alone(byte: &AtomicU8, free: u8, taken: u8) -> bool {
    let is_free = byte.load(Ordering::Acquire) == free;
    if is_free {
        byte.store(taken, Ordering::Release);
    }
    is_free
}

/// Whether threads cannot both get a byte, on this target and with these features.
pub(crate) const fn keeps_threads_apart() -> bool {
    cfg!(any(feature = "critical-section", target_has_atomic = "8"))
}

/// Gives the byte back, or makes of it what comes after.
pub(crate) fn release(byte: &AtomicU8, next: u8) {
    byte.store(next, Ordering::Release);
}
