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
    io::SCAN,
    mount::LOOKS_FOR_MARKER,
    record::{Head, Kind, NOTE_NOTHING, NOTE_RESET, RETIRE_DROPPED},
    segments::State,
    tail::Tail,
    walk::{Entry, Hidden, crc_holds, read_head},
    write::Open,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Settles what is in doubt: first where the user wrote, then what was dropped must not come
    /// back. The destination can wait (`destination.rs`).
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        let settled = self.settle();
        // What is half done cannot be begun again: where it stands is on flash only. Where the
        // flash takes no more programs, what is there is known all the same, and can be read.
        self.half_known |= settled == Err(Error::ReadFailed) && self.io.begun;
        settled
    }

    fn settle(&mut self) -> Result<(), Error> {
        if let Some(sealed) = self.seals_last()? {
            self.look_again()?;
            if sealed {
                // This session programmed that seal.
                self.unconfirmed = None;
            }
        }
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
    /// `false`: no room, the flash failed, or something was programmed already.
    fn copy_last(&mut self, tail: &Tail) -> Result<bool, Error> {
        let last = tail.last;
        let void_from = Some(self.io.layout.whole_units(tail.void_from));
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
        // As anything but the first that is programmed, a copy that is cut off unseen would be
        // programmed over by the next start.
        if self.io.begun || !self.fits_behind(tail, &head) {
            return Ok(false);
        }
        self.user = Some(self.open_behind(tail));
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

    /// Whether there is room behind what may be touched for `head`, and what has to follow.
    fn fits_behind(&self, tail: &Tail, head: &Head) -> bool {
        let open = self.open_behind(tail);
        let dropped = self
            .segments
            .all()
            .any(|segment| self.segments.state(segment) == State::Dropped);
        // What was dropped is declared void behind the copy.
        let room = self.io.layout.retire_room();
        let spare = if dropped { 2 * room } else { room };
        open.has_space(&self.io, head.total(), spare)
            && open.units + self.io.layout.units_of(head) <= self.io.layout.payload_units()
    }

    /// Seals a retire record that is the last one, where there is no room for saying that it is
    /// void: what follows it may show at another look, and what was collected would be erased by
    /// then. It is complete where it reads well at every look: one that a cut left in doubt has
    /// nothing behind it, and never counts.
    ///
    /// Returns whether the seal was programmed, or nothing where the record does not count.
    fn seals_last(&mut self) -> Result<Option<bool>, Error> {
        let Some(tail) = self.tail_of(Role::User) else {
            return Ok(None);
        };
        let last = tail.last;
        let note = Head::new(Kind::Note, NOTE_NOTHING, 0, 0)
            .resuming(Some(self.io.layout.whole_units(tail.void_from)));
        if last.head.kind != Kind::Retire || self.fits_behind(&tail, &note) {
            return Ok(None);
        }
        let value = self.read_number(&last)?;
        let victim = (value >> 32) as u16;
        let counts = self.segments.is_used(victim)
            && self.segments.low_number(victim) == value as u32
            && self.segments.number(victim) < self.segments.number(last.segment);
        if !counts || !self.reads_well_at_every_look(&last)? {
            return Ok(None);
        }
        // Where an earlier start tried that, and was cut off, the seal may read well or not: each
        // start comes to this again, and nothing is erased before it is said elsewhere.
        self.io.sealed = self.base(last.segment) + last.place;
        Ok(Some(self.seal(last.segment, last.place).is_ok()))
    }

    /// Whether a record verifies at every look at the flash itself.
    fn reads_well_at_every_look(&mut self, entry: &Entry) -> Result<bool, Error> {
        let pinned = self.io.lift_pin();
        let number = self.segments.low_number(entry.segment);
        let mut certain = Ok(true);
        for _ in 0..LOOKS_FOR_MARKER {
            self.io.forget();
            let head = read_head(&mut self.io, entry.segment, number, entry.place, SCAN);
            let holds = crc_holds(&mut self.io, number, entry, SCAN);
            certain = match (certain, head, holds) {
                (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => Err(error),
                (Ok(certain), Ok(head), Ok(holds)) => {
                    Ok(certain && holds && head == Some(entry.head))
                }
            };
        }
        self.io.put_pin_back(pinned);
        self.io.forget();
        certain
    }

    /// What every call that writes begins with: where a read failed while what was in doubt was
    /// being settled, or at another look, RAM has half of what is there; nothing is decided by
    /// that, and until then reads fail.
    pub(crate) fn ready(&mut self) -> Result<(), Error> {
        if self.half_known {
            self.look_again()
        } else {
            Ok(())
        }
    }

    /// Mounts anew: what was sealed just now decides otherwise than the mount did.
    fn look_again(&mut self) -> Result<(), Error> {
        self.half_known = true;
        let recovered = (self.recovered_records, self.recovered_segments);
        self.user = None;
        self.destination = None;
        self.collection = None;
        self.last_destination = 0;
        self.unended_is_fresh = false;
        self.opened = false;
        self.tails = [None; 2];
        self.hidden = [Hidden::default(); 2];
        self.announced = (0, 0);
        self.named = None;
        self.namer = None;
        self.spoiled = None;
        self.resetting = false;
        self.unended = None;
        self.unconfirmed = None;
        self.verified = (0, 0);
        self.io.unpin();
        // It was a store just now: the flash reads wrong.
        self.mount_segments().map_err(|_| Error::ReadFailed)?;
        self.half_known = false;
        (self.recovered_records, self.recovered_segments) = recovered;
        Ok(())
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
