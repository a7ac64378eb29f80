//! Taking a word that several threads may want: the only place of the global API that needs more
//! than loads and stores.
//!
//! Where the processor has compare-and-swap, one of any number of threads gets the word. Where it
//! has not (Cortex-M0, RISC-V without atomics), a thread that comes between the look and the
//! store gets it too: there nvkv.h asks, under "Threads", that what claims a word is called by one
//! thread at a time. Nothing is ever waited for.

use core::sync::atomic::{AtomicU8, Ordering};

/// Turns `free` into `taken`; whether this call did.
pub(super) fn claim(word: &AtomicU8, free: u8, taken: u8) -> bool {
    #[cfg(target_has_atomic = "8")]
    {
        let swapped = word.compare_exchange(free, taken, Ordering::AcqRel, Ordering::Acquire);
        swapped.is_ok()
    }
    #[cfg(not(target_has_atomic = "8"))]
    {
        let is_free = word.load(Ordering::Acquire) == free;
        if is_free {
            word.store(taken, Ordering::Release);
        }
        is_free
    }
}

/// Gives the word back, or makes of it what comes after.
pub(super) fn release(word: &AtomicU8, next: u8) {
    word.store(next, Ordering::Release);
}
