//! The first write after a mount: what the last power cut may have left in doubt is settled.
//!
//! The record programmed last may have been cut off and still read well, and the units behind it
//! may have been touched and still read as erased. So writing goes on in a block that cannot have
//! been touched, with a copy of that record which declares what is before it void; where there is
//! no room for it the segment is collected as a whole. Until then that record is read from RAM.
//!
//! Invariant: the copy is the first thing that is programmed, or where there is no room for it the
//! seal of what the record before it declares void. A cut in it may leave no trace, and then the
//! next mount sees what this one saw. `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::Role,
    layout::quotient,
    record::{Head, Kind, NOTE_NOTHING, NOTE_RESET, RETIRE_DROPPED},
    segments::State,
    tail::Tail,
    write::Open,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Settles what is in doubt: first where the user wrote, then what was dropped must not come
    /// back. The destination can wait (`destination.rs`).
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        self.resume_user()?;
        self.erase_dirty();
        if self.resetting {
            self.finish_reset();
        }
        self.resumed = true;
        Ok(())
    }

    /// Erases what nothing is known of, what headers say of others last. What this start decided is
    /// certain before: another look may find that what is erased here counts.
    fn erase_dirty(&mut self) {
        let doubtful = |state| matches!(state, State::Dirty | State::Dropped);
        let any = |engine: &Self| {
            let mut all = engine.segments.all();
            all.any(|segment| doubtful(engine.segments.state(segment)))
        };
        if !any(self) || self.confirm().is_err() {
            return;
        }
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Dirty {
                let _set_aside_on_failure = self.erase_segment(segment);
            }
        }
        for _ in self.segments.all() {
            if let Some(segment) = self.newest_in(State::Dropped) {
                let _set_aside_on_failure = self.erase_segment(segment);
            }
        }
    }

    /// Says that dropped segments are void: if an erase is cut off, what made the mount drop that
    /// one may read well again.
    fn tell_dropped(&mut self) {
        if !self.io.shape.needs_erase {
            return;
        }
        for segment in self.segments.all() {
            if self.segments.state(segment) != State::Dropped {
                continue;
            }
            if self.can_retire() {
                let _as_before = self.declare_void(segment, RETIRE_DROPPED);
            }
        }
    }

    fn resume_user(&mut self) -> Result<(), Error> {
        let Some(tail) = self.tail_of(Role::User) else {
            return Ok(());
        };
        if self.copy_last(&tail)? {
            self.show_from(tail.segment, tail.safe);
            self.forget_tail(tail.segment);
            self.tell_dropped();
            return Ok(());
        }
        self.give_up_place(Role::User);
        self.user = None;
        self.doubt_void_before();
        self.erase_void(tail.segment)?;
        self.collect_tail(tail.segment)
    }

    /// Erases what is of unknown content or void, so that the records which say so need not move:
    /// there may be no room for them where everything else is to go.
    fn erase_void(&mut self, segment: u16) -> Result<(), Error> {
        let source = self.source(segment)?;
        let is_void = |other: &u16| self.segments.state(*other) == State::Retired;
        let any = self.segments.all().any(|other| is_void(&other));
        let moves = self
            .segments
            .all()
            .any(|other| is_void(&other) && Some(other) != source);
        let stays = match self.oldest_in(State::Retired) {
            Some(oldest) => self.keeps_dropped(oldest)?,
            None => false,
        };
        if !any {
            self.unconfirmed = None;
        } else if !stays {
            // First of all: an earlier session may have tried that seal, and touched it unseen.
            let _or_it_moves = self.confirm();
        }
        for other in self.segments.all() {
            if self.segments.state(other) == State::Dirty {
                let _set_aside_on_failure = self.erase_segment(other);
            }
        }
        for _ in self.segments.all() {
            if let Some(other) = self.oldest_in(State::Retired)
                && moves
                && self.unconfirmed.is_none()
                && !self.keeps_dropped(other)?
            {
                let _set_aside_on_failure = self.erase_segment(other);
            }
        }
        Ok(())
    }

    /// What the record before the last declares void rests on the last one, which is in doubt: it
    /// is confirmed before anything void is erased.
    pub(crate) fn doubt_void_before(&mut self) {
        if let Some(tail) = self.tail_of(Role::User)
            && let Some(place) = tail.void_before
        {
            self.unconfirmed = Some((tail.segment, place));
        }
    }

    /// A segment that was open at the mount, with writing to go on in its safe block.
    pub(crate) fn open_behind(&self, tail: &Tail) -> Open {
        Open {
            segment: tail.segment,
            number: self.segments.low_number(tail.segment),
            place: tail.safe,
            units: tail.units,
            breaks: true,
            marks: false,
            fresh: false,
        }
    }

    /// Copies the last record behind itself, or says that it is void where it is not needed.
    /// `false`: no room, or the flash failed.
    fn copy_last(&mut self, tail: &Tail) -> Result<bool, Error> {
        let last = tail.last;
        let void_from = Some(quotient(tail.void_from, self.io.layout.align));
        let identity = match last.head.kind {
            kind if kind.is_indexed() => Some(self.identity_of(&last)?),
            _ => None,
        };
        let needed = match identity {
            Some(identity) if self.table.cover.holds(identity.hash) => {
                self.is_indexed(identity.hash, &last).is_some()
            }
            Some(_) => true,
            None if last.head.kind == Kind::Note && last.head.flags == NOTE_RESET => {
                !self.resetting
            }
            None => self.is_needed_remark(&last)?,
        };
        let head = if needed {
            last.head
        } else {
            Head::new(Kind::Note, NOTE_NOTHING, 0, 0)
        };
        let head = head.resuming(void_from);
        let open = self.open_behind(tail);
        let dropped = self
            .segments
            .all()
            .any(|segment| self.segments.state(segment) == State::Dropped);
        // What was dropped is declared void behind the copy.
        let room = self.io.layout.retire_room();
        let spare = if dropped { 2 * room } else { room };
        let fits = open.has_space(&self.io, head.total(), spare)
            && open.units + self.io.layout.units_of(&head) <= self.io.layout.payload_units();
        if !fits {
            return Ok(false);
        }
        self.user = Some(open);
        let written = if needed {
            let hash = identity.map(|identity| identity.hash);
            self.copy_record(&last, Role::User, void_from, hash)
                .map(|_| ())
        } else {
            self.append(Role::User, &head, &[], &[]).map(|_| ())
        };
        match written {
            Ok(()) => Ok(true),
            Err(Error::WriteFailed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The way out where a segment has no room to go on: all that is live in it moves to a fresh
    /// segment.
    fn collect_tail(&mut self, segment: u16) -> Result<(), Error> {
        let mut tries = self.segments.count();
        loop {
            self.user = None;
            if self.segments.free() == 0 {
                let _no_other_way = self.free_empty()?;
            }
            let result = self
                .start_collection(segment, Role::User, true)
                .and_then(|()| self.finish_collection());
            match result {
                Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                result => return result,
            }
            self.revive(segment)?;
        }
    }

    /// The way out where both seals of `segment` are touched, so that what it declares void cannot
    /// be erased, and where there is no room for saying it again: that counts as in use. All its
    /// records are superseded, or it stays void.
    fn revive(&mut self, segment: u16) -> Result<(), Error> {
        for void in self.segments.all() {
            if self.segments.state(void) != State::Retired || self.is_told_dropped(segment, void)? {
                continue;
            }
            self.recount()?;
            let before = (self.live, self.keys);
            self.segments.set_state(void, State::Used);
            self.recount()?;
            if (self.live, self.keys) != before {
                self.segments.set_state(void, State::Retired);
                self.recount()?;
            }
        }
        let is_void = |other: u16| self.segments.state(other) == State::Retired;
        if !self.segments.all().any(is_void) {
            self.unconfirmed = None;
        }
        Ok(())
    }

    /// Whether `segment` says that `void` holds what an earlier start dropped: that may be newer
    /// than what counts.
    fn is_told_dropped(&mut self, segment: u16, void: u16) -> Result<bool, Error> {
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            if entry.head.kind == Kind::Retire
                && entry.head.flags & RETIRE_DROPPED != 0
                && (self.read_number(&entry)? >> 32) as u16 == void
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
