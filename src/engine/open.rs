//! Opening and erasing segments.
//!
//! Invariant: no unit that a cut may have touched unseen is programmed before an erase.
//! `docs/format.md` sections 3 and 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Header, Next, Role, encode_header, encode_marker},
    mount::NUMBER_SPAN,
    record::RETIRE_DROPPED,
    segments::State,
    walk::Hidden,
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Numbers between two user segments: room for destinations that rank below the newer of them.
pub(crate) const NUMBER_STEP: u64 = 16;

impl<F: Flash> Engine<'_, F> {
    /// The free segment to open: the one that was named when it is erased, else the least worn; one
    /// that seems to be erased since an earlier session only when there is no other.
    /// `confirmed`: what is void is so for certain, and may be erased.
    pub(crate) fn choose_free(&self, confirmed: bool) -> Option<u16> {
        let named = self.named.filter(|&segment| self.is_erased(segment));
        // A dropped one below the segment where the user wrote goes last: no seal can tell of it.
        let rank = |segment: u16| match self.segments.state(segment) {
            State::Ready | State::Blank => 0,
            State::Doubted => 1,
            State::Bare => 3,
            State::Dropped if self.is_dropped_above(segment) => 4,
            State::Fresh => 5,
            State::Erased => 6,
            State::Dropped => 7,
            _ => 2,
        };
        named.or_else(|| {
            self.segments
                .all()
                .filter(|&segment| self.segments.is_free(segment))
                .filter(|&segment| {
                    self.segments.state(segment) != State::Retired
                        || confirmed
                            && self.oldest_in(State::Retired) == Some(segment)
                            && !self.may_keep_dropped(segment)
                })
                .min_by_key(|&segment| (rank(segment), self.segments.erase_count(segment)))
        })
    }

    /// Opens a free segment. `collects` names the segment that is collected into it.
    pub(crate) fn open_segment(
        &mut self,
        role: Role,
        collects: Option<u16>,
    ) -> Result<Open, Error> {
        let confirmed = self.confirm().is_ok();
        let segment = self
            .choose_free(confirmed)
            .or_else(|| self.choose_free(true))
            .ok_or(Error::ReadOnly)?;
        self.make_openable(segment)?;
        if role == Role::User && !self.opened {
            self.raise_past_seals()?;
        }
        let mut number = self.next_number(role);
        if role == Role::User && !self.opened {
            // A header that an earlier session left in doubt may show later: it is in another
            // segment, and must not have this number.
            number = number.saturating_add(NUMBER_STEP * u64::from(segment));
            self.opened = true;
        }
        let next = self.guess_next(segment, collects);
        self.named = None;
        let header = Header {
            next,
            role,
            erase_count: self.segments.erase_count(segment),
            number,
            passes: self.passes(role, number),
            collects: collects.map_or(0, |victim| {
                u32::try_from(number.saturating_sub(self.segments.number(victim))).unwrap_or(0)
            }),
        };
        // A header that fails may be found all the same: its number is not given again.
        match role {
            Role::User => self.newest = self.newest.max(number),
            Role::Destination => self.last_destination = number,
        }
        let layout = self.io.layout;
        let address = self.base(segment);
        let bytes = encode_header(&layout, address, &header);
        let cleared = if self.io.shape.needs_erase {
            Ok(())
        } else {
            self.clear_seals(segment)
        };
        let place = address + layout.header_at;
        if let Err(error) = cleared.and_then(|()| self.io.program_bytes(place, &bytes)) {
            self.note_failure(segment);
            return Err(error);
        }
        self.segments.rebase(number, NUMBER_SPAN);
        self.segments.set_state(segment, State::Used);
        self.segments.set_number(segment, number);
        self.named = (next != Next::NONE).then_some(next.segment);
        self.namer = Some(segment);
        Ok(Open {
            segment,
            number: number as u32,
            place: layout.first,
            units: 0,
            breaks: false,
            marks: false,
            fresh: true,
        })
    }

    /// Steps from a user segment with this number down to the one before: what lies between was
    /// found to hold nothing.
    fn passes(&self, role: Role, number: u64) -> u16 {
        let before = self.user_segment().filter(|_| role == Role::User);
        before.map_or(0, |before| {
            let steps = number.saturating_sub(self.segments.number(before)) / NUMBER_STEP;
            u16::try_from(steps).unwrap_or(0)
        })
    }

    /// User segments count up in steps; a destination ranks just below the open user segment, and
    /// above the destination before it.
    fn next_number(&self, role: Role) -> u64 {
        match (role, self.user_segment()) {
            (Role::Destination, Some(user)) => {
                let user = self.segments.number(user);
                let low = user - user % NUMBER_STEP - (NUMBER_STEP - 1);
                low.max(self.last_destination.saturating_add(1))
            }
            _ => (self.newest / NUMBER_STEP)
                .saturating_add(1)
                .saturating_mul(NUMBER_STEP),
        }
    }

    /// Whether a destination opened now would get a number below the open user segment.
    pub(crate) fn can_open_destination(&self) -> bool {
        self.user_segment()
            .is_some_and(|user| self.next_number(Role::Destination) < self.segments.number(user))
    }

    /// The segment that takes what the user writes, or will after the first write.
    pub(crate) fn user_segment(&self) -> Option<u16> {
        let [tail, _] = self.tails;
        self.user
            .map(|open| open.segment)
            .or(tail.map(|tail| tail.segment))
    }

    /// Makes sure that no opening that was cut off can have touched the header's place.
    ///
    /// A cut may leave no trace, so an erased segment is only opened as it is when the segment
    /// opened before it named it in its header, or its own marker says so: that is what the next
    /// mount goes by. Any other is erased now, and not marked: until its header stands it is erased
    /// no more.
    fn make_openable(&mut self, segment: u16) -> Result<(), Error> {
        if self.is_openable(segment) {
            return Ok(());
        }
        if self.segments.state(segment) != State::Doubted {
            self.settle_doubted();
        }
        if let Some(tail) = self.tail_of(Role::User)
            && self.is_dropped_above(segment)
            && !self.io.begun
        {
            // There is no other: if its erase is cut off, what made the mount drop it may read well
            // again. As the first thing that is programmed this is as safe as a copy.
            let _where_seals_are_left = self.seal_drop(tail.segment, segment);
        }
        self.erase_unmarked(segment)
    }

    /// Whether a segment can be opened as it is.
    fn is_openable(&self, segment: u16) -> bool {
        let named = self.named == Some(segment) && self.is_erased(segment);
        named || matches!(self.segments.state(segment), State::Ready | State::Blank)
    }

    /// Erases ahead what will be opened next, where that has to be erased first: of what an earlier
    /// session left, nothing is opened as it is. Returns whether there was anything to do.
    pub(crate) fn ready_next(&mut self) -> bool {
        let is_waiting = |&next: &u16| {
            let waits = matches!(
                self.segments.state(next),
                State::Doubted | State::Bare | State::Fresh | State::Erased
            );
            waits && !self.is_openable(next)
        };
        let Some(next) = self.choose_free(false).filter(is_waiting) else {
            return false;
        };
        if self.segments.state(next) != State::Doubted {
            self.settle_doubted();
        }
        let bare = self.named.is_none();
        let erased = self
            .erase_unmarked(next)
            .and_then(|()| self.mark(next, bare));
        // One that fails is set aside, and there is another the next time.
        erased.is_ok() && self.is_openable(next)
    }

    fn program_marker(&mut self, segment: u16, count: u32, bare: bool) -> Result<(), Error> {
        let layout = self.io.layout;
        let address = self.base(segment);
        let marker = encode_marker(&layout, address, count, bare, self.newest);
        let marker = marker.get(..layout.marker_size as usize).unwrap_or(&[]);
        self.io.program_bytes(address, marker)
    }

    /// Whether there is a segment that this session can begin with.
    fn has_bare(&self) -> bool {
        self.segments
            .all()
            .any(|segment| matches!(self.segments.state(segment), State::Bare | State::Ready))
    }

    fn is_erased(&self, segment: u16) -> bool {
        matches!(self.segments.state(segment), State::Fresh | State::Erased)
    }

    /// The segment that will probably be opened after `segment`, for its header: the free one
    /// that is least worn; where none is free, the one that is being collected.
    fn guess_next(&self, segment: u16, collects: Option<u16>) -> Next {
        let free = self
            .segments
            .all()
            .filter(|&other| other != segment && self.segments.is_free(other))
            .min_by_key(|&other| self.segments.erase_count(other));
        free.or(collects).map_or(Next::NONE, |next| {
            let count = self.segments.erase_count(next);
            let expected = if self.is_erased(next) {
                count
            } else {
                count.saturating_add(1)
            };
            Next {
                segment: next,
                erase_count: expected as u16,
            }
        })
    }

    /// Erases a segment, and marks it as erased for mounts to come.
    pub(crate) fn erase_segment(&mut self, segment: u16) -> Result<(), Error> {
        self.settle_doubted();
        self.erase_and_mark(segment)
    }

    /// Erases what only a header says may be touched, before any header goes.
    pub(crate) fn settle_doubted(&mut self) {
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Doubted {
                let _set_aside_on_failure = self.erase_and_mark(segment);
            }
        }
    }

    fn erase_and_mark(&mut self, segment: u16) -> Result<(), Error> {
        self.erase_unmarked(segment)?;
        let bare = self.named.is_none() && !self.has_bare();
        self.mark(segment, bare)
    }

    /// Marks an erased segment as such; `bare`: as to be erased again in another session.
    pub(crate) fn mark(&mut self, segment: u16, bare: bool) -> Result<(), Error> {
        let count = self.segments.erase_count(segment);
        let state = if bare { State::Ready } else { State::Fresh };
        self.segments.set_state(segment, state);
        let marked = self.program_marker(segment, count, bare);
        if marked.is_err() {
            self.set_aside(segment, false);
        }
        marked
    }

    pub(crate) fn erase_unmarked(&mut self, segment: u16) -> Result<(), Error> {
        let state = self.segments.state(segment);
        if self.namer == Some(segment) {
            // Its header is what tells a mount that the one it names may be touched.
            self.named = None;
        }
        self.tell_spoiled();
        if self.spoiled.is_none() && matches!(state, State::Erased | State::Fresh) {
            // Nothing names it: if this erase fails or is cut off, its marker must not count.
            self.spoiled = Some(segment);
            self.tell_spoiled();
        }
        let count = self.segments.erase_count(segment).saturating_add(1);
        // Where nothing is erased old records stay: no number may come again, so the marker that
        // keeps the newest is there before the header goes.
        let kept = if self.io.shape.needs_erase {
            Ok(())
        } else {
            self.program_marker(segment, count, true)
        };
        if let Err(error) = kept.and_then(|()| self.io.erase(segment)) {
            self.set_aside(segment, state == State::Used);
            if !matches!(state, State::Used | State::Retired | State::Bare) {
                self.spoiled = Some(segment);
            }
            return Err(error);
        }
        if self.spoiled == Some(segment) {
            self.spoiled = None;
        }
        self.segments.set_erase_count(segment, count);
        self.segments.set_state(segment, State::Blank);
        for hidden in &mut self.hidden {
            if hidden.segment == segment {
                *hidden = Hidden::default();
            }
        }
        Ok(())
    }

    /// A segment whose marker stands although an erase of it failed is not what it says. The header
    /// that named it says so until something else is erased; then a retire record has to.
    ///
    /// It may have been opened for a collection that was given up: what was to be collected into it
    /// is not void with it.
    fn tell_spoiled(&mut self) {
        if let Some(segment) = self.spoiled
            && self.declare_void(segment, RETIRE_DROPPED).is_ok()
        {
            self.spoiled = None;
            let _when_it_counts = self.confirm();
        }
    }

    /// A segment that cannot be erased is not used again until the next mount.
    fn set_aside(&mut self, segment: u16, was_used: bool) {
        let state = if was_used { State::BadUsed } else { State::Bad };
        self.segments.set_state(segment, state);
    }

    /// A free segment that failed when it was opened: one more chance, then it is set aside.
    pub(crate) fn note_failure(&mut self, segment: u16) {
        if self.suspect == Some(segment) {
            self.segments.set_state(segment, State::Bad);
            self.spoiled = Some(segment);
        } else {
            self.suspect = Some(segment);
            self.segments.set_state(segment, State::Dirty);
        }
    }
}
