//! Partitions of other stores: recognised so that they are never formatted by default.
//!
//! A TDBStore area begins with 72 bytes of reserved data and then its master record, an NVStore
//! area with its master record; areas begin at sectors.
//!
//! Invariant: reads only. `docs/format.md` appendix A.
#![forbid(unsafe_code)]

use super::{Engine, checksum::Crc, layout::round_up};
use crate::{error::Error, flash::Flash};

const TDB_RESERVED: u32 = 72;
const TDB_HEADER: u32 = 24;
const TDB_MAGIC: [u8; 4] = 0x5468_6683_u32.to_le_bytes();
const TDB_MASTER_KEY: &[u8] = b"TDBS";
const NV_MASTER: [u8; 4] = [0xFE, 0x0F, 0x08, 0x00];

impl<F: Flash> Engine<'_, F> {
    /// Whether the partition holds a header of TDBStore or NVStore that verifies.
    pub(crate) fn holds_foreign_store(&mut self) -> Result<bool, Error> {
        let size = self.io.shape.size;
        let mut address = 0;
        while address < size {
            if self.is_nvstore(address)? || self.is_tdbstore(address)? {
                return Ok(true);
            }
            // The layout has seen that sectors divide the partition.
            address = address.saturating_add(self.io.sector_size(address).max(1));
        }
        Ok(false)
    }

    fn is_nvstore(&mut self, area: u32) -> Result<bool, Error> {
        let Ok(bytes) = self.io.fetch(area, 16, 16) else {
            return Ok(false);
        };
        let part = |from: usize, to: usize| bytes.get(from..to).unwrap_or(&[]);
        let (head, stored, data) = (part(0, 4), part(4, 8), part(8, 16));
        let mut crc = Crc::new(0);
        crc.add(head);
        crc.add(data);
        Ok(head == NV_MASTER && stored == (!crc.value()).to_le_bytes())
    }

    fn is_tdbstore(&mut self, area: u32) -> Result<bool, Error> {
        // The program unit of whoever wrote it is not known.
        for unit in (0..=10).map(|log: u32| 1 << log) {
            let master = area.saturating_add(round_up(TDB_RESERVED, unit));
            if self.is_tdb_master(master, unit)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_tdb_master(&mut self, at: u32, unit: u32) -> Result<bool, Error> {
        let mut header = [0; TDB_HEADER as usize];
        let Ok(bytes) = self.io.fetch(at, TDB_HEADER, TDB_HEADER) else {
            return Ok(false);
        };
        for (to, from) in header.iter_mut().zip(bytes) {
            *to = *from;
        }
        if header.get(..4) != Some(&TDB_MAGIC) || header.get(12..14) != Some(&[4, 0]) {
            return Ok(false);
        }
        if header.get(16..20) != Some(&[8, 0, 0, 0]) {
            return Ok(false);
        }
        let Ok(body) = self.io.fetch(at + round_up(TDB_HEADER, unit), 12, 12) else {
            return Ok(false);
        };
        let mut crc = Crc::new(0);
        crc.add(header.get(..20).unwrap_or(&[]));
        crc.add(body);
        let sum = (!crc.value()).reverse_bits().to_le_bytes();
        Ok(body.starts_with(TDB_MASTER_KEY) && header.get(20..24) == Some(&sum))
    }
}
