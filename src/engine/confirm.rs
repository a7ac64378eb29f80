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
    collect::NUMBER_SIZE,
    header::Role,
    record::{Head, Kind, NOTE_NOTHING, RETIRE_DROPPED},
    segments::State,
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Notes that a record was programmed: what stands before it in its segment is certain.
    pub(crate) fn note_written(&mut self, entry: &Entry) {
        let resumes = entry.resumes_from(self.io.layout.align).is_some();
        if let Some(open) = self.destination
            && open.segment == entry.segment
        {
            // Of what resumes nothing counts while it is the last: what it voids would count once
            // another destination is opened, and no more when that one is gone.
            if entry.head.kind != Kind::Note || resumes {
                self.unended = Some((entry.segment, entry.place));
                self.unended_is_fresh = open.fresh;
            } else {
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
            && self.append_retire(spoiled, RETIRE_DROPPED).is_ok()
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
}
