//! What makes certain that something is void.
//!
//! The record programmed last before power failed may read differently at every look. So a retire
//! or reset record counts only when something was programmed behind it: another record, or the
//! seal of its segment, which has a place of its own and needs no room in the log.
//!
//! Invariant: nothing that is void is erased before that. `docs/format.md` sections 3.5, 5.5, 8.2.
#![forbid(unsafe_code)]

use super::{
    Engine,
    checksum::crc32,
    header::Role,
    io::{Io, SCAN},
    layout::{SEAL_SIZE, quotient},
    record::{Head, Kind, seed},
    resume::LOOKS,
    segments::State,
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

/// Note: nothing but what its header says. FORMAT 5.6
pub(crate) const NOTE_NOTHING: u8 = 0;
/// Note: the destination with this number is written to up to this place. FORMAT 5.6
pub(crate) const NOTE_ANNOUNCES: u8 = 1;
/// Note: what the reset record before it declares void is erased. FORMAT 5.6
pub(crate) const NOTE_RESET: u8 = 2;
/// Bytes of the value of an announcement: a number and an offset.
const ANNOUNCEMENT: u32 = 12;

/// The seal at offset `at` of the record whose place is `units` of alignment. FORMAT 3.5
fn encode_seal(number: u32, at: u32, units: u16) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = units.to_le_bytes();
    let [check, more, ..] = crc32(seed(number, at), &[low, high]).to_le_bytes();
    [low, high, check, more]
}

/// Place in units of alignment that a seal names.
fn read_seal<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    index: u32,
) -> Result<Option<u16>, Error> {
    let at = io.layout.seal_at(index);
    let address = io.layout.address(segment) + at;
    let mut found = [0; SEAL_SIZE as usize];
    for (to, from) in found
        .iter_mut()
        .zip(io.fetch(address, SEAL_SIZE, SEAL_SIZE)?)
    {
        *to = *from;
    }
    let [low, high, ..] = found;
    let units = u16::from_le_bytes([low, high]);
    Ok((found == encode_seal(number, at, units)).then_some(units))
}

/// Whether the record at `place` is sealed.
pub(crate) fn is_sealed<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    place: u32,
) -> Result<bool, Error> {
    let units = quotient(place, io.layout.align) as u16;
    for index in 0..io.layout.seals() {
        if read_seal(io, segment, number, index)? == Some(units) {
            return Ok(true);
        }
    }
    Ok(false)
}

impl<F: Flash> Engine<'_, F> {
    /// Whether the record at `place` is sealed.
    pub(crate) fn is_sealed(&mut self, segment: u16, place: u32) -> Result<bool, Error> {
        let number = self.segments.low_number(segment);
        is_sealed(&mut self.io, segment, number, place)
    }

    /// Notes that a record was programmed: what stands before it in its segment is certain.
    pub(crate) fn note_written(&mut self, entry: &Entry) {
        let resumes = entry.resumes_from(self.io.layout.align).is_some();
        if let Some(open) = self.destination
            && open.segment == entry.segment
        {
            if entry.head.kind != Kind::Note {
                self.unended = Some((entry.segment, entry.place));
            } else if !resumes {
                self.unended = None;
            }
        } else if entry.head.kind.is_void() || resumes {
            self.unconfirmed = Some((entry.segment, entry.place));
        } else if self
            .unconfirmed
            .is_some_and(|(segment, _)| segment == entry.segment)
        {
            self.unconfirmed = None;
        }
    }

    /// Makes certain what was moved to a destination last: the last record there does not count
    /// after a mount, so a note comes behind it. Where the flash fails it moves on.
    pub(crate) fn end_destination(&mut self) -> Result<(), Error> {
        let Some((segment, place)) = self.unended else {
            return Ok(());
        };
        if !self.segments.is_used(segment) {
            self.unended = None;
            return Ok(());
        }
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0);
        let fits = self.destination.is_some_and(|open| {
            open.segment == segment && open.has_space(&self.io, note.total(), 0)
        });
        if fits && self.append(Role::Destination, &note, &[], &[]).is_ok() {
            return Ok(());
        }
        let location = self.location(segment, place);
        if let Some(entry) = self.entry_at(location, SCAN)?
            && entry.head.kind.is_indexed()
        {
            let hash = self.identity_of(&entry)?.hash;
            let live = !self.table.cover.holds(hash) || self.is_indexed(hash, &entry).is_some();
            let fits = self
                .user
                .is_some_and(|open| open.has_room(&self.io, entry.head.total(), 0));
            if live && !fits {
                return Err(Error::WriteFailed);
            }
            if live {
                self.copy_record(&entry, Role::User, None, Some(hash))?;
            }
        }
        self.unended = None;
        Ok(())
    }

    /// Makes certain what was declared void last.
    pub(crate) fn confirm(&mut self) -> Result<(), Error> {
        let Some((segment, place)) = self.unconfirmed else {
            return Ok(());
        };
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0);
        let fits = self.user.is_some_and(|open| {
            open.segment == segment && open.has_space(&self.io, note.total(), 0)
        });
        if fits && self.append(Role::User, &note, &[], &[]).is_ok() {
            return Ok(());
        }
        if self.seal(segment, place).is_err() {
            // Where the seals are used up it is said again, where the user writes now.
            if self.user.is_none_or(|open| open.segment == segment) {
                return Err(Error::WriteFailed);
            }
            for void in self.segments.all() {
                if self.segments.state(void) == State::Retired {
                    self.retire_again(void)?;
                }
            }
        }
        self.unconfirmed = None;
        Ok(())
    }

    fn retire_again(&mut self, void: u16) -> Result<(), Error> {
        if !self.can_retire() {
            return Err(Error::WriteFailed);
        }
        self.append_retire(void)?;
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0);
        self.append(Role::User, &note, &[], &[]).map(|_| ())
    }

    /// Seals the record at `place`, in the first seal that was not touched.
    pub(crate) fn seal(&mut self, segment: u16, place: u32) -> Result<(), Error> {
        let layout = self.io.layout;
        let units = quotient(place, layout.align) as u16;
        let number = self.segments.low_number(segment);
        for index in 0..layout.seals() {
            let at = layout.seal_at(index);
            let address = self.base(segment) + at;
            let mut untouched = read_seal(&mut self.io, segment, number, index)?.is_none();
            for _ in 0..LOOKS {
                self.io.forget();
                untouched &= !self.io.shape.needs_erase
                    || self.io.is_blank(address, address + layout.seal_size())?;
            }
            let bytes = encode_seal(number, at, units);
            if untouched && self.io.program_bytes(address, &bytes).is_ok() {
                return Ok(());
            }
        }
        Err(Error::WriteFailed)
    }

    /// Writing goes on in the destination that was open at the mount. What it was to take last is
    /// void: its original is still there. `false`: there is no room for saying so.
    ///
    /// A power cut may leave no trace of that in the destination, so it is announced where the user
    /// writes: the next mount goes on behind it.
    pub(crate) fn settle_destination(&mut self) -> Result<bool, Error> {
        let Some(tail) = self.tail_of(Role::Destination) else {
            return Ok(true);
        };
        let layout = self.io.layout;
        let note = Head {
            void_from: Some(quotient(tail.void_from, layout.align)),
            ..Head::new(Kind::Note, NOTE_NOTHING, 0, 0)
        };
        let open = self.open_behind(&tail);
        let announcement = Head::new(Kind::Note, NOTE_ANNOUNCES, 0, ANNOUNCEMENT);
        let spare = layout.retire_room();
        let fits = self
            .user
            .is_some_and(|user| user.has_room(&self.io, announcement.total(), spare))
            && open.has_space(&self.io, note.total(), spare);
        if !fits {
            return Ok(false);
        }
        let to = layout.block_end(layout.end_of(tail.safe, note.total()) - 1);
        let mut bytes = [0; ANNOUNCEMENT as usize];
        let (number, place) = bytes.split_at_mut(8);
        number.copy_from_slice(&self.segments.number(tail.segment).to_le_bytes());
        place.copy_from_slice(&to.to_le_bytes());
        self.append(Role::User, &announcement, &[], &bytes)?;
        self.destination = Some(open);
        if self.append(Role::Destination, &note, &[], &[]).is_err() {
            self.give_up_place(Role::Destination);
            return Ok(false);
        }
        self.show_from(tail.segment, tail.safe);
        *self.tail(Role::Destination) = None;
        Ok(true)
    }

    /// Takes in an announcement, for the newest destination that one was made for.
    pub(crate) fn note_announced(&mut self, entry: &Entry) -> Result<(), Error> {
        let mut bytes = [0; ANNOUNCEMENT as usize];
        if entry.head.flags != NOTE_ANNOUNCES
            || entry.head.value_len != ANNOUNCEMENT
            || self.read_checked(entry, 0, &mut bytes).is_err()
        {
            return Ok(());
        }
        let (number, place) = bytes.split_at(8);
        let announced = (
            u64::from_le_bytes(number.try_into().unwrap_or_default()),
            u32::from_le_bytes(place.try_into().unwrap_or_default()),
        );
        self.announced = self.announced.max(Some(announced));
        Ok(())
    }
}
