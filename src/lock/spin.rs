//! A spin lock that lets its owner in again: the library's own answer where there is no operating
//! system to ask for a mutex, and several cores.
//!
//! Invariant: between `guard` and `unguard` stand a few loads and stores, nothing else.

use core::{
    hint,
    sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
};

use super::claim::{self, FREE, TAKEN};

/// Who has it and how often. All zero: nobody.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Spin {
    /// The thread or core that has the lock, by the number it was told; 0: nobody.
    owner: AtomicUsize,
    /// How often it has it.
    depth: AtomicUsize,
    /// Claimed while `owner` and `depth` change. It also hands on what the last owner wrote.
    guard: AtomicU8,
}

impl Spin {
    /// Obtains the lock for `me`, which is not 0; `pause` is called as long as another has it. This
    /// is the one loop of the library without a bound: whoever chose a spin lock chose to wait.
    pub(crate) fn obtain(&self, me: usize, pause: impl Fn()) {
        while !self.try_obtain(me) {
            pause();
            hint::spin_loop();
        }
    }

    /// The look first: those who wait only read, until there is something to be had.
    fn try_obtain(&self, me: usize) -> bool {
        let is_free = |owner: usize| owner == 0 || owner == me;
        if !is_free(self.owner.load(Relaxed)) {
            return false;
        }
        self.guard();
        let obtained = is_free(self.owner.load(Relaxed));
        if obtained {
            self.owner.store(me, Relaxed);
            let deeper = self.depth.load(Relaxed).saturating_add(1);
            self.depth.store(deeper, Relaxed);
        }
        self.unguard();
        obtained
    }

    /// Gives it back once, whoever calls: that of a thread that died is given back by another.
    pub(crate) fn release(&self) {
        self.guard();
        let depth = self.depth.load(Relaxed).saturating_sub(1);
        self.depth.store(depth, Relaxed);
        if depth == 0 {
            self.owner.store(0, Relaxed);
        }
        self.unguard();
    }

    fn guard(&self) {
        while !claim::claim(&self.guard, FREE, TAKEN) {
            hint::spin_loop();
        }
    }

    fn unguard(&self) {
        claim::release(&self.guard, FREE);
    }
}
