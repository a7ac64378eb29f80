//! Opening and erasing segments.
//!
//! Invariant: no unit that a cut may have touched unseen is programmed before an erase: only what
//! was erased in this session is opened. `docs/format.md` section 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Header, Role, encode},
    mount::NUMBER_MAX,
    record::{Head, Kind},
    segments::State,
    tail::Hidden,
    write::Open,
};
use crate::{error::Error, flash::Flash};

impl<F: Flash> Engine<'_, F> {
    /// The free segment to open: one that is erased already, else one that is free for certain, the
    /// least worn. Where damage has left none, one in which nothing is live: what it holds is
    /// superseded.
    pub(crate) fn choose_free(&self) -> Option<u16> {
        let open = self.user.map(|open| open.segment);
        let order = |&segment: &u16| {
            let class = match self.segments.state(segment) {
                State::Clean => 0,
                State::Free => 1,
                State::Doubtful => 2,
                // Not while the record that supersedes it may be the one in doubt.
                _ if self.tail.is_none() && self.may_leave(segment) && open != Some(segment) => 3,
                _ => 4,
            };
            (class, self.segments.erase_count(segment))
        };
        let best = self.segments.all().min_by_key(order)?;
        (order(&best).0 < 4).then_some(best)
    }

    /// Whether a segment need not count any more when another is opened: nothing is live in it, and
    /// nothing is moved to it.
    pub(crate) fn may_leave(&self, segment: u16) -> bool {
        let limited = self.limited.map(|(limited, _)| limited);
        self.is_counted && self.segments.is_idle(segment) && limited != Some(segment)
    }

    /// Opens a free segment for what the user writes, after what is live in `source`. Its list
    /// leaves out `source` and what has nothing live; these count until this one does.
    pub(crate) fn open_segment(&mut self, source: Option<u16>) -> Result<(), Error> {
        let free = self
            .choose_free()
            .filter(|&segment| Some(segment) != source);
        let segment = free.ok_or(Error::ReadOnly)?;
        if self.newest >= NUMBER_MAX - 2 {
            return Err(Error::ReadOnly);
        }
        if self.segments.state(segment) != State::Clean {
            self.mark_completion()?;
        }
        self.user = None;
        self.paced = 0;
        // A header that fails may be found all the same: its number is not given again.
        self.newest = (self.newest | 1).saturating_add(1);
        self.segments.set_newest(self.newest);
        let open = self.program_header(segment, Role::User, self.newest, source)?;
        for other in self.segments.all() {
            if Some(other) == source || self.may_leave(other) {
                self.segments.set_state(other, State::Leaving);
            }
        }
        self.segments.set_state(segment, State::Used);
        self.opening = Some(segment);
        let written = self.write_list(open);
        if let Err(error) = written {
            self.give_up_opening(error == Error::WriteFailed);
        }
        written
    }

    /// Opens a free segment for what is moved apart from what the user writes. It ranks below the
    /// segment where the user writes, and counts as far as records there say.
    pub(crate) fn open_apart(&mut self) -> Result<(), Error> {
        let user = self.user.ok_or(Error::WriteFailed)?;
        let segment = self.choose_free().ok_or(Error::WriteFailed)?;
        let number = self.segments.number(user.segment).saturating_sub(1);
        let open = self.program_header(segment, Role::Moved, number, None)?;
        self.segments.set_state(segment, State::Used);
        self.limited = Some((segment, open.place));
        self.apart = Some(open);
        Ok(())
    }

    /// Where the record that completes a collection is the last one, a note follows before anything
    /// is erased: until then the source is all there. FORMAT 9.2
    pub(crate) fn mark_completion(&mut self) -> Result<(), Error> {
        if !self.user.is_some_and(|open| open.marks) {
            return Ok(());
        }
        match self.append_note(None) {
            // No room, or the flash failed: it counts as the last one, too.
            Err(Error::WriteFailed) => Ok(()),
            result => result,
        }
    }

    fn program_header(
        &mut self,
        segment: u16,
        role: Role,
        number: u64,
        source: Option<u16>,
    ) -> Result<Open, Error> {
        if self.segments.state(segment) != State::Clean {
            self.erase_segment(segment)?;
        }
        let header = Header {
            erase_count: self.segments.erase_count(segment),
            number,
            role,
            source,
        };
        let address = self.base(segment);
        let bytes = encode(&self.io.layout, address, &header);
        self.segments.set_state(segment, State::Free);
        if let Err(error) = self.io.program_bytes(address, &bytes) {
            self.note_failure(segment);
            return Err(error);
        }
        self.segments.set_number(segment, number);
        Ok(Open {
            segment,
            number: number as u32,
            place: self.io.layout.first,
            units: 0,
            breaks: false,
            marks: false,
        })
    }

    /// The first record of a segment: which others count when it does. FORMAT 5.6
    fn write_list(&mut self, open: Open) -> Result<(), Error> {
        let size = self.io.layout.list_size();
        let head = Head::new(Kind::List, 0, 0, size);
        self.record.start(&mut self.io, open, &head)?;
        for byte in 0..self.segments.count().div_ceil(8) {
            let mut bits = 0;
            for bit in 0..8 {
                let counts = self.segments.state(byte * 8 + bit) == State::Used;
                bits |= u8::from(counts && byte * 8 + bit != open.segment) << bit;
            }
            self.record.put(&mut self.io, &[bits])?;
        }
        let limit = self.encode_limit();
        self.record.put(&mut self.io, &limit)?;
        self.end_append()
    }

    /// The segment opened last counts from now on: what its list leaves out is free, whatever it
    /// reads as.
    pub(crate) fn end_opening(&mut self) {
        self.opening = None;
        for segment in self.segments.all() {
            if matches!(
                self.segments.state(segment),
                State::Leaving | State::Doubtful
            ) {
                self.segments.set_state(segment, State::Free);
            }
        }
    }

    /// With the first record behind its list the segment opened last counts; where that failed it
    /// never does.
    pub(crate) fn end_or_give_up_opening<T>(
        &mut self,
        written: Result<T, Error>,
    ) -> Result<T, Error> {
        if self.opening.is_some() {
            match &written {
                Ok(_) => self.end_opening(),
                Err(error) => self.give_up_opening(*error == Error::WriteFailed),
            }
        }
        written
    }

    /// Where a value in pieces that was dropped is all there is in the segment opened last, a note
    /// lets it count.
    pub(crate) fn conclude_opening(&mut self) -> Result<(), Error> {
        if self.opening.is_none() {
            return Ok(());
        }
        let noted = self.append_note(None);
        match self.end_or_give_up_opening(noted) {
            Err(Error::WriteFailed) => Ok(()),
            result => result,
        }
    }

    /// Nothing in the segment opened last counts: what it was to leave out still does. `failed`:
    /// its flash did. Index and counts are made anew before anything else is decided by them: here
    /// that would be too deep in the stack.
    pub(crate) fn give_up_opening(&mut self, failed: bool) {
        let Some(opening) = self.opening.take() else {
            return;
        };
        self.user = None;
        self.segments.set_state(opening, State::Doubtful);
        if failed {
            self.note_failure(opening);
        }
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Leaving {
                self.segments.set_state(segment, State::Used);
            }
        }
        self.lose_count();
    }

    /// Erases a segment in which nothing counts; one that cannot be erased is set aside.
    pub(crate) fn erase_segment(&mut self, segment: u16) -> Result<(), Error> {
        let count = self.segments.erase_count(segment).saturating_add(1);
        if self.hidden.segment == segment {
            self.hidden = Hidden::default();
        }
        self.verified = (0, 0);
        self.changes = self.changes.wrapping_add(1);
        let erased = self.io.erase(segment);
        let state = match erased {
            Ok(()) => State::Clean,
            Err(_) => State::Bad,
        };
        self.segments.set_state(segment, state);
        self.segments.set_erase_count(segment, count);
        erased
    }

    /// A segment that failed once is tried again, after an erase; then it is set aside.
    #[inline(never)]
    fn note_failure(&mut self, segment: u16) {
        if self.suspect == segment {
            self.segments.set_state(segment, State::Bad);
        } else {
            self.suspect = segment;
        }
    }
}
