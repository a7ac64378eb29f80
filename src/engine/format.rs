//! Making a partition an empty store: `format` for any content, `reset` for a mounted store.
//!
//! Invariant: a reset is one record; before it all keys are there, behind it none.
//! `docs/format.md` section 8.3.
#![forbid(unsafe_code)]

use super::{
    Engine,
    collect::NUMBER_SIZE,
    header::Role,
    record::{Head, Kind, NOTE_RESET},
    segments::State,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Erases every segment. All are marked as to be erased again before they are opened: any other
    /// marker in a partition without a segment in use is from before, and its segment may be torn.
    pub(crate) fn erase_all(&mut self) -> Result<(), Error> {
        self.io.unpin();
        self.tails = [None; 2];
        for segment in self.segments.all() {
            self.segments.set_state(segment, State::Dirty);
        }
        let mut stale = false;
        for segment in self.segments.all() {
            if self.erase_unmarked(segment).is_ok() {
                let _set_aside_on_failure = self.mark(segment, true);
            } else {
                // What is there already would be found again by the next mount.
                self.io.forget();
                stale |= self.header(segment) != Ok(None);
            }
        }
        if stale || self.segments.usable() < 2 {
            return Err(Error::WriteFailed);
        }
        self.io.sync()
    }

    /// Removes everything, reserved data and write-once keys too.
    pub(crate) fn reset_all(&mut self) -> Result<(), Error> {
        if self.segments.usable() < 2 {
            return Err(Error::ReadOnly);
        }
        self.collection = None;
        let mut all = self.segments.all();
        let dropped = all.any(|segment| self.segments.state(segment) == State::Dropped);
        if !self.resumed && (dropped || self.segments.free() == 0) {
            // What is dropped must not be opened before it is said to be void; and where a cut left
            // none free, there is one in which nothing is live.
            let _reset_goes_on = self.prepare_write();
            self.ready()?;
        }
        if self.resumed {
            // Behind what is in doubt a note can follow now, and not once the segment is closed.
            let _or_the_next_says_it_again = self.confirm();
            if self.segments.free() == 0 {
                let _no_other_way = self.free_empty()?;
            }
        }
        self.doubt_void_before();
        // Nothing may be announced in the old segments: the last record there may be in doubt.
        self.user = None;
        self.destination = None;
        self.unended = None;
        let mut tries = self.segments.count();
        loop {
            match self.write_reset() {
                Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                result => break result?,
            }
        }
        self.tails = [None; 2];
        self.io.unpin();
        self.resumed = true;
        self.verified = (0, 0);
        let open = self.user.map(|open| open.segment);
        for segment in self.segments.all() {
            if Some(segment) != open && self.segments.is_used(segment) {
                self.segments.set_state(segment, State::Retired);
            }
        }
        self.recount()?;
        self.finish_reset();
        self.io.sync()
    }

    /// Erases what a reset declared void, also one that was cut off, and notes that it is done.
    /// Where the flash fails, the next mount doubts what may be erased in part.
    pub(crate) fn finish_reset(&mut self) {
        // What this start took for the reset may be gone at the next look.
        if self.confirm().is_err() {
            return;
        }
        self.settle_doubted();
        while self.erase_one() {}
        let done = Head::new(Kind::Note, NOTE_RESET, 0, 0);
        let spare = self.io.layout.retire_room();
        let fits = self
            .user
            .is_some_and(|open| open.has_space(&self.io, done.total(), spare));
        if fits {
            let _doubted_again_where_it_fails = self.append(Role::User, &done, &[], &[]);
        }
        self.resetting = false;
    }

    fn write_reset(&mut self) -> Result<(), Error> {
        let open = self.open_segment(Role::User, None)?;
        let number = self.segments.number(open.segment);
        self.user = Some(open);
        let head = Head::new(Kind::Reset, 0, 0, NUMBER_SIZE);
        self.append(Role::User, &head, &[], &number.to_le_bytes())?;
        self.confirm()
    }
}
