//! A NOR flash in RAM that counts what is asked of it, models the time it takes, and notes each
//! breach of its rules. All stores run on it.

use std::{cell::RefCell, rc::Rc};

/// A flash that a store and the benchmark look at.
pub type Shared = Rc<RefCell<Flash>>;

/// What a flash is like. Times are of typical parts of their kind, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    pub name: &'static str,
    pub text: &'static str,
    pub size: u32,
    pub sector: u32,
    pub program: u32,
    pub read: u32,
    pub read_call: u64,
    pub read_byte: u64,
    pub program_call: u64,
    pub program_byte: u64,
    pub erase: u64,
    /// A programmed unit may be programmed again, to clear more bits of it: not where an error
    /// correcting code is kept with each unit.
    pub overwrite: bool,
}

const QSPI: Geometry = Geometry {
    name: "qspi",
    text: "256 KiB of QSPI NOR, sectors of 4 KiB (45 ms), program unit 1",
    size: 256 << 10,
    sector: 4096,
    program: 1,
    read: 1,
    read_call: 1000,
    read_byte: 20,
    program_call: 30_000,
    program_byte: 1500,
    erase: 45_000_000,
    overwrite: true,
};

const NRF52: Geometry = Geometry {
    name: "nrf52",
    text: "32 KiB of nRF52840 flash, sectors of 4 KiB (85 ms), program and read unit 4",
    size: 32 << 10,
    sector: 4096,
    program: 4,
    read: 4,
    read_call: 50,
    read_byte: 8,
    program_call: 1000,
    program_byte: 10_250,
    erase: 85_000_000,
    overwrite: true,
};

const H7: Geometry = Geometry {
    name: "h7",
    text: "1.5 MiB of STM32H7 flash, sectors of 128 KiB (1 s), program unit 32 with ECC",
    size: 1536 << 10,
    sector: 128 << 10,
    program: 32,
    read: 1,
    read_call: 50,
    read_byte: 2,
    program_call: 2000,
    program_byte: 3200,
    erase: 1_000_000_000,
    overwrite: false,
};

/// The flashes on which stores are compared.
pub const COMPARED: [Geometry; 3] = [QSPI, NRF52, H7];

/// The same chip as `qspi`, with more or less of it used.
pub const fn larger(name: &'static str, text: &'static str, size: u32) -> Geometry {
    Geometry {
        name,
        text,
        size,
        ..QSPI
    }
}

/// What was asked of a flash since the counters were set to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub reads: u64,
    pub read_bytes: u64,
    pub programs: u64,
    pub program_bytes: u64,
    pub erases: u64,
    /// Modelled time in nanoseconds.
    pub time: u64,
}

/// An access that the flash does not allow or cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// The flash.
pub struct Flash {
    pub geometry: Geometry,
    pub counters: Counters,
    /// Erases of each sector since the counters were set to 0.
    pub sector_erases: Vec<u32>,
    /// Accesses against the rules: outside of the flash, not aligned, a unit programmed twice where
    /// that is not allowed, a bit that a program cannot set.
    pub breaches: u64,
    bytes: Vec<u8>,
    programmed: Vec<bool>,
}

impl Flash {
    /// An erased flash.
    pub fn new(geometry: Geometry) -> Self {
        Flash {
            geometry,
            counters: Counters::default(),
            sector_erases: vec![0; (geometry.size / geometry.sector) as usize],
            breaches: 0,
            bytes: vec![0xFF; geometry.size as usize],
            programmed: vec![false; (geometry.size / geometry.program) as usize],
        }
    }

    pub fn shared(geometry: Geometry) -> Shared {
        Rc::new(RefCell::new(Flash::new(geometry)))
    }

    /// Sets all counters to 0 but that of breaches.
    pub fn reset_counters(&mut self) {
        self.counters = Counters::default();
        self.sector_erases.fill(0);
    }

    /// Where the bytes are, or a breach.
    fn range(&mut self, address: u32, size: usize, unit: u32) -> Result<(usize, usize), Refused> {
        let (start, unit) = (address as usize, unit as usize);
        let end = start + size;
        if end > self.bytes.len() || !start.is_multiple_of(unit) || !size.is_multiple_of(unit) {
            self.breaches += 1;
            return Err(Refused);
        }
        Ok((start, end))
    }

    pub fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), Refused> {
        let (start, end) = self.range(address, buffer.len(), self.geometry.read)?;
        buffer.copy_from_slice(&self.bytes[start..end]);
        self.counters.reads += 1;
        self.counters.read_bytes += buffer.len() as u64;
        let bytes = buffer.len() as u64 * self.geometry.read_byte;
        self.counters.time += self.geometry.read_call + bytes;
        Ok(())
    }

    pub fn program(&mut self, address: u32, data: &[u8]) -> Result<(), Refused> {
        let unit = self.geometry.program;
        let (start, end) = self.range(address, data.len(), unit)?;
        for done in &mut self.programmed[start / unit as usize..end / unit as usize] {
            if *done && !self.geometry.overwrite {
                self.breaches += 1;
            }
            *done = true;
        }
        for (cell, new) in self.bytes[start..end].iter_mut().zip(data) {
            if new & !*cell != 0 {
                self.breaches += 1;
            }
            *cell &= new;
        }
        self.counters.programs += 1;
        self.counters.program_bytes += data.len() as u64;
        let bytes = data.len() as u64 * self.geometry.program_byte;
        self.counters.time += self.geometry.program_call + bytes;
        Ok(())
    }

    /// Erases the sectors from `address` on.
    pub fn erase(&mut self, address: u32, size: u32) -> Result<(), Refused> {
        let Geometry {
            sector, program, ..
        } = self.geometry;
        let (start, end) = self.range(address, size as usize, sector)?;
        self.bytes[start..end].fill(0xFF);
        self.programmed[start / program as usize..end / program as usize].fill(false);
        for count in &mut self.sector_erases[start / sector as usize..end / sector as usize] {
            *count += 1;
            self.counters.erases += 1;
            self.counters.time += self.geometry.erase;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_breach_of_the_rules_is_noted() {
        let mut flash = Flash::new(NRF52);
        assert_eq!(flash.program(2, &[0; 4]), Err(Refused));
        assert_eq!(flash.program(4, &[0; 3]), Err(Refused));
        assert_eq!(flash.read(2, &mut [0; 4]), Err(Refused));
        assert_eq!(flash.read(NRF52.size - 4, &mut [0; 8]), Err(Refused));
        assert_eq!(flash.erase(4, 4096), Err(Refused));
        assert_eq!(flash.breaches, 5);
        flash.program(0, &[0xF0; 4]).unwrap();
        flash.program(0, &[0x70; 4]).unwrap();
        assert_eq!(flash.breaches, 5, "bits may be cleared one after the other");
        flash.program(0, &[0xFF, 0, 0, 0]).unwrap();
        assert_eq!(flash.breaches, 6, "a program cannot set bits");
    }

    #[test]
    fn with_ecc_a_unit_is_programmed_once_between_erases() {
        let mut flash = Flash::new(H7);
        flash.program(32, &[0xFF; 32]).unwrap();
        assert_eq!(flash.breaches, 0);
        flash.program(32, &[0; 32]).unwrap();
        assert_eq!(flash.breaches, 1);
        flash.erase(0, H7.sector).unwrap();
        flash.program(32, &[0; 32]).unwrap();
        assert_eq!(flash.breaches, 1);
    }

    #[test]
    fn what_is_asked_is_counted_and_timed() {
        let mut flash = Flash::new(QSPI);
        flash.program(0, &[1; 100]).unwrap();
        flash.read(0, &mut [0; 10]).unwrap();
        flash.erase(4096, 8192).unwrap();
        let expected = Counters {
            reads: 1,
            read_bytes: 10,
            programs: 1,
            program_bytes: 100,
            erases: 2,
            time: 30_000 + 100 * 1500 + 1000 + 10 * 20 + 2 * 45_000_000,
        };
        assert_eq!(flash.counters, expected);
        assert_eq!(flash.sector_erases[..4], [0, 1, 1, 0]);
    }
}
