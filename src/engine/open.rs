//! Opening and erasing segments.
//!
//! Invariant: no unit that a cut may have touched unseen is programmed before an erase.
//! `docs/format.md` sections 3 and 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Header, Next, Role, encode_header, encode_marker},
    segments::State,
    walk::Ignore,
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Numbers between two user segments: room for destinations that rank below the newer of them.
pub(crate) const NUMBER_STEP: u64 = 16;

impl<F: Flash> Engine<'_, F> {
    /// The free segment to open: the one that was named when it is erased, else the least worn.
    fn choose_free(&self) -> Option<u16> {
        let named = self.named.filter(|&segment| self.is_erased(segment));
        named.or_else(|| {
            self.segments
                .all()
                .filter(|&segment| self.segments.is_free(segment))
                .min_by_key(|&segment| {
                    (self.segments.erase_count(segment), self.is_erased(segment))
                })
        })
    }

    /// Opens a free segment. `collects` names the segment that is collected into it.
    pub(crate) fn open_segment(
        &mut self,
        role: Role,
        collects: Option<u16>,
    ) -> Result<Open, Error> {
        let segment = self.choose_free().ok_or(Error::ReadOnly)?;
        self.make_openable(segment)?;
        let number = self.next_number(role);
        let next = self.guess_next(segment, collects);
        self.named = None;
        let header = Header {
            next,
            role,
            erase_count: self.segments.erase_count(segment),
            number,
            collects: collects.map_or(0, |victim| {
                u32::try_from(number.saturating_sub(self.segments.number(victim))).unwrap_or(0)
            }),
        };
        let layout = self.io.layout;
        let address = self.base(segment);
        let bytes = encode_header(&layout, address, &header);
        if let Err(error) = self.io.program_bytes(address + layout.header_at, &bytes) {
            self.note_failure(segment);
            return Err(error);
        }
        self.segments.set_state(segment, State::Used);
        self.segments.set_number(segment, number);
        self.newest = self.newest.max(number);
        self.named = (next != Next::NONE).then_some(next.segment);
        Ok(Open {
            segment,
            number: number as u32,
            place: layout.first,
            units: 0,
            breaks: false,
            marks: false,
        })
    }

    /// User segments count up in steps; a destination ranks just below the open user segment, and
    /// above the destination before it.
    fn next_number(&self, role: Role) -> u64 {
        match (role, self.user_segment()) {
            (Role::Destination, Some(user)) => {
                let user = self.segments.number(user);
                let low = user - user % NUMBER_STEP - (NUMBER_STEP - 1);
                let above = self
                    .last_destination
                    .map_or(0, |number| number.saturating_add(1));
                low.max(above)
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
    fn user_segment(&self) -> Option<u16> {
        let [tail, _] = self.tails;
        self.user
            .map(|open| open.segment)
            .or(tail.map(|tail| tail.segment))
    }

    /// Makes sure that no opening that was cut off can have touched the header's place.
    ///
    /// A cut may leave no trace, so an erased segment is only opened as it is when the segment
    /// opened before it named it in its header: that header is what the next mount goes by. Any
    /// other is erased now, and not marked: until its header stands it is erased no more.
    fn make_openable(&mut self, segment: u16) -> Result<(), Error> {
        if self.named == Some(segment) && self.is_erased(segment) {
            return Ok(());
        }
        if self.segments.state(segment) != State::Doubted {
            self.settle_doubted();
        }
        self.erase_unmarked(segment)
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
    fn settle_doubted(&mut self) {
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Doubted {
                let _set_aside_on_failure = self.erase_and_mark(segment);
            }
        }
    }

    fn erase_and_mark(&mut self, segment: u16) -> Result<(), Error> {
        let was_used = self.segments.is_used(segment);
        self.erase_unmarked(segment)?;
        let layout = self.io.layout;
        let address = self.base(segment);
        let marker = encode_marker(&layout, address, self.segments.erase_count(segment));
        let marked = self.io.program_bytes(address, &marker);
        if marked.is_err() {
            self.set_aside(segment, was_used);
        }
        marked
    }

    fn erase_unmarked(&mut self, segment: u16) -> Result<(), Error> {
        let was_used = self.segments.is_used(segment);
        if let Err(error) = self.io.erase(segment) {
            self.set_aside(segment, was_used);
            return Err(error);
        }
        let count = self.segments.erase_count(segment).saturating_add(1);
        self.segments.set_erase_count(segment, count);
        self.segments.set_state(segment, State::Fresh);
        for hidden in &mut self.ignore {
            if hidden.segment == segment {
                *hidden = Ignore::default();
            }
        }
        Ok(())
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
        } else {
            self.suspect = Some(segment);
            self.segments.set_state(segment, State::Dirty);
        }
    }
}
