//! A flash memory in RAM that does the worst a flash may do (docs/format.md, 10), and that refuses
//! and records every breach of the rules a driver must keep.
//!
//! Everything is drawn from one seed, so a case replays exactly. Sectors are shared between
//! clones until they are written: a snapshot is a `clone()`.
//!
//! Invariant: a call that is refused, and every call while power is off, changes no byte.
#![forbid(unsafe_code)]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    reason = "hosts only; an overflow or a wrong index is to stop the test; sizes fit 31 bits"
)]

mod inspect;
mod rng;
mod rules;
mod sector;
mod tear;

use std::{sync::Arc, vec, vec::Vec};

use super::{Flash, FlashError, Shape};
pub use rng::Rng;
pub use rules::{Breach, Fault, Rule};
use sector::{Sector, Unit};
use tear::Weak;
pub use tear::{Cut, CutPoint, EraseTear, ProgramTear};

/// What the flash is made of. Sizes are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// The sectors in the order of their addresses.
    pub sectors: Vec<u32>,
    /// Program unit.
    pub program_size: u32,
    /// Read unit.
    pub read_size: u32,
    /// What an erased byte reads as; `None`: an erase leaves bytes that cannot be foretold.
    pub erased_byte: Option<u8>,
    /// `false`: a program overwrites, any number of times.
    pub needs_erase: bool,
}

impl Geometry {
    /// `count` sectors of `size` bytes with this program unit, which erase to 0xFF.
    pub fn uniform(count: usize, size: u32, program_size: u32) -> Self {
        Self {
            sectors: vec![size; count],
            program_size,
            read_size: 1,
            erased_byte: Some(0xFF),
            needs_erase: true,
        }
    }
}

/// How much was asked of the flash. Calls that were refused do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls of `read`.
    pub reads: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Calls of `program`.
    pub programs: u64,
    /// Bytes programmed.
    pub program_bytes: u64,
    /// Calls of `erase`.
    pub erases: u64,
    /// Calls of `sync`.
    pub syncs: u64,
}

/// One accepted program or erase call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whether it was an erase.
    pub erase: bool,
    /// Where it began.
    pub address: u32,
    /// How many bytes.
    pub size: u32,
}

/// The simulated flash.
#[derive(Clone, Debug)]
pub struct Sim {
    geometry: Arc<Geometry>,
    /// First address of each sector, and the size of the partition at the end.
    starts: Arc<Vec<u32>>,
    sectors: Vec<Arc<Sector>>,
    /// Bytes that read differently each time.
    weak: Vec<Weak>,
    /// Ranges that a cut touched without a trace, in the first call after a power-up.
    unseen: Vec<(u32, u32)>,
    faults: Vec<(usize, Fault, u64)>,
    /// Calls in all, and the reads after them, before one read fails.
    glitches: Vec<(u64, u64)>,
    rng: Rng,
    powered: bool,
    /// No program or erase was accepted since the last power-up.
    first_call: bool,
    /// Counts the power-ups.
    cycle: u32,
    cut: Option<Cut>,
    counters: Counters,
    breaches: Vec<Breach>,
    repeat_touches: u32,
    calls: Option<Vec<Call>>,
    fuel: Option<u64>,
    /// The newest programs and what they replaced, when the flash lies about them.
    lies: Option<Vec<(u32, Vec<u8>)>>,
}

impl Sim {
    /// A flash as it comes from the factory: erased.
    pub fn new(geometry: Geometry, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut starts = Vec::with_capacity(geometry.sectors.len() + 1);
        let mut sectors = Vec::with_capacity(geometry.sectors.len());
        let mut address = 0;
        for &size in &geometry.sectors {
            starts.push(address);
            address += size;
            let units = size.div_ceil(geometry.program_size);
            let mut sector = Sector::new(size, units);
            sector.erase(geometry.erased_byte, &mut rng);
            sector.erases = 0;
            sectors.push(Arc::new(sector));
        }
        starts.push(address);
        Self {
            geometry: Arc::new(geometry),
            starts: Arc::new(starts),
            sectors,
            weak: Vec::new(),
            unseen: Vec::new(),
            faults: Vec::new(),
            glitches: Vec::new(),
            rng,
            powered: true,
            first_call: true,
            cycle: 0,
            cut: None,
            counters: Counters::default(),
            breaches: Vec::new(),
            repeat_touches: 0,
            calls: None,
            fuel: None,
            lies: None,
        }
    }

    /// Ends power at a later program or erase call. Replaces a cut armed before.
    pub fn arm(&mut self, cut: Cut) {
        self.cut = Some(cut);
    }

    /// Takes back an armed cut.
    pub fn disarm(&mut self) {
        self.cut = None;
    }

    /// Ends power now, between two calls. As after any power cut, nothing works until
    /// [`Sim::power_on`].
    pub fn power_off(&mut self) {
        self.powered = false;
    }

    /// Power comes back.
    pub fn power_on(&mut self) {
        self.powered = true;
        if self.first_call {
            // Nothing was programmed that could have kept what was seen since the last power-up.
            for weak in &mut self.weak {
                weak.forget_looks();
            }
        }
        self.first_call = true;
        self.cycle += 1;
    }

    /// Whether power is on.
    pub fn is_powered(&self) -> bool {
        self.powered
    }

    /// From the `from`-th program or erase call on (counted from now), the sector fails.
    pub fn fail(&mut self, sector: usize, fault: Fault, from: u64) {
        let from = self.counters.programs + self.counters.erases + from;
        self.faults.push((sector, fault, from));
    }

    /// One read fails, and none after it: the `reads`-th that comes once `calls` program and erase
    /// calls were made, counted from now, and those asked for before have failed.
    pub fn glitch(&mut self, calls: u64, reads: u64) {
        let calls = self.counters.programs + self.counters.erases + calls;
        self.glitches.push((calls, reads));
    }

    /// Whether the reads that [`Sim::glitch`] asked for have failed, or none was asked for.
    pub fn is_glitch_over(&self) -> bool {
        self.glitches.is_empty()
    }

    fn has_glitch(&mut self) -> bool {
        let now = self.counters.programs + self.counters.erases;
        match self.glitches.first_mut() {
            Some((calls, 0)) if *calls <= now => {
                self.glitches.remove(0);
                true
            }
            Some((calls, reads)) if *calls <= now => {
                *reads -= 1;
                false
            }
            _ => false,
        }
    }

    /// Takes back all faults.
    pub fn heal(&mut self) {
        self.faults.clear();
        self.glitches.clear();
    }

    /// After this many more calls of any kind every call is refused: ends an endless loop.
    pub fn limit_calls(&mut self, calls: u64) {
        self.fuel = Some(calls);
    }

    /// Makes the flash lie: at a power cut the last `programs` calls that were acknowledged are
    /// lost too. No store survives that; it shows that a test can fail.
    pub fn lie(&mut self, programs: usize) {
        self.lies = Some(vec![(0, Vec::new()); programs]);
    }

    fn burn(&mut self) -> Result<(), FlashError> {
        match &mut self.fuel {
            Some(0) => return self.refuse(Rule::Endless, 0),
            Some(fuel) => *fuel -= 1,
            None => {}
        }
        if self.powered {
            Ok(())
        } else {
            Err(FlashError)
        }
    }

    /// Index of the sector that holds `address`.
    fn sector_at(&self, address: u32) -> usize {
        self.starts
            .partition_point(|&start| start <= address)
            .saturating_sub(1)
            .min(self.sectors.len() - 1)
    }

    /// Calls `visit` with the sector and the range in it for each part of a range.
    fn parts(&self, address: u32, size: u32) -> Vec<(usize, usize, usize)> {
        let mut parts = Vec::with_capacity(1);
        let (mut at, end) = (address, address + size);
        while at < end {
            let sector = self.sector_at(at);
            let stop = end.min(self.starts[sector + 1]);
            let start = self.starts[sector];
            parts.push((sector, (at - start) as usize, (stop - start) as usize));
            at = stop;
        }
        parts
    }

    /// What is stored, weak or not.
    fn stored(&self, address: u32, size: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(size as usize);
        for (sector, from, to) in self.parts(address, size) {
            bytes.extend_from_slice(&self.sectors[sector].bytes[from..to]);
        }
        bytes
    }

    fn store(&mut self, address: u32, bytes: &[u8]) {
        let mut done = 0;
        for (sector, from, to) in self.parts(address, bytes.len() as u32) {
            let part = &bytes[done..done + (to - from)];
            Arc::make_mut(&mut self.sectors[sector]).bytes[from..to].copy_from_slice(part);
            done += to - from;
        }
    }

    fn mark(&mut self, address: u32, size: u32, unit: Unit) {
        let program_size = self.geometry.program_size as usize;
        for (sector, from, to) in self.parts(address, size) {
            let units = from / program_size..to.div_ceil(program_size);
            Arc::make_mut(&mut self.sectors[sector]).units[units].fill(unit);
        }
    }

    /// Nothing in the range reads differently each time any more.
    fn settle(&mut self, address: u32, size: u32) {
        let end = address + size;
        self.unseen
            .retain(|&(from, to)| to <= address || from >= end);
        let weak = std::mem::take(&mut self.weak);
        self.weak = weak
            .into_iter()
            .flat_map(|weak| weak.without(address, end))
            .collect();
    }

    /// What a program that nothing disturbs leaves.
    fn write(&mut self, address: u32, data: &[u8]) {
        let sector = self.sector_at(address);
        let mut bytes = data.to_vec();
        if self.sectors[sector].stuck {
            // The erase that the flash claimed did not happen: bits go one way only.
            for (new, old) in bytes
                .iter_mut()
                .zip(self.stored(address, data.len() as u32))
            {
                *new = if self.geometry.erased_byte == Some(0) {
                    *new | old
                } else {
                    *new & old
                };
            }
        }
        if self.lies.is_some() {
            let old = self.stored(address, data.len() as u32);
            if let Some(lies) = &mut self.lies {
                lies.remove(0);
                lies.push((address, old));
            }
        }
        if !self.geometry.needs_erase {
            self.settle(address, data.len() as u32);
        }
        self.store(address, &bytes);
        self.mark(address, data.len() as u32, Unit::Programmed);
    }

    fn wipe(&mut self, sector: usize) {
        let (start, end) = (self.starts[sector], self.starts[sector + 1]);
        self.settle(start, end - start);
        let erased = self.geometry.erased_byte;
        Arc::make_mut(&mut self.sectors[sector]).erase(erased, &mut self.rng);
    }

    /// Counts an accepted program or erase call, and says whether power ends in it.
    fn due(&mut self, call: Call) -> Option<Cut> {
        if let Some(calls) = &mut self.calls {
            calls.push(call);
        }
        if call.erase {
            self.counters.erases += 1;
        } else {
            self.counters.programs += 1;
            self.counters.program_bytes += u64::from(call.size);
        }
        let cut = self.cut.as_mut()?;
        if cut.call > 0 {
            cut.call -= 1;
            return None;
        }
        self.powered = false;
        self.cut.take()
    }
}

impl Flash for Sim {
    fn shape(&self) -> Shape {
        Shape {
            size: self.size(),
            read_size: self.geometry.read_size,
            program_size: self.geometry.program_size,
            erased_byte: self.geometry.erased_byte,
            needs_erase: self.geometry.needs_erase,
        }
    }

    fn sector_size(&self, address: u32) -> u32 {
        self.geometry.sectors[self.sector_at(address)]
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        self.burn()?;
        self.check_read(address, buffer.len())?;
        self.counters.reads += 1;
        self.counters.read_bytes += buffer.len() as u64;
        if self.has_glitch() {
            return Err(FlashError);
        }
        let mut done = 0;
        for (sector, from, to) in self.parts(address, buffer.len() as u32) {
            if self.fault(sector, &[Fault::ReadError]).is_some() {
                return Err(FlashError);
            }
            buffer[done..done + (to - from)].copy_from_slice(&self.sectors[sector].bytes[from..to]);
            done += to - from;
        }
        for weak in &mut self.weak {
            weak.disturb(address, buffer, self.cycle, &mut self.rng);
        }
        Ok(())
    }

    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        self.burn()?;
        self.check_program(address, data)?;
        let size = data.len() as u32;
        let first = std::mem::replace(&mut self.first_call, false);
        if let Some(cut) = self.due(Call {
            erase: false,
            address,
            size,
        }) {
            self.tear_program(address, data, cut, first);
            self.unlie();
            return Err(FlashError);
        }
        let sector = self.sector_at(address);
        let faults = [
            Fault::ProgramError,
            Fault::ProgramUnsaid,
            Fault::ProgramSilent,
        ];
        match self.fault(sector, &faults) {
            Some(Fault::ProgramUnsaid) => {
                self.write(address, data);
                return Err(FlashError);
            }
            Some(Fault::ProgramError) => {
                let old = self.stored(address, size);
                let bytes = tear::mix(&old, data, &mut self.rng);
                self.store(address, &bytes);
                self.mark(address, size, Unit::Touched);
                // What leaves no trace is met again after a restart; so it is where anything can be
                // what erased bytes read as.
                if first && bytes == old || self.geometry.erased_byte.is_none() {
                    self.unseen.push((address, address + size));
                }
                return Err(FlashError);
            }
            Some(_) => {
                // At least one bit is not as asked, and the flash does not say so.
                let mut bytes = data.to_vec();
                let at = self.rng.below(bytes.len() as u64) as usize;
                bytes[at] ^= 1 << self.rng.below(8);
                self.write(address, &bytes);
                if self.geometry.erased_byte.is_none() {
                    self.mark(address, size, Unit::Touched);
                    self.unseen.push((address, address + size));
                }
            }
            None => self.write(address, data),
        }
        Ok(())
    }

    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        self.burn()?;
        self.check_erase(address, size)?;
        self.first_call = false;
        let sector = self.sector_at(address);
        if let Some(cut) = self.due(Call {
            erase: true,
            address,
            size,
        }) {
            self.tear_erase(sector, cut);
            self.unlie();
            return Err(FlashError);
        }
        match self.fault(sector, &[Fault::EraseError, Fault::EraseSilent]) {
            Some(Fault::EraseError) => {
                self.mark(address, size, Unit::Touched);
                return Err(FlashError);
            }
            Some(_) => {
                let sector = Arc::make_mut(&mut self.sectors[sector]);
                sector.units.fill(Unit::Erased);
                sector.stuck = true;
                sector.erases += 1;
            }
            None => self.wipe(sector),
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), FlashError> {
        self.burn()?;
        self.counters.syncs += 1;
        Ok(())
    }
}
