//! Where a segment that was open at the mount ends, and where writing may go on in it.
//!
//! What was programmed last may read differently at every look: one look decides, the last record
//! of the user segment is kept in RAM, and what lies behind it is hidden.
//!
//! Invariant: reads only. `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    io::SCAN,
    layout::Layout,
    record::{HEAD_MAX, Kind},
    scan::{Entry, crc_holds, read_block_head, read_head},
};
use crate::{error::Error, flash::Flash};

pub(crate) use super::scan::Hidden;

/// Looks at what may read differently each time before it is taken for untouched.
const LOOKS: u32 = 8;
/// Looks at what has to be certain, where there may be no room for saying it again.
const LOOKS_TO_BE_CERTAIN: u32 = 33;

/// Where the segment that was open at the mount ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    pub(crate) segment: u16,
    /// The last record.
    pub(crate) last: Entry,
    /// From here on everything is void but the copy of `last`.
    pub(crate) void_from: u32,
    /// First block that cannot have been touched.
    pub(crate) safe: u32,
    /// Units that its records count for.
    pub(crate) units: u32,
    /// `last` starts where the record before it ends.
    follows: bool,
}

impl<F: Flash> Engine<'_, F> {
    /// Finds where the segment that was open ends. What lies behind it may read differently at the
    /// next look: it is hidden from all of them. `false`: nothing counts in it.
    pub(crate) fn find_tail(&mut self, segment: u16) -> Result<bool, Error> {
        let mut end = self.io.layout.segment_size;
        let mut tail = loop {
            self.hide(segment, end, 0);
            let Some(tail) = self.last_in(segment)? else {
                return Ok(false);
            };
            if self.is_certain_retire(&tail.last)? && self.pin(&tail)? {
                break tail;
            }
            end = tail.last.place;
        };
        // It may be gone at the next look, and what it declares void must not come back.
        let last = tail.last;
        if let Some(units) = last.head.void_from() {
            let void_from = units.saturating_mul(self.io.layout.align);
            tail.void_from = tail.void_from.min(void_from);
        }
        tail.safe = self.safe_place(&last)?;
        let behind = self.io.layout.end_of(last.place, last.head.total());
        self.hide(segment, behind, last.place);
        self.tail = Some(tail);
        Ok(true)
    }

    /// What is programmed next may erase what the last record says is void, and there may be no
    /// room for saying it again: a retire record is the last one only if it is complete for
    /// certain. One that a cut left in doubt has nothing behind it. FORMAT 9.1
    pub(super) fn is_certain_retire(&mut self, last: &Entry) -> Result<bool, Error> {
        let number = self.segments.low_number(last.segment);
        let mut looks = LOOKS_TO_BE_CERTAIN;
        while last.head.kind == Kind::Retire && looks > 0 {
            looks -= 1;
            self.io.forget();
            let mut now = *last;
            if !read_head(&mut self.io, number, &mut now, SCAN)?
                || now != *last
                || !crc_holds(&mut self.io, number, last, SCAN)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The last record in a segment, if there is one behind its list.
    fn last_in(&mut self, segment: u16) -> Result<Option<Tail>, Error> {
        let mut found: Option<Tail> = None;
        let mut units = 0_u32;
        let mut behind = self.io.layout.first;
        let mut walk = self.walk(segment);
        while walk.next(&mut self.io)? {
            let entry = walk.entry();
            if entry.head.kind.is_indexed() {
                units = units.saturating_add(self.io.layout.units_of(&entry.head));
            }
            let follows = behind == entry.place;
            behind = self.io.layout.end_of(entry.place, entry.head.total());
            if entry.head.kind == Kind::List {
                continue;
            }
            found = Some(Tail {
                segment,
                last: *entry,
                void_from: entry.place,
                safe: 0,
                units,
                follows,
            });
        }
        self.recovered_records += walk.voided;
        Ok(found)
    }

    /// Takes the part of a record that a power cut may have torn into RAM, if the record verifies
    /// then: from there it reads the same each time.
    fn pin(&mut self, tail: &Tail) -> Result<bool, Error> {
        let layout = &self.io.layout;
        let last = &tail.last;
        let number = self.segments.low_number(last.segment);
        let end = layout.end_of(last.place, last.head.total());
        let from = last.place.max(layout.block_start(end - 1));
        for _ in 0..LOOKS {
            self.io.pin(self.base(last.segment) + from, end - from)?;
            let reached = self.is_reached(tail, from)?;
            let mut now = *last;
            if reached
                && read_head(&mut self.io, number, &mut now, SCAN)?
                && now == *last
                && crc_holds(&mut self.io, number, last, SCAN)?
            {
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
        let Layout { block, end, .. } = self.io.layout;
        let mut safe = self.behind_touched(last)?;
        safe = self.behind_programmed(last.segment, safe, end)?;
        // A cut left what it touched in the next few blocks: it may show at another look.
        for _ in 0..LOOKS {
            self.io.forget();
            let near = end.min(safe + 2 * block);
            safe = self.behind_programmed(last.segment, safe, near)?;
        }
        Ok(safe)
    }

    /// The first block that the record after `last` cannot have reached.
    fn behind_touched(&mut self, last: &Entry) -> Result<u32, Error> {
        let Layout {
            block: size,
            end: limit,
            ..
        } = self.io.layout;
        let segment = last.segment;
        let number = self.segments.low_number(segment);
        let end = self.io.layout.end_of(last.place, last.head.total());
        let mut headed = self.io.layout.block_start(end - 1);
        let mut block = headed + size;
        while block < limit {
            if read_block_head(&mut self.io, segment, number, block)?.is_some() {
                headed = block;
            }
            block += size;
        }
        let mut touched = headed + size;
        if end < limit
            && self.io.layout.block_start(end) == headed
            && self.reach_from(segment, end)? <= self.io.layout.block_end(headed)
        {
            touched = headed;
        }
        Ok(touched + size)
    }

    /// How far in its block what begins at `at` went, or may have gone. What resumed there does not
    /// count as long as nothing follows it, and what followed may have been cut off: so each record
    /// that is complete is passed.
    fn reach_from(&mut self, segment: u16, at: u32) -> Result<u32, Error> {
        let number = self.segments.low_number(segment);
        let end = self.io.layout.block_end(at);
        let mut entry = Entry {
            segment,
            place: at,
            ..Entry::nothing()
        };
        while entry.place < end && read_head(&mut self.io, number, &mut entry, 0)? {
            let behind = self.io.layout.end_of(entry.place, entry.head.total());
            if behind > end || !crc_holds(&mut self.io, number, &entry, 0)? {
                return Ok(behind);
            }
            entry.place = behind;
        }
        // The header of the next one may reach there.
        Ok(entry.place + HEAD_MAX as u32)
    }

    /// The first block from `safe` on behind everything up to `to` that does not read as erased: it
    /// was programmed, even where nothing in it checks. What reads as erased proves nothing.
    fn behind_programmed(&mut self, segment: u16, safe: u32, to: u32) -> Result<u32, Error> {
        let Layout {
            block: size,
            end: limit,
            ..
        } = self.io.layout;
        if !self.io.shape.needs_erase {
            return Ok(safe);
        }
        let base = self.base(segment);
        let mut behind = safe;
        let mut block = safe;
        while block < to {
            let end = limit.min(block + size);
            if !self.io.is_blank(base + block, base + end)? {
                behind = block + size;
            }
            block += size;
        }
        Ok(behind)
    }

    /// Where the segment ends that took what was moved last: behind that may be what a collection
    /// that was cut off has left, and is still where it came from.
    pub(crate) fn limit_of(&self, segment: u16) -> Option<Hidden> {
        let is = |limit: &(u16, u32)| limit.0 == segment;
        let (_, end) = self.limited.filter(is).or(self.left.filter(is))?;
        let open = self.apart.filter(|open| open.segment == segment);
        Some(Hidden {
            segment,
            from: open.map_or(end, |open| open.place),
            to: self.io.layout.segment_size,
            last: 0,
        })
    }

    /// Hides what is from `from` on in a segment that was open at the mount.
    fn hide(&mut self, segment: u16, from: u32, last: u32) {
        self.hidden = Hidden {
            segment,
            from,
            to: self.io.layout.segment_size,
            last,
        };
    }

    /// What is written from `place` on is read again; the record in doubt is not, its copy counts.
    pub(crate) fn show_from(&mut self, place: u32) {
        if let Some(tail) = &self.tail {
            self.hidden.from = tail.void_from;
            self.hidden.to = place;
        }
    }

    /// Nothing is in doubt any more.
    pub(crate) fn forget_tail(&mut self) {
        self.tail = None;
        self.io.unpin();
    }
}
