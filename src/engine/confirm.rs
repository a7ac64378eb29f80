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
    collect::NUMBER_SIZE,
    header::Role,
    io::Io,
    layout::{SEAL_SIZE, quotient},
    open::NUMBER_STEP,
    record::{Head, Kind, NOTE_NOTHING, seed},
    segments::State,
    tail::LOOKS,
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

/// The seal at offset `at` of the record whose place is `units` of alignment. FORMAT 3.5
fn encode_seal(number: u32, at: u32, units: u16) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = units.to_le_bytes();
    let [check, more, ..] = crc32(seed(number, at), &[low, high]).to_le_bytes();
    [low, high, check, more]
}

/// The seal at offset `at` that says of user segments with numbers up to `steps` above that of its
/// own that they are void. FORMAT 3.5
fn encode_drop(number: u32, at: u32, steps: u16) -> [u8; SEAL_SIZE as usize] {
    let [low, high] = steps.to_le_bytes();
    let [check, more, ..] = crc32(!seed(number, at), &[low, high]).to_le_bytes();
    [low, high, check, more]
}

fn read_bytes<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    at: u32,
) -> Result<[u8; SEAL_SIZE as usize], Error> {
    let address = io.layout.address(segment) + at;
    let mut found = [0; SEAL_SIZE as usize];
    for (to, from) in found
        .iter_mut()
        .zip(io.fetch(address, SEAL_SIZE, SEAL_SIZE)?)
    {
        *to = *from;
    }
    Ok(found)
}

/// Place in units of alignment that a seal names.
fn read_seal<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    index: u32,
) -> Result<Option<u16>, Error> {
    let at = io.layout.seal_at(index);
    let found = read_bytes(io, segment, at)?;
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
                self.unended_is_fresh = open.fresh;
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
        // A seal that an earlier session tried may be touched unseen: as with any place, only what
        // is programmed first in a session may come again.
        let sealable = self
            .user
            .is_none_or(|open| open.segment == segment && open.fresh);
        let sealed = sealable && self.seal(segment, place).is_ok();
        if !sealed && !self.is_said_again(segment)? {
            return Err(Error::WriteFailed);
        }
        self.unconfirmed = None;
        Ok(())
    }

    /// The way out where the seals are used up: it is said again, where the user writes now.
    fn is_said_again(&mut self, segment: u16) -> Result<bool, Error> {
        if self.user.is_none_or(|open| open.segment == segment) {
            return Ok(false);
        }
        for void in self.segments.all() {
            if self.segments.state(void) == State::Retired {
                match self.retire_again(void) {
                    Err(Error::WriteFailed) => return Ok(false),
                    result => result?,
                }
            }
        }
        Ok(true)
    }

    /// Whether there is room for a retire record where the user writes, and for what confirms it.
    pub(crate) fn can_retire(&self) -> bool {
        self.can_retire_beside(self.io.layout.retire_room())
    }

    /// As [`Self::can_retire`] for two of them.
    pub(crate) fn can_retire_twice(&self) -> bool {
        self.can_retire_beside(2 * self.io.layout.retire_room())
    }

    fn can_retire_beside(&self, spare: u32) -> bool {
        let head = Head::new(Kind::Retire, 0, 0, NUMBER_SIZE);
        self.user
            .is_some_and(|open| open.has_space(&self.io, head.total(), spare))
    }

    /// Appends a retire record to where the user writes. FORMAT 5.5
    pub(crate) fn append_retire(&mut self, segment: u16, flags: u8) -> Result<(), Error> {
        let head = Head::new(Kind::Retire, flags, 0, NUMBER_SIZE);
        let fits = self
            .user
            .is_some_and(|open| open.has_space(&self.io, head.total(), 0));
        if !fits {
            return Err(Error::WriteFailed);
        }
        let erases = self.segments.erase_count(segment) as u16;
        let value = u64::from(self.segments.low_number(segment))
            | u64::from(segment) << 32
            | u64::from(erases) << 48;
        self.append(Role::User, &head, &[], &value.to_le_bytes())
            .map(|_| ())
    }

    /// Declares a segment void where the user writes. What was declared void before, elsewhere, is
    /// made certain first: only one is kept in mind.
    pub(crate) fn declare_void(&mut self, segment: u16, flags: u8) -> Result<(), Error> {
        self.confirm_elsewhere(segment)?;
        if let Some(spoiled) = self.spoiled
            && spoiled != segment
            && self.can_retire_twice()
            && self.append_retire(spoiled, 0).is_ok()
        {
            self.spoiled = None;
        }
        self.append_retire(segment, flags)
    }

    /// Makes certain what was declared void last, unless what is written next does, or it was in
    /// `leaving`, out of which what is needed moves.
    pub(crate) fn confirm_elsewhere(&mut self, leaving: u16) -> Result<(), Error> {
        let here = self.user.map(|open| open.segment);
        match self.unconfirmed {
            Some((segment, _)) if Some(segment) != here && segment != leaving => self.confirm(),
            _ => Ok(()),
        }
    }

    fn retire_again(&mut self, void: u16) -> Result<(), Error> {
        if !self.can_retire() {
            return Err(Error::WriteFailed);
        }
        self.append_retire(void, 0)?;
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0);
        self.append(Role::User, &note, &[], &[]).map(|_| ())
    }

    /// Seals the record at `place`.
    pub(crate) fn seal(&mut self, segment: u16, place: u32) -> Result<(), Error> {
        let units = quotient(place, self.io.layout.align) as u16;
        let number = self.segments.low_number(segment);
        self.program_seal(segment, |at| encode_seal(number, at, units))
    }

    /// Says in a seal of `segment`, where the user wrote, that the newer segment `dropped` is void.
    pub(crate) fn seal_drop(&mut self, segment: u16, dropped: u16) -> Result<(), Error> {
        let own = self.segments.number(segment);
        let above = self.segments.number(dropped).saturating_sub(own);
        let steps = u16::try_from(above / NUMBER_STEP).map_err(|_| Error::WriteFailed)?;
        self.program_seal(segment, |at| encode_drop(own as u32, at, steps))
    }

    /// The highest number that a seal of `segment` says is void.
    pub(crate) fn sealed_drop(&mut self, segment: u16) -> Result<Option<u64>, Error> {
        let own = self.segments.number(segment);
        let mut highest = None;
        for index in 0..self.io.layout.seals() {
            let at = self.io.layout.seal_at(index);
            let found = read_bytes(&mut self.io, segment, at)?;
            let [low, high, ..] = found;
            let steps = u16::from_le_bytes([low, high]);
            if found == encode_drop(own as u32, at, steps) {
                let named = own.saturating_add(u64::from(steps) * NUMBER_STEP);
                highest = highest.max(Some(named));
            }
        }
        Ok(highest)
    }

    /// Programs the first seal that was not touched.
    fn program_seal(
        &mut self,
        segment: u16,
        encode: impl Fn(u32) -> [u8; SEAL_SIZE as usize],
    ) -> Result<(), Error> {
        let layout = self.io.layout;
        let number = self.segments.low_number(segment);
        for index in 0..layout.seals() {
            let at = layout.seal_at(index);
            let address = self.base(segment) + at;
            let found = read_bytes(&mut self.io, segment, at)?;
            let [low, high, ..] = found;
            let value = u16::from_le_bytes([low, high]);
            let bytes = encode(at);
            let used =
                found == encode_seal(number, at, value) || found == encode_drop(number, at, value);
            let mut usable = !used;
            if self.io.shape.needs_erase {
                for _ in 0..LOOKS {
                    self.io.forget();
                    usable &= self.io.is_blank(address, address + layout.seal_size())?;
                }
            } else {
                usable |= found == bytes;
            }
            if usable && self.io.program_bytes(address, &bytes).is_ok() {
                return Ok(());
            }
        }
        Err(Error::WriteFailed)
    }
}
