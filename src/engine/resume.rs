//! The first write after a mount: what the last power cut may have left in doubt is settled.
//!
//! The record programmed last may have been cut off and still read well, and the units behind it
//! may have been touched and still read as erased. So writing goes on in a block that cannot have
//! been touched, with a copy of that record which declares what is before it void; where there is
//! no room for it the segment is collected as a whole. Until then that record is read from RAM.
//!
//! Invariant: the copy is the first thing that is programmed. A cut in it may leave no trace, and
//! then the next mount sees what this one saw. `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    confirm::{NOTE_NOTHING, NOTE_RESET},
    header::Role,
    layout::quotient,
    record::{HEAD_MAX, Head, Kind},
    segments::State,
    walk::{Entry, Hidden, read_block_head, read_head},
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Looks at what may read differently each time before it is taken for untouched.
pub(crate) const LOOKS: u32 = 8;

/// Where a segment that was open at the mount ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) segment: u16,
    /// The last record. In the user segment it counts, in a destination it does not.
    pub(crate) last: Entry,
    /// From here on everything is void but the copy of `last`.
    pub(crate) void_from: u32,
    /// First block that cannot have been touched.
    pub(crate) safe: u32,
    /// Units that its records count for.
    pub(crate) units: u32,
    /// Place of the record before `last`, where that declares something void.
    pub(crate) void_before: Option<u32>,
    /// `last` starts where the record before it ends.
    pub(crate) follows: bool,
}

impl<F: Flash> Engine<'_, F> {
    /// The first block behind everything that may have been programmed, given the last record
    /// that was. FORMAT 9.4
    pub(crate) fn safe_place(&mut self, last: &Entry) -> Result<u32, Error> {
        let layout = self.io.layout;
        let mut safe = self.behind_touched(last)?;
        safe = self.behind_programmed(last.segment, safe, layout.end)?;
        // A cut left what it touched in the next few blocks: it may show at another look.
        for _ in 0..LOOKS {
            self.io.forget();
            let near = layout.end.min(safe + 2 * layout.block);
            safe = self.behind_programmed(last.segment, safe, near)?;
        }
        Ok(safe)
    }

    /// The first block that the record after `last` cannot have reached.
    fn behind_touched(&mut self, last: &Entry) -> Result<u32, Error> {
        let layout = self.io.layout;
        let segment = last.segment;
        let number = self.segments.low_number(segment);
        let end = layout.end_of(last.place, last.head.total());
        let mut headed = layout.block_start(end - 1);
        let mut block = headed + layout.block;
        while block < layout.end {
            if read_block_head(&mut self.io, segment, number, block)?.is_some() {
                headed = block;
            }
            block += layout.block;
        }
        let mut touched = headed + layout.block;
        if end < layout.end && layout.block_start(end) == headed {
            // The next record began in this block. It went on into the next one where its header
            // says so, or where it is not known because the header itself may reach there.
            let next = read_head(&mut self.io, segment, number, end, 0)?;
            let reach = match next {
                Some(head) => layout.end_of(end, head.total()),
                None => end + HEAD_MAX as u32,
            };
            if reach <= layout.block_end(headed) {
                touched = headed;
            }
        }
        Ok(touched + layout.block)
    }

    /// The first block from `safe` on behind everything up to `to` that does not read as erased: it
    /// was programmed, even where nothing in it checks. What reads as erased proves nothing.
    fn behind_programmed(&mut self, segment: u16, safe: u32, to: u32) -> Result<u32, Error> {
        let layout = self.io.layout;
        if !self.io.shape.needs_erase {
            return Ok(safe);
        }
        let base = self.base(segment);
        let mut behind = safe;
        let mut block = safe;
        while block < to {
            let end = layout.end.min(block + layout.block);
            if !self.io.is_blank(base + block, base + end)? {
                behind = block + layout.block;
            }
            block += layout.block;
        }
        Ok(behind)
    }

    /// Settles what is in doubt: first where the user wrote, then what was dropped must not come
    /// back. The destination can wait (`confirm.rs`).
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
        for state in [State::Dirty, State::Dropped] {
            for segment in self.segments.all() {
                if self.segments.state(segment) == state {
                    let _set_aside_on_failure = self.erase_segment(segment);
                }
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
            return Ok(());
        }
        self.give_up_place(Role::User);
        self.user = None;
        self.doubt_void_before();
        self.collect_tail(tail.segment)
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
            None if last.head.kind == Kind::Note && last.head.flags == NOTE_RESET => true,
            None => self.is_needed_remark(&last)?,
        };
        let head = Head {
            void_from,
            ..if needed {
                last.head
            } else {
                Head::new(Kind::Note, NOTE_NOTHING, 0, 0)
            }
        };
        let open = self.open_behind(tail);
        let fits = open.has_space(&self.io, head.total(), self.io.layout.retire_room())
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
        }
    }

    /// Hides what is from `from` on in a segment that was open at the mount.
    pub(crate) fn hide(&mut self, role: Role, segment: u16, from: u32) {
        let [user, destination] = &mut self.hidden;
        let hidden = match role {
            Role::User => user,
            Role::Destination => destination,
        };
        *hidden = Hidden {
            segment,
            from,
            to: self.io.layout.segment_size,
        };
    }

    /// What is written from `place` on is read again; the record in doubt is not, its copy counts.
    pub(crate) fn show_from(&mut self, segment: u16, place: u32) {
        let void_from = self
            .tails
            .iter()
            .flatten()
            .find(|tail| tail.segment == segment)
            .map(|tail| tail.void_from);
        for hidden in &mut self.hidden {
            if hidden.segment == segment {
                hidden.from = void_from.unwrap_or(hidden.from);
                hidden.to = hidden.to.min(place);
            }
        }
    }

    pub(crate) fn tail(&mut self, role: Role) -> &mut Option<Tail> {
        let [user, destination] = &mut self.tails;
        match role {
            Role::User => user,
            Role::Destination => destination,
        }
    }

    pub(crate) fn tail_of(&self, role: Role) -> Option<Tail> {
        let [user, destination] = self.tails;
        match role {
            Role::User => user,
            Role::Destination => destination,
        }
    }

    /// A program that failed has touched the place where writing was to go on.
    pub(crate) fn give_up_place(&mut self, role: Role) {
        let end = self.io.layout.segment_size;
        if let Some(tail) = self.tail(role) {
            tail.safe = end;
        }
    }

    /// Nothing is in doubt in this segment any more.
    pub(crate) fn forget_tail(&mut self, segment: u16) {
        for role in [Role::User, Role::Destination] {
            if self
                .tail_of(role)
                .is_some_and(|tail| tail.segment == segment)
            {
                *self.tail(role) = None;
                if role == Role::User {
                    self.io.unpin();
                }
            }
        }
    }
}
