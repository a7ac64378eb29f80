//! What the segments on flash say of others: that they are void, or were dropped.
//!
//! Invariant: reads only; what is void or dropped is older than what says so, but for a segment
//! that an earlier start dropped while it was the newest. `docs/format.md` sections 5.5 and 9.2.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::Role,
    mount::NUMBER_MAX,
    open::NUMBER_STEP,
    record::{Kind, RETIRE_DROPPED},
    segments::State,
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// Sets aside what a retire or reset record declares void: always something older.
    pub(crate) fn apply_void(&mut self, entry: &Entry) -> Result<(), Error> {
        let value = self.read_number(entry)?;
        let own = self.segments.number(entry.segment);
        if entry.head.kind == Kind::Retire {
            self.note_number(own, value as u32);
            let (segment, erases) = ((value >> 32) as u16, (value >> 48) as u16);
            match self.segments.state(segment) {
                State::Used
                    if self.segments.low_number(segment) == value as u32
                        && self.segments.number(segment) < own =>
                {
                    self.segments.set_state(segment, State::Retired);
                    if entry.head.flags & RETIRE_DROPPED == 0 {
                        self.retire_sources(segment)?;
                    }
                }
                // Its erase was cut off and left the marker from before.
                State::Erased if self.segments.erase_count(segment) as u16 == erases => {
                    self.segments.set_state(segment, State::Dirty);
                }
                _ => {}
            }
            return Ok(());
        }
        self.resetting = true;
        for segment in self.segments.all() {
            let other = self.segments.number(segment);
            if self.segments.is_used(segment) && other < value && other < own {
                self.segments.set_state(segment, State::Retired);
            }
        }
        Ok(())
    }

    /// What was collected into a void segment is void with it.
    pub(crate) fn retire_sources(&mut self, segment: u16) -> Result<(), Error> {
        let mut current = segment;
        for _ in self.segments.all() {
            self.retire_passed(current)?;
            let Some(source) = self.source(current)? else {
                break;
            };
            if self.segments.is_used(source) {
                self.segments.set_state(source, State::Retired);
            }
            current = source;
        }
        Ok(())
    }

    /// User segments that were passed over when this one was opened are void: an earlier start
    /// found nothing in them.
    pub(crate) fn retire_passed(&mut self, segment: u16) -> Result<(), Error> {
        let Some(header) = self.header(segment)?.filter(|header| header.passes > 1) else {
            return Ok(());
        };
        let steps = NUMBER_STEP * u64::from(header.passes);
        let from = header.number.saturating_sub(steps);
        for other in self.segments.all() {
            let number = self.segments.number(other);
            if self.segments.is_used(other)
                && number.is_multiple_of(NUMBER_STEP)
                && (from.saturating_add(1)..header.number).contains(&number)
            {
                self.segments.set_state(other, State::Retired);
            }
        }
        Ok(())
    }

    /// Whether something was collected from this segment into one that was dropped and ranks above
    /// all that counts: it has to be there while that is. Without it, all that is in the copy would
    /// seem to count.
    pub(crate) fn keeps_dropped(&mut self, segment: u16) -> Result<bool, Error> {
        for other in self.segments.all() {
            if self.is_dropped_above(other) && self.source(other)? == Some(segment) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// As [`Self::keeps_dropped`], by what is known in RAM: `false` is certain.
    pub(crate) fn may_keep_dropped(&self, segment: u16) -> bool {
        let number = self.segments.number(segment);
        self.segments
            .all()
            .any(|other| self.is_dropped_above(other) && self.segments.number(other) > number)
    }

    /// Whether a segment was dropped, and is newer than the one where the user wrote.
    pub(crate) fn is_dropped_above(&self, segment: u16) -> bool {
        let tail = self.tail_of(Role::User).map(|tail| tail.segment);
        self.segments.state(segment) == State::Dropped
            && tail.is_none_or(|tail| self.segments.number(segment) > self.segments.number(tail))
    }

    /// The segment in use or void that was collected into this one.
    pub(crate) fn source(&mut self, segment: u16) -> Result<Option<u16>, Error> {
        let Some(number) = self.header(segment)?.and_then(|header| header.source()) else {
            return Ok(None);
        };
        Ok(self.segments.all().find(|&other| {
            matches!(
                self.segments.state(other),
                State::Used | State::Retired | State::Bad
            ) && self.segments.number(other) == number
        }))
    }

    /// A number that a retire record names is not given again: that segment may have been dropped.
    fn note_number(&mut self, own: u64, low: u32) {
        let above = low.wrapping_sub(own as u32).cast_signed();
        let Some(named) = own.checked_add_signed(i64::from(above)) else {
            return;
        };
        let named = named.min(NUMBER_MAX);
        if named % NUMBER_STEP == 0 {
            self.raise_newest(named);
        } else {
            self.last_destination = self.last_destination.max(named);
        }
    }

    /// Whether an earlier session found nothing that counts in what is the newest segment now: then
    /// an older one says that it is void, and its erase may have been cut off.
    pub(crate) fn was_dropped(&mut self, segment: u16) -> Result<bool, Error> {
        if !self.rests_on_last(segment)? {
            return Ok(false);
        }
        let mut older = self.segments.next_down(Some(segment));
        while let Some(current) = older {
            let mut names = None;
            let mut holds = false;
            let mut walk = self.walk(current);
            while let Some(entry) = walk.next(&mut self.io)? {
                if names.is_some() {
                    return Ok(true);
                }
                holds = true;
                if entry.head.kind == Kind::Retire && !entry.damaged {
                    let value = self.read_number(&entry)?;
                    let named = (value >> 32) as u16 == segment
                        && self.segments.low_number(segment) == value as u32;
                    names = named.then_some(entry.place);
                }
            }
            if let Some(place) = names
                && self.is_sealed(current, place)?
            {
                return Ok(true);
            }
            if self.sealed_drop(current)? >= Some(self.segments.number(segment)) {
                return Ok(true);
            }
            let header = self.header(current)?;
            if holds && header.is_some_and(|header| header.role == Role::User) {
                return Ok(false);
            }
            older = self.segments.next_down(Some(current));
        }
        Ok(false)
    }

    /// Whether a segment would be dropped but for its last record: it is the only one, or may be
    /// what shows that what was collected here is complete.
    fn rests_on_last(&mut self, segment: u16) -> Result<bool, Error> {
        let tail = self.tail_of(Role::User);
        // An earlier start that sealed the only one has seen another behind it.
        let first = self.io.layout.first;
        let alone =
            tail.is_some_and(|tail| tail.last.place == first) && !self.is_sealed(segment, first)?;
        // One that does not read now may have been erased in part: then an older one says so.
        let Some(header) = self.header(segment)?.filter(|_| !alone) else {
            return Ok(true);
        };
        // Its source may be erased by now, though its own erase was cut off.
        Ok(header.source().is_some())
    }

    /// The segment in use with this number.
    pub(crate) fn in_use(&self, number: u64) -> Option<u16> {
        let is =
            |&other: &u16| self.segments.is_used(other) && self.segments.number(other) == number;
        self.segments.all().find(is)
    }
}
