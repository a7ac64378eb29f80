//! Where a segment that was open at the mount ends, and where writing may go on in it.
//!
//! What was programmed last may read differently at every look: one look decides, the last record
//! of the user segment is kept in RAM, and what lies behind it is hidden.
//!
//! Invariant: reads only. `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::Role,
    io::SCAN,
    layout::round_up,
    record::{HEAD_MAX, Kind},
    walk::{Entry, Hidden, crc_holds, read_block_head, read_head},
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
    /// Finds where a segment that was open ends. What lies behind it may read differently at the
    /// next look: it is hidden from all of them. `false`: nothing in it counts now.
    pub(crate) fn find_tail(&mut self, role: Role, segment: u16) -> Result<bool, Error> {
        let mut end = self.io.layout.segment_size;
        let (mut tail, mut before);
        loop {
            self.hide(role, segment, end, 0);
            let Some(found) = self.last_in(segment)? else {
                return Ok(false);
            };
            (tail, before) = found;
            if role == Role::Destination || self.pin(&tail)? {
                break;
            }
            end = tail.last.place;
        }
        // It may be gone at the next look, and what it declares void must not come back.
        let last = &tail.last;
        if let Some(units) = last.head.void_from() {
            let void_from = units.saturating_mul(self.io.layout.align);
            tail.void_from = tail.void_from.min(void_from);
        }
        let behind = self.io.layout.end_of(last.place, last.head.total());
        tail.safe = self.safe_place(&last.clone())?;
        match role {
            Role::User => {
                let alone = tail.last.place == self.io.layout.first;
                if alone
                    && tail.last.head.kind == Kind::Reset
                    && !self.is_sealed(segment, tail.last.place)?
                {
                    return Ok(false);
                }
                self.hide(role, segment, behind, tail.last.place);
            }
            Role::Destination => {
                if !self.settle_end(&mut tail, before.as_ref())? {
                    return Ok(false);
                }
                let (number, to) = self.announced;
                if number == self.segments.number(segment) {
                    let to = round_up(to, self.io.layout.block);
                    tail.safe = tail.safe.max(to.min(self.io.layout.segment_size));
                }
                let last = Some(tail.last).filter(|last| last.place < tail.void_from);
                let last = last.or(before).map_or(0, |last| last.place);
                self.hide(role, segment, tail.void_from, last);
            }
        }
        *self.tail(role) = Some(tail);
        Ok(true)
    }

    /// What counts at the end of a destination: what it was to take last is still where it came
    /// from, unless a seal says that it was complete. `false`: nothing counts.
    fn settle_end(&mut self, tail: &mut Tail, before: Option<&Entry>) -> Result<bool, Error> {
        let last = tail.last;
        let is_moved = |entry: &Entry| entry.head.kind != Kind::Note;
        let end = if is_moved(&last) && self.is_sealed(last.segment, last.place)? {
            tail.void_from = self.io.layout.end_of(last.place, last.head.total());
            Some(&last)
        } else {
            // The last one may be gone at the next look, and then what is before it is the last.
            match before.filter(|before| is_moved(before)) {
                Some(before) if self.is_sealed(before.segment, before.place)? => None,
                before => before,
            }
        };
        if let Some(end) = end {
            self.unended = Some((end.segment, end.place));
            self.unended_is_fresh = false;
        }
        Ok(before.is_some() || tail.void_from > last.place)
    }

    /// The last record in a segment with what comes before it, and that record.
    fn last_in(&mut self, segment: u16) -> Result<Option<(Tail, Option<Entry>)>, Error> {
        let mut found: Option<(Tail, Option<Entry>)> = None;
        let mut units = 0_u32;
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            let before = found.map(|(tail, _)| tail.last);
            if entry.head.is_counted() {
                units = units.saturating_add(self.io.layout.units_of(&entry.head));
            }
            let tail = Tail {
                segment,
                last: entry,
                void_from: entry.place,
                safe: 0,
                units,
                void_before: before
                    .filter(|before| before.head.kind.is_void())
                    .map(|before| before.place),
                follows: self.follows(before.as_ref(), &entry),
            };
            found = Some((tail, before));
        }
        self.recovered_records += walk.voided;
        Ok(found)
    }

    /// Whether `entry` starts where the record before it ends, or the first one may start: then it
    /// is found without the head of its block.
    fn follows(&self, before: Option<&Entry>, entry: &Entry) -> bool {
        let layout = &self.io.layout;
        let end = before.map_or(layout.first, |before| {
            layout.end_of(before.place, before.head.total())
        });
        end == entry.place
    }

    /// Takes the part of a record that a power cut may have torn into RAM, if the record verifies
    /// then: from there it reads the same each time.
    fn pin(&mut self, tail: &Tail) -> Result<bool, Error> {
        let layout = self.io.layout;
        let last = &tail.last;
        let number = self.segments.low_number(last.segment);
        let end = layout.end_of(last.place, last.head.total());
        let from = last.place.max(layout.block_start(end - 1));
        for _ in 0..LOOKS {
            self.io.pin(self.base(last.segment) + from, end - from)?;
            let reached = self.is_reached(tail, from)?;
            let head = read_head(&mut self.io, last.segment, number, last.place, SCAN)?;
            if reached && head == Some(last.head) && crc_holds(&mut self.io, number, last, SCAN)? {
                return Ok(true);
            }
        }
        self.io.unpin();
        Ok(false)
    }

    /// Whether the head of a block leads to the last record, where nothing else does, and whether
    /// the program call from `from` on, its last, was begun: only then are the others complete.
    fn is_reached(&mut self, tail: &Tail, from: u32) -> Result<bool, Error> {
        let Entry { segment, place, .. } = tail.last;
        if tail.follows && from == place {
            return Ok(true);
        }
        let number = self.segments.low_number(segment);
        let block = self.io.layout.block_start(place.max(from));
        let head = read_block_head(&mut self.io, segment, number, block)?;
        let units = self.io.layout.whole_units(place.saturating_sub(block));
        Ok(head.is_some_and(|head| from > place || head.first == Some(units)))
    }

    /// The first block behind everything that may have been programmed, given the last record
    /// that was. FORMAT 9.4
    fn safe_place(&mut self, last: &Entry) -> Result<u32, Error> {
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
        if end < layout.end
            && layout.block_start(end) == headed
            && self.reach_from(segment, end)? <= layout.block_end(headed)
        {
            touched = headed;
        }
        Ok(touched + layout.block)
    }

    /// How far in its block what begins at `at` went, or may have gone. What resumed there does not
    /// count as long as nothing follows it, and what followed may have been cut off: so each record
    /// that is complete is passed.
    fn reach_from(&mut self, segment: u16, at: u32) -> Result<u32, Error> {
        let layout = self.io.layout;
        let number = self.segments.low_number(segment);
        let end = layout.block_end(at);
        let mut place = at;
        while place < end {
            let Some(head) = read_head(&mut self.io, segment, number, place, 0)? else {
                break;
            };
            let behind = layout.end_of(place, head.total());
            let entry = Entry {
                segment,
                place,
                head,
                damaged: false,
            };
            if behind > end || !crc_holds(&mut self.io, number, &entry, 0)? {
                return Ok(behind);
            }
            place = behind;
        }
        // The header of the next one may reach there.
        Ok(place + HEAD_MAX as u32)
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

    /// Hides what is from `from` on in a segment that was open at the mount.
    fn hide(&mut self, role: Role, segment: u16, from: u32, last: u32) {
        let [user, destination] = &mut self.hidden;
        let hidden = match role {
            Role::User => user,
            Role::Destination => destination,
        };
        *hidden = Hidden {
            segment,
            from,
            to: self.io.layout.segment_size,
            last,
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
