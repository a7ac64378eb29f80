//! The rules a driver of flash must keep, and the ways a sector can fail.

use super::{FlashError, Sim, Unit};
use std::vec::Vec;

/// A rule that a call broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A program unit was programmed a second time without an erase between.
    ProgrammedTwice,
    /// A unit that a cut had touched was programmed without an erase.
    ProgrammedTouched,
    /// An address or a length is no multiple of the unit, or the length is 0.
    Misaligned,
    /// The range leaves the partition, or a program its sector.
    OutOfRange,
    /// The buffer of a program is not aligned to `max(4, min(unit, 32))`.
    BufferMisaligned,
    /// A program of more than 1024 bytes.
    ProgramTooLong,
    /// An erase that is not exactly one sector.
    NotASector,
    /// An erase of a flash that has none.
    EraseNotNeeded,
    /// More calls than the test allowed.
    Endless,
}

/// A rule broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which rule.
    pub rule: Rule,
    /// Where.
    pub address: u32,
    /// How many program and erase calls had been accepted before.
    pub after_calls: u64,
}

/// How a sector fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Programs return an error and leave a mix.
    ProgramError,
    /// Programs return an error and are done all the same.
    ProgramUnsaid,
    /// Programs return success and leave at least one bit wrong.
    ProgramSilent,
    /// Erases return an error and change no byte.
    EraseError,
    /// Erases return success and change no byte; bits can then only go the programmed way.
    EraseSilent,
    /// Reads return an error.
    ReadError,
}

/// Longest program call: one block.
const PROGRAM_MAX: usize = 1024;
/// Breaches kept; what follows from the first few says nothing new.
const BREACHES_MAX: usize = 64;

fn aligned(value: usize, unit: u32) -> bool {
    value.is_multiple_of(unit as usize)
}

impl Sim {
    pub(super) fn refuse<T>(&mut self, rule: Rule, address: u32) -> Result<T, FlashError> {
        if self.breaches.len() < BREACHES_MAX {
            let after_calls = self.counters.programs + self.counters.erases;
            self.breaches.push(Breach {
                rule,
                address,
                after_calls,
            });
        }
        Err(FlashError)
    }

    fn in_range(&self, address: u32, size: usize) -> bool {
        u64::from(address) + size as u64 <= u64::from(self.size())
    }

    pub(super) fn check_read(&mut self, address: u32, size: usize) -> Result<(), FlashError> {
        let unit = self.geometry.read_size;
        if !self.in_range(address, size) {
            return self.refuse(Rule::OutOfRange, address);
        }
        if !aligned(address as usize, unit) || !aligned(size, unit) {
            return self.refuse(Rule::Misaligned, address);
        }
        Ok(())
    }

    pub(super) fn check_program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        let unit = self.geometry.program_size;
        if !self.in_range(address, data.len()) {
            return self.refuse(Rule::OutOfRange, address);
        }
        if data.is_empty() || !aligned(address as usize, unit) || !aligned(data.len(), unit) {
            return self.refuse(Rule::Misaligned, address);
        }
        if data.len() > PROGRAM_MAX {
            return self.refuse(Rule::ProgramTooLong, address);
        }
        let sector = self.sector_at(address);
        if address + data.len() as u32 > self.starts[sector + 1] {
            return self.refuse(Rule::OutOfRange, address);
        }
        // DMA engines of the STM32H7 and others want the cache line or the flash word.
        if !aligned(data.as_ptr() as usize, unit.clamp(4, 32)) {
            return self.refuse(Rule::BufferMisaligned, address);
        }
        if self.geometry.needs_erase {
            self.check_units(address, data.len() as u32)
        } else {
            Ok(())
        }
    }

    fn check_units(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        let unit_size = self.geometry.program_size;
        let mut repeated = false;
        for at in (address..address + size).step_by(unit_size as usize) {
            let sector = self.sector_at(at);
            let unit = ((at - self.starts[sector]) / unit_size) as usize;
            match self.sectors[sector].units[unit] {
                Unit::Erased => {}
                Unit::Programmed => return self.refuse(Rule::ProgrammedTwice, at),
                Unit::Touched if self.is_unseen(at, unit_size) => repeated = true,
                Unit::Touched => return self.refuse(Rule::ProgrammedTouched, at),
            }
        }
        if repeated {
            // No store that decides by what it reads can know: the image is the one of before.
            self.repeat_touches += 1;
            return Err(FlashError);
        }
        Ok(())
    }

    fn is_unseen(&self, address: u32, size: u32) -> bool {
        let end = address + size;
        self.unseen
            .iter()
            .any(|&(from, to)| from <= address && end <= to)
            || self
                .weak
                .iter()
                .any(|weak| weak.holds(address, end) && weak.never_seen())
    }

    pub(super) fn check_erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        if !self.in_range(address, size as usize) {
            return self.refuse(Rule::OutOfRange, address);
        }
        let sector = self.sector_at(address);
        if self.starts[sector] != address || self.geometry.sectors[sector] != size {
            return self.refuse(Rule::NotASector, address);
        }
        if !self.geometry.needs_erase {
            return self.refuse(Rule::EraseNotNeeded, address);
        }
        Ok(())
    }

    /// The fault among `kinds` that the sector shows now.
    pub(super) fn fault(&self, sector: usize, kinds: &[Fault]) -> Option<Fault> {
        // The call in question is counted already, except that reads never are.
        let calls = self.counters.programs + self.counters.erases;
        let now = if kinds.contains(&Fault::ReadError) {
            calls + 1
        } else {
            calls
        };
        self.faults
            .iter()
            .find(|(at, kind, from)| *at == sector && kinds.contains(kind) && *from < now)
            .map(|(_, kind, _)| *kind)
    }

    /// The rules broken so far.
    pub fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    /// Forgets the breaches, and hands them out.
    pub fn take_breaches(&mut self) -> Vec<Breach> {
        std::mem::take(&mut self.breaches)
    }

    /// Programs that were refused because a cut had touched the unit without a trace, in the
    /// first call after a power-up: the one breach that no store can avoid.
    pub fn repeat_touches(&self) -> u32 {
        self.repeat_touches
    }
}
