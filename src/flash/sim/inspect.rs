//! Looking at the flash from outside, and damaging it: what a test does, never a store.

use super::{Call, Counters, Geometry, Sim, Unit};
use std::{sync::Arc, vec::Vec};

impl Sim {
    /// A flash that holds `image`. Units that read erased may be programmed. Where the erased
    /// byte is unknown all may be, once: the image does not tell.
    ///
    /// A short image leaves the rest erased; what is too long is left out.
    pub fn from_image(geometry: Geometry, image: &[u8], seed: u64) -> Self {
        let mut sim = Self::new(geometry, seed);
        let size = image.len().min(sim.size() as usize);
        sim.poke(0, &image[..size]);
        sim
    }

    /// All bytes as they are stored now.
    pub fn image(&self) -> Vec<u8> {
        self.sectors
            .iter()
            .flat_map(|sector| sector.bytes.iter().copied())
            .collect()
    }

    /// Puts bytes in place, whatever the rules say. Units are then as [`Sim::from_image`] has
    /// them.
    pub fn poke(&mut self, address: u32, bytes: &[u8]) {
        let size = bytes.len() as u32;
        self.settle(address, size);
        self.store(address, bytes);
        let unit = self.geometry.program_size;
        let first = address - address % unit;
        for at in (first..address + size).step_by(unit as usize) {
            let erased = match self.geometry.erased_byte {
                Some(erased) => self.stored(at, unit).iter().all(|&byte| byte == erased),
                None => true,
            };
            self.mark(
                at,
                unit,
                if erased {
                    Unit::Erased
                } else {
                    Unit::Programmed
                },
            );
        }
    }

    /// Bit rot: inverts the bits of `mask`. Nothing else changes.
    pub fn flip(&mut self, address: u32, mask: u8) {
        let byte = self.stored(address, 1)[0];
        self.store(address, &[byte ^ mask]);
    }

    /// Size of the flash.
    pub fn size(&self) -> u32 {
        self.starts[self.sectors.len()]
    }

    /// What the flash is made of.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// What was asked of the flash so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Sets the counters to 0; the erases of the sectors stay.
    pub fn reset_counters(&mut self) {
        // Faults count from a number of calls: they keep their distance.
        let calls = self.counters.programs + self.counters.erases;
        for (_, _, from) in &mut self.faults {
            *from = from.saturating_sub(calls);
        }
        self.counters = Counters::default();
    }

    /// Completed erases of each sector.
    pub fn sector_erases(&self) -> Vec<u32> {
        self.sectors.iter().map(|sector| sector.erases).collect()
    }

    /// Starts to note the program and erase calls.
    pub fn trace(&mut self) {
        self.calls = Some(Vec::new());
    }

    /// The calls noted since [`Sim::trace`].
    pub fn calls(&self) -> &[Call] {
        self.calls.as_deref().unwrap_or_default()
    }

    /// Ends noting calls, and hands them out.
    pub fn take_calls(&mut self) -> Vec<Call> {
        self.calls.take().unwrap_or_default()
    }

    /// Calls on, the same flash but with other random numbers to come.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = super::Rng::new(seed);
    }

    /// Gives each sector its own copy, so that clones share nothing. Only for measuring.
    pub fn unshare(&mut self) {
        for sector in &mut self.sectors {
            Arc::make_mut(sector);
        }
    }
}
