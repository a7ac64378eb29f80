//! Reading values: whole, from an offset, over fragments, with their checks.
//!
//! Invariant: a byte is only reported as good after the check of the record it came from held
//! since the mount; where it fails the buffer is cleared.
#![forbid(unsafe_code)]

use super::{
    Engine, Info, WINDOW,
    bytes::{copy, divide, divide_mut, put, take},
    find::{FragmentId, Identity, KeySource, Spot},
    io::{AHEAD, SCAN},
    layout::{quotient, remainder},
    record::{CRC_SIZE, FRAGMENT_ID, Kind, LARGE_SIZE, seed},
    scan::Entry,
    stream::VALUE_MAX,
};
use crate::{error::Error, flash::Flash};

/// What a [`Kind::Large`] record says. FORMAT 5.4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Large {
    /// Number and place of the first fragment as it was first written: in all ids.
    pub(crate) id: [u8; 12],
    pub(crate) size: u32,
    /// Bytes of the value in each fragment but the last.
    pub(crate) piece: u32,
    pub(crate) count: u16,
}

impl Large {
    pub(crate) fn encode(&self) -> [u8; LARGE_SIZE as usize] {
        let mut bytes = [0; LARGE_SIZE as usize];
        put(&mut bytes, 0, self.id);
        put(&mut bytes, 12, self.size.to_le_bytes());
        put(&mut bytes, 16, self.piece.to_le_bytes());
        put(&mut bytes, 20, self.count.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; LARGE_SIZE as usize]) -> Option<Large> {
        let large = Large {
            id: take(bytes, 0),
            size: u32::from_le_bytes(take(bytes, 12)),
            piece: u32::from_le_bytes(take(bytes, 16)),
            count: u16::from_le_bytes(take(bytes, 20)),
        };
        let whole = u64::from(large.piece) * u64::from(large.count);
        let fits = large.piece > 0
            && large.size <= VALUE_MAX
            && u64::from(large.size) <= whole
            && u64::from(large.size) + u64::from(large.piece) > whole;
        fits.then_some(large)
    }

    pub(crate) fn fragment_id(&self, index: u16) -> FragmentId {
        fragment_id(&self.id, index)
    }
}

/// The id of the fragment `index` of a value.
pub(crate) fn fragment_id(value: &[u8; 12], index: u16) -> FragmentId {
    let mut id = [0; FRAGMENT_ID as usize];
    put(&mut id, 0, *value);
    put(&mut id, 12, index.to_le_bytes());
    id
}

impl<F: Flash> Engine<'_, F> {
    /// Copies bytes of the value of `key`; see [`Engine::get`].
    pub(crate) fn read_value(
        &mut self,
        identity: &Identity<'_>,
        offset: u32,
        buffer: &mut [u8],
    ) -> Result<u32, Error> {
        let mut spot = Spot::nothing();
        if !self.find_live(identity, &mut spot)? {
            return Err(Error::NotFound);
        }
        match self.read_entry(&spot.entry, offset, buffer) {
            Err(Error::Damaged) => {
                self.damaged_records = self.damaged_records.saturating_add(1);
                self.read_previous(identity, &mut spot.entry, offset, buffer)
            }
            result => result,
        }
    }

    /// Where the caller prefers it, the value before a damaged one, if it is still there.
    fn read_previous(
        &mut self,
        identity: &Identity<'_>,
        entry: &mut Entry,
        offset: u32,
        buffer: &mut [u8],
    ) -> Result<u32, Error> {
        if !self.config.previous_on_damage {
            return Err(Error::Damaged);
        }
        loop {
            let (segment, below) = (Some(entry.segment), Some(entry.place));
            if !self.find_down(identity, segment, below, entry)?
                || entry.head.kind == Kind::Tombstone
            {
                return Err(Error::Damaged);
            }
            match self.read_entry(entry, offset, buffer) {
                Err(Error::Damaged) => {}
                result => return result,
            }
        }
    }

    fn read_entry(&mut self, entry: &Entry, offset: u32, buffer: &mut [u8]) -> Result<u32, Error> {
        let large = match entry.head.kind {
            Kind::Large => Some(self.read_large_head(entry)?),
            _ => None,
        };
        let size = large
            .as_ref()
            .map_or(entry.head.value_len, |large| large.size);
        let left = size.checked_sub(offset).ok_or(Error::InvalidSize)?;
        let count = (left as usize).min(buffer.len());
        let out = buffer.get_mut(..count).unwrap_or(&mut []);
        let result = match &large {
            Some(large) => self.read_large(entry, large, offset, out),
            None => self.read_checked(entry, offset, out),
        };
        if let Err(error) = result {
            out.fill(0);
            return Err(error);
        }
        Ok(left)
    }

    pub(crate) fn read_large_head(&mut self, entry: &Entry) -> Result<Large, Error> {
        let mut bytes = [0; LARGE_SIZE as usize];
        if entry.head.value_len != LARGE_SIZE {
            return Err(Error::Damaged);
        }
        self.read_checked(entry, 0, &mut bytes)?;
        Large::decode(&bytes).ok_or(Error::Damaged)
    }

    fn read_large(
        &mut self,
        entry: &Entry,
        large: &Large,
        offset: u32,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let mut at = offset;
        let mut rest = out;
        while !rest.is_empty() {
            let index = u16::try_from(quotient(at, large.piece)).map_err(|_| Error::Damaged)?;
            let inside = remainder(at, large.piece);
            let count = rest.len().min((large.piece - inside) as usize);
            let (now, later) = divide_mut(rest, count);
            let id = large.fragment_id(index);
            let identity = self.fragment_identity(KeySource::Stored(entry), id)?;
            let mut spot = Spot::nothing();
            if !self.find(&identity, &mut spot)? {
                return Err(Error::Damaged);
            }
            let fragment = &spot.entry;
            if fragment.head.value_len < FRAGMENT_ID + inside + count as u32 {
                return Err(Error::Damaged);
            }
            self.read_checked(fragment, FRAGMENT_ID + inside, now)?;
            at += count as u32;
            rest = later;
        }
        Ok(())
    }

    /// Copies bytes of the value of one record. The record is verified, unless it was the last
    /// one that was: a long value read in pieces is verified once.
    pub(crate) fn read_checked(
        &mut self,
        entry: &Entry,
        offset: u32,
        out: &mut [u8],
    ) -> Result<(), Error> {
        let number = self.segments.low_number(entry.segment);
        let here = (entry.segment, entry.place);
        let base = self.base(entry.segment);
        let value_at = self.value_offset(entry);
        let head = &entry.head;
        if self.verified == here {
            let from = self.io.layout.advance(value_at, offset);
            self.io.read(base, from, out, AHEAD)?;
            return Ok(());
        }
        let mut crc = head.start_crc(seed(number, entry.place));
        let mut at = self.key_offset(entry);
        // What is not in the window yet is read with one call, where the window has room for it.
        let count = head.value_len + CRC_SIZE;
        let mut before = offset as usize;
        let mut rest = out;
        // Behind one that takes several there may be the next piece of the value.
        let ahead = if count > WINDOW as u32 { SCAN } else { 0 };
        // The key alone: it is in the window as a rule, and what follows may not be.
        let add = |piece: &[u8]| crc.add(piece);
        let both = ahead.max(head.key_len() + count);
        at = self.io.visit(base, at, head.key_len(), both, add)?;
        self.io.visit(base, at, count, ahead, |piece| {
            crc.add(piece);
            let (passed, wanted) = divide(piece, before);
            before -= passed.len();
            let (wanted, _) = divide(wanted, rest.len());
            let (place, later) = divide_mut(core::mem::take(&mut rest), wanted.len());
            copy(place, wanted);
            rest = later;
        })?;
        if !crc.holds() {
            return Err(Error::Damaged);
        }
        self.verified = here;
        Ok(())
    }

    pub(crate) fn read_info(&mut self, identity: &Identity<'_>) -> Result<Info, Error> {
        let mut spot = Spot::nothing();
        if !self.find_live(identity, &mut spot)? {
            return Err(Error::NotFound);
        }
        let head = &spot.entry.head;
        let size = match head.kind {
            Kind::Large => self.read_large_head(&spot.entry)?.size,
            _ => head.value_len,
        };
        Ok(Info {
            size,
            flags: head.flags,
        })
    }
}
