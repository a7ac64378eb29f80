//! The first write after a mount: what the last power cut may have left in doubt is settled.
//!
//! The record programmed last may have been cut off and still read well, and the units behind it
//! may have been touched and still read as erased. So writing goes on in a block that cannot have
//! been touched, with a copy of that record which declares everything before it void; where there
//! is no room for it the segment is collected as a whole.
//!
//! Invariant: until this is done nothing is erased and nothing else is written.
//! `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    collect::Moved,
    header::Role,
    layout::quotient,
    record::{HEAD_MAX, Head, Kind},
    segments::State,
    walk::{Entry, Ignore, read_block_head, read_head},
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Note: nothing but the declaration of what is void. FORMAT 5.6
const NOTE_VOID: u8 = 0;

/// Where a segment that was open at the mount ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) segment: u16,
    /// The last record that counts, in doubt until it is copied.
    pub(crate) last: Option<Entry>,
    /// From here on everything is void but the copy of `last`.
    pub(crate) void_from: u32,
    /// First block that cannot have been touched.
    pub(crate) safe: u32,
    /// Units that its records count for.
    pub(crate) units: u32,
}

impl<F: Flash> Engine<'_, F> {
    /// The first block behind everything that may have been programmed, given the last record
    /// that counts. FORMAT 9.4
    pub(crate) fn safe_place(&mut self, last: &Entry) -> Result<u32, Error> {
        let layout = self.io.layout;
        let segment = last.segment;
        let number = self.segments.low_number(segment);
        let end = layout.end_of(last.place, last.head.total());
        let mut headed = layout.block_start(end - 1);
        let mut block = headed + layout.block;
        while block < layout.segment_size {
            if read_block_head(&mut self.io, segment, number, block)?.is_some() {
                headed = block;
            }
            block += layout.block;
        }
        let touched = if end < layout.segment_size && layout.block_start(end) == headed {
            // The next record began in this block. It went on into the next one where its header
            // says so, or where it is not known because the header itself may reach there.
            let next = read_head(&mut self.io, segment, number, end, 0)?;
            let reach = match next {
                Some(head) => layout.end_of(end, head.total()),
                None => end + HEAD_MAX as u32,
            };
            if reach <= layout.block_end(headed) {
                headed
            } else {
                headed + layout.block
            }
        } else {
            headed + layout.block
        };
        self.behind_programmed(segment, touched + layout.block)
    }

    /// The first block from `safe` on behind everything that does not read as erased: it was
    /// programmed, even where nothing in it checks. What reads as erased proves nothing.
    fn behind_programmed(&mut self, segment: u16, safe: u32) -> Result<u32, Error> {
        let layout = self.io.layout;
        if !self.io.shape.needs_erase {
            return Ok(safe);
        }
        let base = self.base(segment);
        let mut behind = safe;
        let mut block = safe;
        while block < layout.segment_size {
            if !self
                .io
                .is_blank(base + block, base + block + layout.block)?
            {
                behind = block + layout.block;
            }
            block += layout.block;
        }
        Ok(behind)
    }

    /// Settles what is in doubt: what was dropped must not come back, then the destination, because
    /// what it holds may be why something is void.
    pub(crate) fn resume(&mut self) -> Result<(), Error> {
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Dirty {
                let _set_aside_on_failure = self.erase_segment(segment);
            }
        }
        self.resume_in(Role::Destination)?;
        self.resume_in(Role::User)?;
        self.resumed = true;
        Ok(())
    }

    /// Notes where a segment ends: what is from `end` on does not count.
    pub(crate) fn set_tail(&mut self, role: Role, tail: Tail, end: u32) {
        let [user, destination] = &mut self.ignore;
        let hidden = match role {
            Role::User => user,
            Role::Destination => destination,
        };
        *hidden = Ignore {
            segment: tail.segment,
            from: end,
            to: self.io.layout.segment_size,
        };
        *self.tail(role) = Some(tail);
    }

    /// What is written from `place` on counts again.
    fn show_from(&mut self, segment: u16, place: u32) {
        for hidden in &mut self.ignore {
            if hidden.segment == segment {
                hidden.to = hidden.to.min(place);
            }
        }
    }

    fn tail(&mut self, role: Role) -> &mut Option<Tail> {
        let [user, destination] = &mut self.tails;
        match role {
            Role::User => user,
            Role::Destination => destination,
        }
    }

    fn resume_in(&mut self, role: Role) -> Result<(), Error> {
        let Some(tail) = *self.tail(role) else {
            return Ok(());
        };
        if self.open(role).is_none() {
            let number = self.segments.low_number(tail.segment);
            let open = Open {
                segment: tail.segment,
                number,
                place: tail.safe,
                units: tail.units,
                breaks: true,
                marks: false,
            };
            self.set_open(role, Some(open));
            self.show_from(tail.segment, tail.safe);
        }
        let written = match tail.last {
            Some(last) => self.copy_last(role, &last)?,
            None => false,
        };
        let written = written || self.declare_void(role)?;
        if !written {
            // A program that failed has touched the place: it is not tried again.
            let size = self.io.layout.segment_size;
            if let Some(tail) = self.tail(role) {
                tail.safe = size;
            }
            self.set_open(role, None);
            self.collect_tail(role, tail.segment)?;
        }
        *self.tail(role) = None;
        Ok(())
    }

    /// Copies the last record behind itself. `false`: no room, or it does not last.
    fn copy_last(&mut self, role: Role, last: &Entry) -> Result<bool, Error> {
        // The record itself stays: when it lasts it is the same as its copy.
        let end = self.io.layout.end_of(last.place, last.head.total());
        let void_from = Some(quotient(end, self.io.layout.align));
        let head = Head {
            void_from,
            ..last.head
        };
        let fits = self.open(role).is_some_and(|open| {
            open.has_space(&self.io, head.total(), self.io.layout.retire_room())
                && open.units + self.io.layout.units_of(&head) <= self.io.layout.payload_units()
        });
        if !fits {
            return Ok(false);
        }
        match self.copy_record(last, role, void_from, None) {
            Ok(Moved::To(copy)) => self.follow_last(last, &copy).map(|()| true),
            Ok(Moved::Doubtful) | Err(Error::WriteFailed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The copy is certain, so its key is: the one in doubt may have read differently.
    fn follow_last(&mut self, last: &Entry, copy: &Entry) -> Result<(), Error> {
        if !last.head.kind.is_indexed() {
            return Ok(());
        }
        let identity = self.identity_of(copy)?;
        if self.is_indexed(identity.hash, last).is_some() {
            self.follow(identity.hash, last, copy);
            return Ok(());
        }
        for tail in self.tails.iter_mut().flatten() {
            if tail.segment == last.segment {
                tail.last = None;
            }
        }
        self.recount()
    }

    /// Declares what is behind the last record that counts void, where that record itself turned
    /// out not to last. `false`: there is no room, or the record is still there.
    fn declare_void(&mut self, role: Role) -> Result<bool, Error> {
        let Some(Tail {
            last: None,
            void_from,
            ..
        }) = *self.tail(role)
        else {
            return Ok(false);
        };
        let void_from = Some(quotient(void_from, self.io.layout.align));
        let head = Head {
            void_from,
            ..Head::new(Kind::Note, NOTE_VOID, 0, 0)
        };
        let fits = self.open(role).is_some_and(|open| {
            open.has_space(&self.io, head.total(), self.io.layout.retire_room())
        });
        Ok(fits && self.append(role, &head, &[], &[]).is_ok())
    }

    /// The way out where a segment has no room to go on: all that is live in it moves to a fresh
    /// segment.
    fn collect_tail(&mut self, role: Role, segment: u16) -> Result<(), Error> {
        let mut tries = self.segments.count();
        loop {
            self.set_open(role, None);
            let result = self
                .start_collection(segment, role, true)
                .and_then(|()| self.finish_collection());
            match result {
                Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                result => return result,
            }
        }
    }

    /// Whether `entry` was the last one in its segment at the mount and has no certain copy yet.
    pub(crate) fn is_doubtful(&self, entry: &Entry) -> bool {
        self.doubtful_at(entry.segment, entry.place).is_some()
    }

    /// The record in doubt in this segment, if there is one.
    pub(crate) fn doubtful_in(&self, segment: u16) -> Option<Entry> {
        let mut last = self.tails.iter().flatten().filter_map(|tail| tail.last);
        last.find(|last| last.segment == segment)
    }

    /// The record in doubt at this place, if there is one.
    pub(crate) fn doubtful_at(&self, segment: u16, place: u32) -> Option<Entry> {
        let mut last = self.tails.iter().flatten().filter_map(|tail| tail.last);
        last.find(|last| (last.segment, last.place) == (segment, place))
    }

    /// Takes a record that was in doubt and now fails its check out of account: it was never
    /// acknowledged, and the one before it counts.
    pub(crate) fn distrust(&mut self, entry: &Entry) -> Result<(), Error> {
        for (tail, hidden) in self.tails.iter_mut().zip(&mut self.ignore) {
            if let Some(tail) = tail
                && tail.segment == entry.segment
            {
                tail.last = None;
                hidden.from = entry.place;
            }
        }
        self.recovered_records += 1;
        if entry.head.kind == Kind::Retire {
            self.revive(entry)?;
        }
        self.recount()
    }

    /// A retire record that does not last has retired nothing.
    fn revive(&mut self, entry: &Entry) -> Result<(), Error> {
        let number = self.read_number(entry)?;
        for segment in self.segments.all() {
            if self.segments.state(segment) == State::Retired
                && self.segments.low_number(segment) == number as u32
            {
                self.segments.set_state(segment, State::Used);
            }
        }
        Ok(())
    }
}
