//! Locks that need no operating system: claiming a byte, which never waits, and on it a spin lock,
//! which does. The mutexes of the user are called out to: `callbacks/lock.rs`.
//!
//! Invariant: knows nothing of stores; who must hold what is decided in `ffi/handle.rs`.
#![forbid(unsafe_code)]

pub(crate) mod claim;
mod spin;

pub(crate) use spin::Spin;
