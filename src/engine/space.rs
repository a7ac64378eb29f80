//! Room: what fits, and where the next record goes.
//!
//! Invariant: whether a write fits is arithmetic over the counts kept in RAM, done before any
//! flash operation. At least one segment is free. `docs/format.md` section 7.
#![forbid(unsafe_code)]

use super::{Engine, record::Kind, scan::Entry, write::Open};
use crate::{error::Error, flash::Flash};

/// Segments tried before a write is given up.
const TRIES_MAX: u32 = 64;

impl<F: Flash> Engine<'_, F> {
    /// Units that live records may take, when the largest of them takes `largest`.
    #[inline(never)]
    pub(crate) fn capacity(&self, largest: u32) -> u32 {
        let payload = self.io.layout.payload_units();
        let segments = self.segments.usable().saturating_sub(1);
        segments.saturating_mul(payload.saturating_sub(largest))
    }

    /// Whether records of `units` more, the largest of them `largest`, fit. FORMAT 7
    pub(crate) fn check_fit(&mut self, units: u32, largest: u32) -> Result<(), Error> {
        if self.segments.usable() < 2 {
            return Err(Error::ReadOnly);
        }
        if units > self.capacity(largest) {
            return Err(Error::TooLarge);
        }
        self.make_counted()?;
        let wanted = self.live.saturating_add(units);
        if wanted <= self.capacity(largest.max(self.largest)) {
            return Ok(());
        }
        // The largest record counted may be gone by now: only then is it worth looking.
        if self.largest_is_stale && self.largest > largest {
            self.find_largest()?;
            if wanted <= self.capacity(largest.max(self.largest)) {
                return Ok(());
            }
        }
        self.drop_tombstones(units, largest)
    }

    /// Room that tombstones take which are needed because of what is older: the oldest segments are
    /// collected until the record fits. A write that they leave no room for is refused first.
    fn drop_tombstones(&mut self, units: u32, largest: u32) -> Result<(), Error> {
        let fits = |engine: &Self, live: u32| {
            live.saturating_add(units) <= engine.capacity(largest.max(engine.largest))
        };
        for _ in 0..2 * self.segments.count() {
            if fits(self, self.live) {
                return Ok(());
            }
            if !fits(self, self.live.saturating_sub(self.tombstones)) {
                break;
            }
            self.prepare_change()?;
            match self.segments.next_up(None) {
                Some(oldest) if self.choose_free().is_some() => self.collect(oldest)?,
                _ => break,
            }
        }
        Err(Error::Full)
    }

    /// Counts a record that is now the newest of its key.
    pub(crate) fn count_in(&mut self, entry: &Entry) {
        let units = self.io.layout.units_of(&entry.head);
        self.segments.add_live(entry.segment, units);
        self.live += units;
        self.largest = self.largest.max(units);
        match entry.head.kind {
            Kind::Tombstone => self.tombstones += units,
            Kind::Value | Kind::Large if entry.head.key_len() > 0 => self.keys += 1,
            _ => {}
        }
    }

    /// Counts a record that is no longer needed.
    pub(crate) fn count_out(&mut self, entry: &Entry) {
        let units = self.io.layout.units_of(&entry.head);
        self.segments.sub_live(entry.segment, units);
        self.live = self.live.saturating_sub(units);
        self.largest_is_stale |= units >= self.largest;
        match entry.head.kind {
            Kind::Tombstone => self.tombstones = self.tombstones.saturating_sub(units),
            Kind::Value | Kind::Large if entry.head.key_len() > 0 => {
                self.keys = self.keys.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// What every write begins with, one of `total` bytes that are appended at once.
    pub(crate) fn prepare_write(&mut self, total: u32) -> Result<(), Error> {
        let settles = self.tail.is_some();
        self.prepare_change()?;
        // One thing at a time: no write waits for two erases.
        if settles { Ok(()) } else { self.pace(total) }
    }

    /// What every change begins with: after a mount, what a cut may have left in doubt is settled.
    pub(crate) fn prepare_change(&mut self) -> Result<(), Error> {
        if self.segments.usable() < 2 {
            return Err(Error::ReadOnly);
        }
        self.make_counted()?;
        self.conclude_opening()?;
        // Where that failed all that was to be left out counts again.
        self.make_counted()?;
        self.settle()
    }

    /// Makes the open user segment one that a record of `total` bytes fits in.
    pub(crate) fn make_room(&mut self, total: u32) -> Result<Open, Error> {
        let mut tries = TRIES_MAX.min(2 * u32::from(self.segments.count()) + 4);
        loop {
            // A read that failed meanwhile, or an opening that was given up, may have left the
            // counts unfinished: what seems to hold nothing live is left out of the next list.
            self.make_counted()?;
            if let Some(open) = self.user
                && open.has_room(&self.io, total, 0)
            {
                return Ok(open);
            }
            if self.segments.usable() < 2 {
                return Err(Error::ReadOnly);
            }
            if tries == 0 {
                return Err(Error::WriteFailed);
            }
            tries -= 1;
            match self.next_segment(total) {
                // Another segment may do better.
                Err(Error::WriteFailed) => {}
                result => result?,
            }
        }
    }

    /// Opens the next segment, one with what is live in another where it is the last free one.
    fn next_segment(&mut self, total: u32) -> Result<(), Error> {
        let Some(next) = self.choose_free() else {
            return self.collect_into_open();
        };
        // With nothing live in it, it is left out of the next list, and so free.
        let leaves = |segment| segment != next && self.may_leave(segment);
        let frees_another = self.segments.idle() > 0 && self.segments.all().any(leaves);
        if self.segments.free() > 1 || frees_another {
            return match self.lingering() {
                Some(victim) if self.reads(victim) => self.collect(victim),
                _ => self.open_segment(None),
            };
        }
        let victim = self.choose_victim(total, next).ok_or(Error::WriteFailed)?;
        self.collect(victim)
    }

    /// Whether the flash lets a segment be read: one that it does not is no reason to fail a write
    /// that does not need it.
    pub(crate) fn reads(&mut self, segment: u16) -> bool {
        let mut scan = self.scan(segment);
        loop {
            match scan.next(&mut self.io) {
                Ok(true) => {}
                result => return result.is_ok(),
            }
        }
    }

    /// The way out when sectors failed and no segment is free: what is live in the emptiest one
    /// goes to where the user writes, if there is room.
    fn collect_into_open(&mut self) -> Result<(), Error> {
        let open = self.user.ok_or(Error::ReadOnly)?;
        let victim = self
            .emptiest(open.segment)
            .filter(|&victim| self.fits_behind(&open, victim))
            .ok_or(Error::ReadOnly)?;
        self.move_out(victim)
    }

    /// The segment in use with the least that is live, but for the one that is open.
    fn emptiest(&self, open: u16) -> Option<u16> {
        self.segments
            .all()
            .filter(|&segment| self.segments.is_used(segment) && segment != open)
            .min_by_key(|&segment| self.segments.live(segment))
    }

    /// Whether what is live in `victim` fits into the open segment.
    fn fits_behind(&self, open: &Open, victim: u16) -> bool {
        let layout = &self.io.layout;
        let left = layout.payload_units().saturating_sub(open.units);
        let room = layout.end.saturating_sub(open.place);
        let live = self.segments.live(victim);
        let bytes = live * layout.align + layout.reserve();
        live <= left && bytes + bytes / 16 <= room
    }
}
