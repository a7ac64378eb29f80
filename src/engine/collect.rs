//! Collection: what is live in a victim is moved, then a retire record says that the victim is void.
//!
//! Where the index covers only part of the keys, the victim is walked once per part.
//!
//! Invariant: until that record is on flash the victim is the truth. `docs/format.md` section 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::put,
    io::SCAN,
    record::{CRC_SIZE, Head, Kind, seed},
    segments::State,
    walk::Entry,
    write::Recording,
};
use crate::{error::Error, flash::Flash};

/// Bytes of the value of a retire record. FORMAT 5.5
pub(crate) const RETIRE_SIZE: u32 = 6;
/// Walks over a victim in which something live does not show up any more.
const LOOKS: u8 = 3;

impl<F: Flash> Engine<'_, F> {
    /// Moves what is live in `victim` to a fresh segment, in which writing goes on.
    pub(crate) fn collect(&mut self, victim: u16) -> Result<(), Error> {
        self.open_segment(Some(victim))?;
        self.move_out(victim)
    }

    /// Moves what is live in `victim` to where the user writes.
    pub(crate) fn move_out(&mut self, victim: u16) -> Result<(), Error> {
        let failures = self.io.failures;
        let result = self.move_live(victim).and_then(|()| self.retire(victim));
        if result.is_err() {
            let failed = self.io.failures != failures;
            if self.opening.is_some() {
                self.give_up_opening(failed)?;
            } else {
                self.recount()?;
            }
        }
        result
    }

    /// Says that `victim` is void.
    fn retire(&mut self, victim: u16) -> Result<(), Error> {
        let mut value = [0; RETIRE_SIZE as usize];
        put(&mut value, 0, victim.to_le_bytes());
        put(&mut value, 2, self.segments.low_number(victim).to_le_bytes());
        let head = Head::new(Kind::Retire, 0, 0, RETIRE_SIZE);
        self.append(&head, &[], &value)?;
        if let Some(open) = &mut self.user {
            open.marks = self.opening.is_some();
        }
        self.end_opening();
        self.segments.set_state(victim, State::Free);
        Ok(())
    }

    fn move_live(&mut self, victim: u16) -> Result<(), Error> {
        let mut looks = LOOKS;
        loop {
            self.move_parts(victim)?;
            // A record that rotted just now did not show up in the walk: then the index is made
            // anew and the victim walked again, a bounded number of times.
            if self.segments.live(victim) == 0 || looks == 0 {
                return Ok(());
            }
            looks -= 1;
            self.io.forget();
            self.recount()?;
        }
    }

    fn move_parts(&mut self, victim: u16) -> Result<(), Error> {
        let mut next = Some(self.table.cover.first());
        while let Some(part) = next {
            if self.table.cover != part {
                self.load(part)?;
            }
            if self.table.cover != part {
                // More keys than the part has room for: smaller parts from here on.
                next = Some(self.table.cover.first());
                continue;
            }
            let mut walk = self.walk(victim);
            while let Some(entry) = walk.next(&mut self.io)? {
                if entry.head.kind.is_indexed() && part.holds(walk.hash) {
                    self.move_entry(&entry, walk.hash)?;
                }
            }
            next = part.next();
        }
        Ok(())
    }

    fn move_entry(&mut self, entry: &Entry, hash: u32) -> Result<(), Error> {
        let Some(slot) = self.is_indexed(hash, entry) else {
            return Ok(());
        };
        if entry.head.kind == Kind::Tombstone && self.segments.is_oldest(entry.segment) {
            // It says nothing once nothing older is left.
            self.table.remove(slot);
            self.count_out(entry);
            return Ok(());
        }
        let spare = self.io.layout.retire_room();
        let total = entry.head.resuming(None).total();
        let fits = self
            .user
            .is_some_and(|open| open.has_room(&self.io, total, spare));
        if !fits {
            return Err(Error::WriteFailed);
        }
        let copy = self.copy_record(entry, None)?;
        self.follow(hash, entry, &copy);
        Ok(())
    }

    /// Appends a copy of `entry`, its CRC made for the new place; a record whose CRC fails stays
    /// damaged. A failure closes the segment.
    pub(crate) fn copy_record(
        &mut self,
        entry: &Entry,
        void_from: Option<u32>,
    ) -> Result<Entry, Error> {
        let open = self.user.take().ok_or(Error::WriteFailed)?;
        let head = entry.head.resuming(void_from);
        let mut record = Recording::start(&mut self.io, open, &head)?;
        let damage = self.copy_body(entry, &mut record)?;
        let copy = Entry {
            damaged: entry.damaged,
            ..record.entry()
        };
        self.user = Some(record.finish(&mut self.io, damage)?);
        Ok(copy)
    }

    /// Copies key and value; returns how far the stored CRC is from the right one.
    fn copy_body(&mut self, entry: &Entry, record: &mut Recording) -> Result<u32, Error> {
        let number = self.segments.low_number(entry.segment);
        let mut crc = entry.head.start_crc(seed(number, entry.place));
        let base = self.base(entry.segment);
        let mut at = self.key_offset(entry);
        let mut left = entry.head.key_len() + entry.head.value_len;
        while left > 0 {
            let mut piece = [0; 32];
            let piece = piece.get_mut(..left.min(32) as usize).unwrap_or(&mut []);
            at = self.io.read(base, at, piece, SCAN)?;
            crc.add(piece);
            record.put(&mut self.io, piece)?;
            left -= piece.len() as u32;
        }
        let mut stored = [0; CRC_SIZE as usize];
        self.io.read(base, at, &mut stored, SCAN)?;
        Ok(u32::from_le_bytes(stored) ^ crc.value())
    }

    /// The newest record of a key is now at `copy` instead of `entry`.
    pub(crate) fn follow(&mut self, hash: u32, entry: &Entry, copy: &Entry) {
        if let Some(slot) = self.is_indexed(hash, entry) {
            let location = self.location(copy.segment, copy.place);
            self.table.replace(slot, location);
        }
        self.count_out(entry);
        self.count_in(copy);
        if let Some(stream) = &mut self.stream
            && stream.source.is_some_and(|source| {
                (source.segment, source.place) == (entry.segment, entry.place)
            })
        {
            stream.source = Some(*copy);
        }
    }

    /// Index and counts, and where the stream that is open finds its key, without what was moved to
    /// `pending`.
    pub(crate) fn restore(&mut self, pending: u16) -> Result<(), Error> {
        let mut moved = None;
        if let Some(stream) = &mut self.stream {
            moved = stream
                .source
                .take_if(|source| source.segment == pending);
        }
        self.recount()?;
        if let Some(copy) = moved {
            let identity = self.identity_of(&copy)?;
            let original = self.find(&identity)?;
            if let Some(stream) = &mut self.stream {
                stream.source = original.map(|spot| spot.entry);
            }
        }
        Ok(())
    }

    /// Which segment a retire record says is void, and the low half of its number.
    pub(crate) fn read_retire(&mut self, entry: &Entry) -> Result<Option<(u16, u32)>, Error> {
        let mut value = [0; RETIRE_SIZE as usize];
        if entry.damaged || entry.head.kind != Kind::Retire || entry.head.value_len != RETIRE_SIZE {
            return Ok(None);
        }
        let (base, at) = (self.base(entry.segment), self.value_offset(entry));
        self.io.read(base, at, &mut value, SCAN)?;
        let [a, b, number @ ..] = value;
        Ok(Some((u16::from_le_bytes([a, b]), u32::from_le_bytes(number))))
    }
}
