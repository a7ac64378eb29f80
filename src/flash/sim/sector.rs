//! One sector: its bytes, and what was done to each program unit since the last erase.

use super::Rng;
use std::{vec, vec::Vec};

/// What was done to a program unit since the last completed erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Erased,
    Programmed,
    /// A cut or an error hit it: whatever it reads as, only an erase makes it usable.
    Touched,
}

#[derive(Clone, Debug)]
pub(super) struct Sector {
    pub(super) bytes: Vec<u8>,
    pub(super) units: Vec<Unit>,
    pub(super) erases: u32,
    /// The last erase was claimed and not done.
    pub(super) stuck: bool,
}

impl Sector {
    pub(super) fn new(size: u32, units: u32) -> Self {
        Self {
            bytes: vec![0; size as usize],
            units: vec![Unit::Erased; units as usize],
            erases: 0,
            stuck: false,
        }
    }

    pub(super) fn erase(&mut self, erased_byte: Option<u8>, rng: &mut Rng) {
        blank(&mut self.bytes, erased_byte, rng);
        self.units.fill(Unit::Erased);
        self.erases += 1;
        self.stuck = false;
    }
}

/// What erased bytes read as.
pub(super) fn blank(bytes: &mut [u8], erased_byte: Option<u8>, rng: &mut Rng) {
    match erased_byte {
        Some(byte) => bytes.fill(byte),
        None => rng.fill(bytes),
    }
}
