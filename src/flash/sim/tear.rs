//! What a power cut leaves behind.

use super::{
    Rng, Sim,
    sector::{Unit, blank},
};
use std::{sync::Arc, vec, vec::Vec};

/// A power cut to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many program and erase calls, counted together, still complete before.
    pub call: u64,
    /// Where in the call power ends.
    pub point: CutPoint,
    /// What is left of the units torn, when the call is a program.
    pub program: ProgramTear,
    /// What is left of the sector, when the call is an erase.
    pub erase: EraseTear,
}

/// Where in a call power ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutPoint {
    /// Nothing was touched.
    Before,
    /// `whole` program units are complete, the `torn` following ones were in work. Both end at
    /// the end of the call. An erase is torn.
    Units {
        /// Units programmed completely.
        whole: u32,
        /// Units touched.
        torn: u32,
    },
    /// All is done; power ends before the call returns.
    Complete,
}

/// What is left of program units in which power ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramTear {
    /// They read as before, but were touched.
    Unseen,
    /// The first bits are new, the others old.
    Prefix,
    /// Each bit is old, new or anything.
    RandomBits,
    /// Drawn anew at every read until erased: as before, as intended, a mix, anything.
    Weak,
}

/// What is left of a sector in whose erase power ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseTear {
    /// Each byte is old or erased.
    MixBytes,
    /// Each bit is old or erased.
    MixBits,
    /// The first 64 bytes are erased, the rest is old.
    HeaderGone,
    /// The first 64 bytes are old, the rest is erased.
    BodyGone,
    /// Nothing shows: all bytes are old.
    Unseen,
    /// Reads erased until the next power-up, then weak.
    LooksErased,
    /// Drawn anew at every read until erased.
    Weak,
}

impl ProgramTear {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unseen, Self::Prefix, Self::RandomBits, Self::Weak];
}

impl EraseTear {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::MixBytes,
        Self::MixBits,
        Self::HeaderGone,
        Self::BodyGone,
        Self::Unseen,
        Self::LooksErased,
        Self::Weak,
    ];
}

/// Bytes that a torn erase treats as a header.
const HEADER_SIZE: usize = 64;

/// A range that reads differently each time.
#[derive(Clone, Debug)]
pub(super) struct Weak {
    start: u32,
    was: Vec<u8>,
    would: Vec<u8>,
    /// Through this power-up it still reads as stored.
    quiet_cycle: Option<u32>,
    /// The cut was in the first call after a power-up and left nothing else.
    first: bool,
    /// A read covered it.
    looked: bool,
    /// A read differed from what was there before the cut.
    varied: bool,
}

impl Weak {
    fn end(&self) -> u32 {
        self.start + self.was.len() as u32
    }

    pub(super) fn holds(&self, from: u32, to: u32) -> bool {
        self.start <= from && to <= self.end()
    }

    /// Whether the store had to take this for untouched: power ended here in the first call after a
    /// power-up, and no look at it showed anything but what was there before; looks in a session
    /// that programmed nothing aside, because what they showed was forgotten with it.
    pub(super) fn never_seen(&self) -> bool {
        self.first && self.looked && !self.varied
    }

    pub(super) fn forget_looks(&mut self) {
        self.looked = false;
        self.varied = false;
    }

    /// What remains of the range when a part of it was settled.
    pub(super) fn without(self, from: u32, to: u32) -> Vec<Weak> {
        if to <= self.start || from >= self.end() {
            return vec![self];
        }
        let piece = |low: u32, high: u32| {
            let range = (low - self.start) as usize..(high - self.start) as usize;
            Weak {
                start: low,
                was: self.was[range.clone()].to_vec(),
                would: self.would[range].to_vec(),
                ..self.clone()
            }
        };
        let mut rest = Vec::new();
        if from > self.start {
            rest.push(piece(self.start, from));
        }
        if to < self.end() {
            rest.push(piece(to, self.end()));
        }
        rest
    }

    /// Draws what a read of `buffer` from `address` sees of the range.
    pub(super) fn disturb(&mut self, address: u32, buffer: &mut [u8], cycle: u32, rng: &mut Rng) {
        let from = self.start.max(address);
        let to = self.end().min(address + buffer.len() as u32);
        if from >= to || self.quiet_cycle.is_some_and(|quiet| cycle <= quiet) {
            return;
        }
        let here = (from - self.start) as usize..(to - self.start) as usize;
        let (was, would) = (&self.was[here.clone()], &self.would[here]);
        let seen = match rng.below(8) {
            0 | 1 => was.to_vec(),
            2..=4 => would.to_vec(),
            5 | 6 => mix(was, would, rng),
            _ => flip_one(would, rng),
        };
        self.looked = true;
        self.varied |= seen != was;
        buffer[(from - address) as usize..(to - address) as usize].copy_from_slice(&seen);
    }
}

/// Each bit of `old`, of `new` or, rarely, anything.
pub(super) fn mix(old: &[u8], new: &[u8], rng: &mut Rng) -> Vec<u8> {
    let noise = rng.one_in(4);
    old.iter()
        .zip(new)
        .map(|(old, new)| {
            let pick = rng.byte();
            let byte = (old & pick) | (new & !pick);
            if noise {
                byte ^ (rng.byte() & rng.byte() & rng.byte())
            } else {
                byte
            }
        })
        .collect()
}

/// `bytes` with one bit not as meant: the hardest to notice.
fn flip_one(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = rng.below(bytes.len() as u64) as usize;
    bytes[at] ^= 1 << rng.below(8);
    bytes
}

/// The first bits of `new`, then `old`.
fn prefix(old: &[u8], new: &[u8], rng: &mut Rng) -> Vec<u8> {
    let bits = rng.below(old.len() as u64 * 8) as usize;
    let mut bytes = old.to_vec();
    bytes[..bits / 8].copy_from_slice(&new[..bits / 8]);
    let mask = (1_u8 << (bits % 8)) - 1;
    bytes[bits / 8] = (new[bits / 8] & mask) | (old[bits / 8] & !mask);
    bytes
}

impl Sim {
    pub(super) fn tear_program(&mut self, address: u32, data: &[u8], cut: Cut, first: bool) {
        let unit = self.geometry.program_size;
        let size = data.len() as u32;
        let (whole, torn) = match cut.point {
            CutPoint::Before => return,
            CutPoint::Complete => (size, 0),
            CutPoint::Units { whole, torn } => {
                let whole = whole.saturating_mul(unit).min(size);
                (whole, torn.saturating_mul(unit).min(size - whole))
            }
        };
        let before = self.stored(address, size);
        if whole > 0 {
            self.write(address, &data[..whole as usize]);
        }
        let (at, middle) = (address + whole, whole as usize..(whole + torn) as usize);
        let (old, new) = (&before[middle.clone()], &data[middle]);
        let bytes = if torn == 0 {
            Vec::new()
        } else {
            self.torn_units(at, old, new, cut.program)
        };
        self.store(at, &bytes);
        self.mark(at, torn, Unit::Touched);
        let unchanged = self.stored(address, size) == before;
        // Where erased bytes can be anything, so can those of a torn unit: no store can tell.
        let nameless = self.geometry.erased_byte.is_none() && whole == 0;
        if !first || whole + torn == 0 || !(unchanged || nameless) {
            return;
        }
        if self.weak_at(at) && !nameless {
            self.note_first(at);
        } else {
            // Programmed units that read as before are as little to be known as torn ones.
            self.mark(address, whole + torn, Unit::Touched);
            self.unseen.push((address, at + torn));
        }
    }

    /// What the torn units hold; a weak range is noted.
    fn torn_units(&mut self, at: u32, old: &[u8], new: &[u8], tear: ProgramTear) -> Vec<u8> {
        if !self.geometry.needs_erase {
            self.settle(at, old.len() as u32);
        }
        match tear {
            ProgramTear::Unseen => old.to_vec(),
            ProgramTear::Prefix => prefix(old, new, &mut self.rng),
            ProgramTear::RandomBits => mix(old, new, &mut self.rng),
            ProgramTear::Weak => {
                self.weak.push(Weak::new(at, old, new));
                old.to_vec()
            }
        }
    }

    fn weak_at(&self, address: u32) -> bool {
        self.weak.iter().any(|weak| weak.start == address)
    }

    fn note_first(&mut self, address: u32) {
        for weak in &mut self.weak {
            weak.first |= weak.start == address;
        }
    }

    pub(super) fn tear_erase(&mut self, sector: usize, cut: Cut) {
        match cut.point {
            CutPoint::Before => return,
            CutPoint::Complete => return self.wipe(sector),
            CutPoint::Units { .. } => {}
        }
        let (start, end) = (self.starts[sector], self.starts[sector + 1]);
        let old = self.stored(start, end - start);
        let mut shown = old.clone();
        let leaves_a_trace = matches!(
            cut.erase,
            EraseTear::MixBytes | EraseTear::MixBits | EraseTear::HeaderGone | EraseTear::BodyGone
        );
        if leaves_a_trace && self.rng.one_in(2) {
            self.let_weak_show(start, &mut shown);
        }
        self.settle(start, end - start);
        let mut bytes = self.torn_sector(start, &shown, cut.erase);
        // All that was meant shows, and nothing of the erase: no store can tell that from what was
        // never cut off. FORMAT 10
        if shown != old && self.all_is_there(sector, &shown, &bytes) {
            bytes = self.torn_sector(start, &old, cut.erase);
        }
        let sector = Arc::make_mut(&mut self.sectors[sector]);
        sector.bytes.copy_from_slice(&bytes);
        sector.units.fill(Unit::Touched);
    }

    /// Whether all units that are not erased read as in `shown`.
    fn all_is_there(&self, sector: usize, shown: &[u8], bytes: &[u8]) -> bool {
        let unit = self.geometry.program_size as usize;
        let units = shown.chunks(unit).zip(bytes.chunks(unit));
        let states = &self.sectors[sector].units;
        units
            .zip(states)
            .all(|((shown, byte), state)| *state == Unit::Erased || shown == byte)
    }

    /// What a cut in its erase leaves of a sector that held `old`; a weak range is noted.
    fn torn_sector(&mut self, start: u32, old: &[u8], tear: EraseTear) -> Vec<u8> {
        let mut erased = old.to_vec();
        blank(&mut erased, self.geometry.erased_byte, &mut self.rng);
        let header = HEADER_SIZE.min(old.len() / 2);
        match tear {
            EraseTear::MixBytes => {
                let rng = &mut self.rng;
                let pairs = old.iter().zip(&erased);
                pairs
                    .map(|(old, new)| if rng.one_in(2) { *old } else { *new })
                    .collect()
            }
            EraseTear::MixBits => {
                let rng = &mut self.rng;
                let pairs = old.iter().zip(&erased).map(|pair| (pair, rng.byte()));
                pairs
                    .map(|((old, new), pick)| (old & pick) | (new & !pick))
                    .collect()
            }
            EraseTear::HeaderGone => [&erased[..header], &old[header..]].concat(),
            EraseTear::BodyGone => [&old[..header], &erased[header..]].concat(),
            EraseTear::Unseen => old.to_vec(),
            EraseTear::LooksErased => {
                let mut weak = Weak::new(start, old, &erased);
                weak.quiet_cycle = Some(self.cycle + 1);
                self.weak.push(weak);
                erased
            }
            EraseTear::Weak => {
                self.weak.push(Weak::new(start, old, &erased));
                old.to_vec()
            }
        }
    }

    /// What an earlier cut left weak may, as an erase begins, read as what was meant.
    fn let_weak_show(&self, start: u32, bytes: &mut [u8]) {
        let end = start + bytes.len() as u32;
        for weak in &self.weak {
            if weak.start >= start && weak.end() <= end {
                let at = (weak.start - start) as usize;
                bytes[at..at + weak.would.len()].copy_from_slice(&weak.would);
            }
        }
    }

    /// A flash that lies loses what it acknowledged last.
    pub(super) fn unlie(&mut self) {
        for (address, old) in self.lies.take().into_iter().flatten().rev() {
            self.store(address, &old);
        }
    }
}

impl Weak {
    fn new(start: u32, was: &[u8], would: &[u8]) -> Self {
        Self {
            start,
            was: was.to_vec(),
            would: would.to_vec(),
            quiet_cycle: None,
            first: false,
            looked: false,
            varied: false,
        }
    }
}
