//! What is done to a store: operations, and how each changes what the oracle expects.

use std::{fmt, sync::Arc};

use nvkv::{error::Error, flash::sim::Rng};

use super::oracle::{Held, Oracle, Store, show_key};

/// Mbed's flag of a key that is written once.
pub const WRITE_ONCE: u8 = 1;

/// Bytes that follow from a seed: random, or what is hard for a log on flash.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    pub size: u32,
    pub seed: u64,
    pub flags: u8,
}

impl Value {
    pub fn held(self) -> Held {
        let mut bytes = vec![0; self.size as usize];
        match self.seed % 8 {
            // Programmed, it reads as if it were not.
            0 => bytes.fill(0xFF),
            1 => bytes.fill(0x00),
            _ => Rng::new(self.seed).fill(&mut bytes),
        }
        Some(Arc::new((bytes, self.flags)))
    }
}

/// One operation.
#[derive(Clone)]
pub enum Op {
    Set {
        key: Vec<u8>,
        value: Value,
    },
    Remove {
        key: Vec<u8>,
    },
    Stream {
        key: Vec<u8>,
        value: Value,
        pieces: u32,
        abort: bool,
    },
    Maintain {
        budget: u32,
    },
    Reset,
    Remount,
}

impl Op {
    /// The key that it writes, and what the key then is.
    pub fn written(&self) -> Option<(&[u8], Held)> {
        match self {
            Self::Set { key, value }
            | Self::Stream {
                key,
                value,
                abort: false,
                ..
            } => Some((key, value.held())),
            Self::Remove { key } => Some((key, None)),
            _ => None,
        }
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Set { key, value } => {
                write!(
                    f,
                    "set {} {} bytes flags {}",
                    show_key(key),
                    value.size,
                    value.flags
                )
            }
            Op::Remove { key } => write!(f, "remove {}", show_key(key)),
            Op::Stream {
                key,
                value,
                pieces,
                abort,
            } => {
                let end = if *abort { "aborted" } else { "finalized" };
                write!(
                    f,
                    "stream {} {} bytes, {pieces} pieces, {end}",
                    show_key(key),
                    value.size
                )
            }
            Op::Maintain { budget } => write!(f, "maintain {budget}"),
            Op::Reset => write!(f, "reset"),
            Op::Remount => write!(f, "remount"),
        }
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A write was acknowledged.
    Written,
    /// Nothing was to be done.
    Unchanged,
    /// There was no room.
    Full,
    /// The flash failed: power has ended, or the test is to say why not.
    Failed(Error),
}

/// Runs the operation, and tells the oracle. What is not allowed is an error.
pub fn run(store: &mut Store<'_, '_>, op: &Op, oracle: &mut Oracle) -> Result<Step, String> {
    match op {
        Op::Set { key, value } => {
            let held = value.held();
            let bytes = held.as_deref().map_or(&[][..], |held| &held.0);
            let result = store.set(key, bytes, value.flags);
            written(oracle, key, held.clone(), result)
        }
        Op::Remove { key } => {
            let result = store.remove(key);
            written(oracle, key, None, result)
        }
        Op::Stream {
            key,
            value,
            pieces,
            abort,
        } => stream(store, oracle, key, *value, (*pieces, *abort)),
        Op::Maintain { budget } => match store.maintain(*budget) {
            Ok(_) => Ok(Step::Unchanged),
            Err(error) => Ok(Step::Failed(error)),
        },
        Op::Reset => match store.reset() {
            Ok(()) => {
                oracle.reset();
                Ok(Step::Written)
            }
            Err(error) => {
                oracle.reset_in_flight();
                Ok(Step::Failed(error))
            }
        },
        Op::Remount => Ok(Step::Unchanged),
    }
}

/// As [`run`]; a stream that the flash refused is started once more. Where a unit was touched
/// without a trace, a program is refused and done again elsewhere; but what was streamed is gone
/// by then, and the caller is told.
pub fn run_again(store: &mut Store<'_, '_>, op: &Op, oracle: &mut Oracle) -> Result<Step, String> {
    let failures = |store: &mut Store<'_, '_>| store.stats().map_or(0, |stats| stats.flash_errors);
    let before = failures(store);
    let step = run(store, op, oracle)?;
    match (op, step) {
        (Op::Stream { .. }, Step::Failed(Error::WriteFailed)) if failures(store) > before => {
            run(store, op, oracle)
        }
        _ => Ok(step),
    }
}

/// Whether the key is protected: surely, perhaps (in doubt), or not.
fn write_once(oracle: &Oracle, key: &[u8]) -> (bool, bool) {
    let protected = |held: &Held| held.as_deref().is_some_and(|held| held.1 & WRITE_ONCE != 0);
    let allowed = oracle.allowed(key);
    (allowed.iter().all(protected), allowed.iter().any(protected))
}

fn written(
    oracle: &mut Oracle,
    key: &[u8],
    held: Held,
    result: Result<(), Error>,
) -> Result<Step, String> {
    let (surely, perhaps) = write_once(oracle, key);
    match result {
        Ok(()) if surely => Err(format!("{}, write once, was changed", show_key(key))),
        Ok(()) => {
            let absent = oracle.allowed(key).iter().all(Option::is_none);
            if held.is_none() && absent {
                return Err(format!("{}, absent, was removed", show_key(key)));
            }
            oracle.acknowledged(key, held);
            Ok(Step::Written)
        }
        Err(Error::WriteProtected) if perhaps => Ok(Step::Unchanged),
        Err(Error::NotFound) if held.is_none() && oracle.allowed(key).contains(&None) => {
            Ok(Step::Unchanged)
        }
        Err(Error::Full | Error::TooLarge) if held.is_some() => Ok(Step::Full),
        Err(error @ (Error::WriteFailed | Error::ReadFailed | Error::ReadOnly)) => {
            oracle.in_flight(key, held);
            Ok(Step::Failed(error))
        }
        Err(error) => Err(format!("write of {}: {error}", show_key(key))),
    }
}

fn stream(
    store: &mut Store<'_, '_>,
    oracle: &mut Oracle,
    key: &[u8],
    value: Value,
    (pieces, abort): (u32, bool),
) -> Result<Step, String> {
    let held = value.held();
    let bytes = held.as_deref().map_or(&[][..], |held| &held.0);
    // Until the last call the key is as it was: it is not in flight.
    match store.set_start(key, value.size, value.flags) {
        Ok(()) => {}
        Err(Error::Full | Error::TooLarge) => return Ok(Step::Full),
        Err(Error::WriteProtected) if write_once(oracle, key).1 => return Ok(Step::Unchanged),
        Err(error @ (Error::WriteFailed | Error::ReadFailed | Error::ReadOnly)) => {
            return Ok(Step::Failed(error));
        }
        Err(error) => return Err(format!("start of {}: {error}", show_key(key))),
    }
    let piece = bytes.len().div_ceil(pieces.max(1) as usize).max(1);
    let sent = if abort { bytes.len() / 2 } else { bytes.len() };
    for part in bytes[..sent].chunks(piece) {
        match store.set_add_data(part) {
            Ok(()) => {}
            Err(error @ (Error::WriteFailed | Error::ReadFailed | Error::ReadOnly)) => {
                return Ok(Step::Failed(error));
            }
            Err(error) => return Err(format!("piece of {}: {error}", show_key(key))),
        }
    }
    if abort {
        return match store.set_abort() {
            Ok(()) => Ok(Step::Unchanged),
            Err(error) => Ok(Step::Failed(error)),
        };
    }
    let result = store.set_finalize();
    written(oracle, key, held.clone(), result)
}

/// The name of a key: of different lengths, some long, none the beginning of chance.
pub fn name(id: u64, longest: usize) -> Vec<u8> {
    let mut key = format!("k{id}").into_bytes();
    let size = match id % 11 {
        3 => 24,
        7 => longest,
        _ => key.len(),
    };
    while key.len() < size.min(longest) {
        key.push(b'a' + (key.len() % 26) as u8);
    }
    key
}
