//! Destinations: going on in one that was open at the mount, and making certain what was moved to
//! one last.
//!
//! Invariant: the last record of a destination does not count after a mount, so nothing rests on it
//! before another one, or a seal, follows. `docs/format.md` sections 8.2 and 9.3.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::{put, take},
    header::Role,
    io::SCAN,
    record::{Head, Kind, NOTE_ANNOUNCES, NOTE_NOTHING},
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

/// Bytes of the value of an announcement: a number and an offset.
const ANNOUNCEMENT: u32 = 12;

impl<F: Flash> Engine<'_, F> {
    /// Makes certain what was moved to a destination last, with a note or a seal behind it. Where
    /// neither can be programmed it moves on to where the user writes.
    pub(crate) fn end_destination(&mut self) -> Result<(), Error> {
        let Some((segment, place)) = self.unended else {
            return Ok(());
        };
        let leaves = self
            .collection
            .is_some_and(|collection| collection.victim == segment);
        if leaves {
            return Ok(());
        }
        if !self.segments.is_used(segment) || self.append_end(segment) {
            self.unended = None;
            return Ok(());
        }
        let location = self.location(segment, place);
        let entry = self.entry_at(location, SCAN)?;
        if let Some(entry) = entry {
            self.move_voided(&entry)?;
        }
        if let Some(entry) = entry.filter(|entry| entry.head.kind.is_indexed()) {
            let identity = self.identity_of(&entry)?;
            let hash = identity.hash;
            let live = if self.table.cover.holds(hash) {
                self.is_indexed(hash, &entry).is_some()
            } else {
                let newest = self.find(&identity)?;
                newest.is_some_and(|newest| newest.entry == entry)
            };
            // In one from an earlier session a seal may be touched unseen.
            let seal =
                |engine: &mut Self| engine.unended_is_fresh && engine.seal(segment, place).is_ok();
            if live && !seal(self) {
                self.move_end(&entry, hash)?;
            }
        }
        self.unended = None;
        Ok(())
    }

    /// Appends a note to the destination that is open; returns whether it is `segment` and that
    /// went well.
    fn append_end(&mut self, segment: u16) -> bool {
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0);
        let fits = self.destination.is_some_and(|open| {
            open.segment == segment && open.has_space(&self.io, note.total(), 0)
        });
        fits && self.append(Role::Destination, &note, &[], &[]).is_ok()
    }

    /// The way out where the seals are used up, or the flash fails.
    fn move_end(&mut self, entry: &Entry, hash: u32) -> Result<(), Error> {
        let unsettled = self
            .tail_of(Role::Destination)
            .is_some_and(|tail| tail.segment == entry.segment);
        // What is announced where nothing counts yet is not found again.
        let settled = unsettled && !self.is_pending() && self.settle_destination()?;
        if settled && self.append_end(entry.segment) {
            return Ok(());
        }
        self.copy_to_user(entry, hash)
    }

    fn copy_to_user(&mut self, entry: &Entry, hash: u32) -> Result<(), Error> {
        let fits = self
            .user
            .is_some_and(|open| open.has_room(&self.io, entry.head.total(), 0));
        if !fits {
            return Err(Error::WriteFailed);
        }
        self.copy_record(entry, Role::User, None, Some(hash))
            .map(|_| ())
    }

    /// The way out where nothing can be programmed behind the note with which writing went on: as
    /// long as it is the last, what it voids may count or not. A newer copy outranks it.
    fn move_voided(&mut self, note: &Entry) -> Result<(), Error> {
        let Some(place) = note.resumes_from(self.io.layout.align) else {
            return Ok(());
        };
        let location = self.location(note.segment, place);
        let Some(voided) = self.entry_at(location, SCAN)? else {
            return Ok(());
        };
        if !voided.head.kind.is_indexed() {
            return Ok(());
        }
        let identity = self.identity_of(&voided)?;
        let newest = self.find(&identity)?.map(|spot| spot.entry);
        let number = self.segments.number(note.segment);
        match newest.filter(|newest| self.segments.number(newest.segment) <= number) {
            Some(newest) => self.copy_to_user(&newest, identity.hash),
            None => Ok(()),
        }
    }

    /// Nothing more is moved to the destination that is open.
    pub(crate) fn close_destination(&mut self) -> Result<(), Error> {
        self.end_destination()?;
        self.destination = None;
        Ok(())
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
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0)
            .resuming(Some(layout.whole_units(tail.void_from)));
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
        let number = self.segments.number(tail.segment);
        put(&mut bytes, 0, number.to_le_bytes());
        put(&mut bytes, 8, to.to_le_bytes());
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
        let announced = (
            u64::from_le_bytes(take(&bytes, 0)),
            u32::from_le_bytes(take(&bytes, 8)),
        );
        self.announced = self.announced.max(announced);
        Ok(())
    }
}
