//! Room: what fits, which segment is opened next, what is erased when.
//!
//! Invariant: whether a write fits is arithmetic over the counts kept in RAM, done before any
//! flash operation. Outside of a collection at least one segment is free. `docs/format.md`
//! section 7.
#![forbid(unsafe_code)]

use super::{
    Engine,
    collect::NUMBER_SIZE,
    header::Role,
    record::{Head, Kind},
    segments::State,
    walk::Entry,
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// A segment this far behind the newest is collected, so that numbers stay comparable.
const NUMBER_LAG_MAX: u64 = 1 << 30;

impl<F: Flash> Engine<'_, F> {
    /// Units that live records may take, when the largest of them takes `largest`.
    pub(crate) fn capacity(&self, largest: u32) -> u32 {
        let payload = self.io.layout.payload_units();
        let segments = self.segments.usable().saturating_sub(1);
        segments.saturating_mul(payload.saturating_sub(largest))
    }

    /// Whether records of `units` more, the largest of them `largest`, fit. FORMAT 7
    pub(crate) fn check_fit(&mut self, units: u32, largest: u32) -> Result<(), Error> {
        if units > self.capacity(largest) {
            return Err(Error::TooLarge);
        }
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
            Kind::Value | Kind::Large if entry.head.key_len > 0 => self.keys += 1,
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
            Kind::Value | Kind::Large if entry.head.key_len > 0 => {
                self.keys = self.keys.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Makes the open user segment one that a record of `total` bytes fits in.
    pub(crate) fn make_room(&mut self, total: u32) -> Result<Open, Error> {
        let mut tries = 2 * u32::from(self.segments.count()) + 4;
        loop {
            if let Some(open) = self.user
                && open.has_room(&self.io, total, 0)
            {
                return Ok(open);
            }
            if tries == 0 || self.segments.usable() < 2 {
                return Err(if self.segments.usable() < 2 {
                    Error::ReadOnly
                } else {
                    Error::WriteFailed
                });
            }
            tries -= 1;
            let failures = self.io.failures;
            match self.next_user_segment(total) {
                // Another segment may do better, where it was the flash that failed.
                Err(Error::WriteFailed) if self.io.failures != failures => {}
                result => result?,
            }
        }
    }

    fn next_user_segment(&mut self, total: u32) -> Result<(), Error> {
        if self.collection.is_some() && self.segments.free() < 2 {
            return self.finish_collection();
        }
        match self.segments.free() {
            0 => self.collect_into_open(),
            1 => self.collect_for_room(total),
            _ => {
                let open = self.open_segment(Role::User, None)?;
                self.user = Some(open);
                Ok(())
            }
        }
    }

    /// What every write begins with: after a mount, what a cut may have left in doubt is settled;
    /// then one segment that waits for its erase gets it.
    pub(crate) fn prepare_write(&mut self) -> Result<(), Error> {
        if self.segments.usable() < 2 {
            return Err(Error::ReadOnly);
        }
        if !self.resumed {
            self.resume()?;
        }
        self.erase_one();
        self.pace()
    }

    /// Erases one segment that waits for it; returns whether there was one. A failure is no harm:
    /// the segment is set aside.
    pub(crate) fn erase_one(&mut self) -> bool {
        if self.waiting().is_none()
            && let Some(empty) = self.empty()
        {
            self.retire_empty(empty);
        }
        let waiting = self.waiting();
        if let Some(segment) = waiting {
            let _set_aside_on_failure = self.erase_segment(segment);
        }
        waiting.is_some()
    }

    /// Whether there is anything to erase.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting().or(self.empty()).is_some()
    }

    /// A segment that is void.
    fn waiting(&self) -> Option<u16> {
        self.segments
            .all()
            .find(|&segment| matches!(self.segments.state(segment), State::Dirty | State::Retired))
    }

    /// A segment in which nothing is live.
    fn empty(&self) -> Option<u16> {
        // A record that something else is void may be in there: that is erased first.
        let void = self
            .segments
            .all()
            .any(|segment| matches!(self.segments.state(segment), State::Retired | State::Bad));
        self.segments.all().find(|&segment| {
            !void
                && self.segments.is_used(segment)
                && self.segments.live(segment) == 0
                && !self.is_open(segment)
        })
    }

    /// Declares a segment void in which nothing is live. Its records are all superseded, but an
    /// erase that is cut off could leave some of them without those that say so.
    fn retire_empty(&mut self, segment: u16) {
        let number = self.segments.number(segment).to_le_bytes();
        let head = Head::new(Kind::Retire, 0, 0, NUMBER_SIZE);
        let fits = self
            .user
            .is_some_and(|open| open.has_space(&self.io, head.total(), 0));
        if fits && self.append(Role::User, &head, &[], &number).is_ok() {
            self.segments.set_state(segment, State::Retired);
        }
    }

    /// Whether records are being put into `segment`, or taken out of it.
    pub(crate) fn is_open(&self, segment: u16) -> bool {
        let open = |open: Option<Open>| open.is_some_and(|open| open.segment == segment);
        open(self.user)
            || open(self.destination)
            || self
                .tails
                .iter()
                .flatten()
                .any(|tail| tail.segment == segment)
            || self
                .collection
                .is_some_and(|collection| collection.victim == segment)
    }

    /// The segment that must be collected because its number is far behind.
    pub(crate) fn lagging(&self) -> Option<u16> {
        let oldest = self.segments.next_up(None)?;
        let lag = self.newest.saturating_sub(self.segments.number(oldest));
        (lag > NUMBER_LAG_MAX).then_some(oldest)
    }
}
