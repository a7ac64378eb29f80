//! Reading values: whole, from an offset, over fragments, with their checks.
//!
//! Invariant: a byte is only reported as good after the check of the record it came from held
//! since the mount; where it fails the buffer is cleared.
#![forbid(unsafe_code)]

use super::{
    Engine, Info,
    bytes::{divide_mut, put, take},
    find::{FragmentId, Identity, KeySource, Spot},
    io::AHEAD,
    layout::{quotient, remainder},
    record::{CRC_SIZE, FRAGMENT_ID, Kind, LARGE_SIZE, seed},
    stream::VALUE_MAX,
    walk::Entry,
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
    ) -> Result<usize, Error> {
        let spot = self.find_live(identity)?.ok_or(Error::NotFound)?;
        match self.read_entry(&spot.entry, offset, buffer) {
            Err(Error::Damaged) => {
                self.damaged_records = self.damaged_records.saturating_add(1);
                self.read_previous(identity, &spot, offset, buffer)
            }
            result => result,
        }
    }

    /// Where the caller prefers it, the value before a damaged one, if it is still there.
    fn read_previous(
        &mut self,
        identity: &Identity<'_>,
        damaged: &Spot,
        offset: u32,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        if !self.config.previous_on_damage {
            return Err(Error::Damaged);
        }
        let mut segment = Some(damaged.entry.segment);
        let mut below = Some(damaged.entry.place);
        while let Some(current) = segment {
            while let Some(entry) = self.find_in(current, identity, below)? {
                if entry.head.kind == Kind::Tombstone {
                    return Err(Error::Damaged);
                }
                match self.read_entry(&entry, offset, buffer) {
                    Err(Error::Damaged) => below = Some(entry.place),
                    result => return result,
                }
            }
            below = None;
            segment = self.segments.next_down(Some(current));
        }
        Err(Error::Damaged)
    }

    fn read_entry(
        &mut self,
        entry: &Entry,
        offset: u32,
        buffer: &mut [u8],
    ) -> Result<usize, Error> {
        let size = self.size_of(entry)?;
        let left = size.checked_sub(offset).ok_or(Error::InvalidSize)?;
        let count = (left as usize).min(buffer.len());
        let out = buffer.get_mut(..count).unwrap_or(&mut []);
        let result = if entry.head.kind == Kind::Large {
            self.read_large(entry, offset, out)
        } else {
            self.read_checked(entry, offset, out)
        };
        if let Err(error) = result {
            out.fill(0);
            return Err(error);
        }
        Ok(count)
    }

    /// Bytes of the value that starts with this record.
    fn size_of(&mut self, entry: &Entry) -> Result<u32, Error> {
        if entry.head.kind == Kind::Large {
            return Ok(self.read_large_head(entry)?.size);
        }
        Ok(entry.head.value_len)
    }

    pub(crate) fn read_large_head(&mut self, entry: &Entry) -> Result<Large, Error> {
        let mut bytes = [0; LARGE_SIZE as usize];
        if entry.head.value_len != LARGE_SIZE {
            return Err(Error::Damaged);
        }
        self.read_checked(entry, 0, &mut bytes)?;
        Large::decode(&bytes).ok_or(Error::Damaged)
    }

    fn read_large(&mut self, entry: &Entry, offset: u32, out: &mut [u8]) -> Result<(), Error> {
        let large = self.read_large_head(entry)?;
        let mut at = offset;
        let mut rest = out;
        while !rest.is_empty() {
            let index = u16::try_from(quotient(at, large.piece)).map_err(|_| Error::Damaged)?;
            let inside = remainder(at, large.piece);
            let count = rest.len().min((large.piece - inside) as usize);
            let (now, later) = divide_mut(rest, count);
            let id = large.fragment_id(index);
            let identity = self.fragment_identity(KeySource::Stored(*entry), id)?;
            let fragment = self.find(&identity)?.ok_or(Error::Damaged)?.entry;
            if fragment.head.value_len < FRAGMENT_ID + inside + count as u32 {
                return Err(Error::Damaged);
            }
            self.read_checked(&fragment, FRAGMENT_ID + inside, now)?;
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
        let end = self.io.layout.end_of(entry.place, head.total());
        let ahead = |at: u32| end.saturating_sub(at);
        for count in [head.key_len(), offset] {
            let add = |piece: &[u8]| crc.add(piece);
            at = self.io.visit(base, at, count, ahead(at), add)?;
        }
        at = self.io.read(base, at, out, ahead(at))?;
        crc.add(out);
        let rest = head.value_len.saturating_sub(offset + out.len() as u32);
        let add = |piece: &[u8]| crc.add(piece);
        at = self.io.visit(base, at, rest, ahead(at), add)?;
        let mut stored = [0; CRC_SIZE as usize];
        self.io.read(base, at, &mut stored, ahead(at))?;
        if u32::from_le_bytes(stored) != crc.value() {
            return Err(Error::Damaged);
        }
        self.verified = here;
        Ok(())
    }

    pub(crate) fn read_info(&mut self, identity: &Identity<'_>) -> Result<Info, Error> {
        let spot = self.find_live(identity)?.ok_or(Error::NotFound)?;
        let size = self.size_of(&spot.entry)?;
        Ok(Info {
            size,
            flags: spot.entry.head.flags,
        })
    }
}
