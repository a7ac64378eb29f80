//! Room: what fits, which segment is opened next, what is erased when.
//!
//! Invariant: whether a write fits is arithmetic over the counts kept in RAM, done before any
//! flash operation. Outside of a collection at least one segment is free. `docs/format.md`
//! section 7.
#![forbid(unsafe_code)]

use super::{Engine, header::Role, record::Kind, segments::State, walk::Entry, write::Open};
use crate::{error::Error, flash::Flash};

/// Segments tried before a write is given up.
const TRIES_MAX: u32 = 64;
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

    /// Makes the open user segment one that a record of `total` bytes fits in.
    pub(crate) fn make_room(&mut self, total: u32) -> Result<Open, Error> {
        let mut tries = TRIES_MAX.min(2 * u32::from(self.segments.count()) + 4);
        let mut levels = true;
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
            match self.next_user_segment(total, &mut levels) {
                // Another segment may do better.
                Err(Error::WriteFailed) => {}
                result => result?,
            }
        }
    }

    /// Opens or makes the next user segment. What must move although it is worth nothing goes
    /// first, once at most while `levels` says so: as many segments are free behind it as before.
    fn next_user_segment(&mut self, total: u32, levels: &mut bool) -> Result<(), Error> {
        if self.collection.is_some() && self.segments.free() < 2 {
            return self.finish_collection();
        }
        if let Some(victim) = self.overdue(total).filter(|_| *levels) {
            *levels = false;
            return match self.collect_overdue(victim) {
                // Not now: the write does not depend on it.
                Err(Error::WriteFailed) => Ok(()),
                result => result,
            };
        }
        match self.segments.free() {
            0 if self.free_empty()? => Ok(()),
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
        self.make_counted()?;
        self.finish_pending()?;
        if !self.resumed {
            self.resume()?;
        }
        let _one_at_a_time = self.erase_one();
        self.regain_free()?;
        self.pace()
    }

    /// What a write that could not be read to its end has left: nothing counts in the segment where
    /// the user writes before what is collected into it is all there.
    fn finish_pending(&mut self) -> Result<(), Error> {
        if !self.is_pending() {
            return Ok(());
        }
        match self.finish_collection() {
            // Given up: the victim is still the truth.
            Err(Error::WriteFailed) => Ok(()),
            result => result,
        }
    }

    /// Where segments failed and none is free, frees one while there still is room to move what is
    /// live in another. When the open segment is full it would be too late.
    fn regain_free(&mut self) -> Result<(), Error> {
        for _ in 0..self.segments.count() {
            if self.segments.free() > 0 || self.collection.is_some() || self.user.is_none() {
                return Ok(());
            }
            match self.collect_into_open() {
                Ok(()) => {}
                // Not now: the write itself decides whether it can go without.
                Err(Error::ReadOnly | Error::WriteFailed) => return Ok(()),
                result => return result,
            }
            // At once: if it cannot be erased the next one may.
            let _only_this_one = self.erase_one();
        }
        Ok(())
    }

    /// Erases one segment that waits for it, or declares an empty one void; returns whether there
    /// was one. A failure is no harm: the segment is set aside.
    pub(crate) fn erase_one(&mut self) -> bool {
        let Some(segment) = self.waiting() else {
            return self.empty().is_some_and(|empty| self.retire_empty(empty));
        };
        let rests_on_void = matches!(
            self.segments.state(segment),
            State::Retired | State::Dropped
        );
        if rests_on_void && self.confirm().is_err() {
            return false;
        }
        let _set_aside_on_failure = self.erase_segment(segment);
        true
    }

    /// Whether there is anything to erase.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting().or(self.empty()).is_some()
    }

    /// A segment that is void.
    fn waiting(&self) -> Option<u16> {
        self.oldest_in(State::Dirty)
            .or_else(|| self.newest_in(State::Dropped))
            .or_else(|| self.oldest_in(State::Retired))
    }

    /// What was dropped goes before what names it as the next to be opened, and before what was
    /// collected into it.
    pub(crate) fn newest_in(&self, state: State) -> Option<u16> {
        if self.segments.count_in(state) == 0 {
            return None;
        }
        let is = |&segment: &u16| self.segments.state(segment) == state;
        let all = self.segments.all().filter(is);
        all.max_by_key(|&segment| self.segments.number(segment))
    }

    /// What was collected goes before what it went to: that says that both are void.
    pub(crate) fn oldest_in(&self, state: State) -> Option<u16> {
        if self.segments.count_in(state) == 0 {
            return None;
        }
        let is = |&segment: &u16| self.segments.state(segment) == state;
        let all = self.segments.all().filter(is);
        all.min_by_key(|&segment| self.segments.number(segment))
    }

    /// A segment in which nothing is live.
    fn empty(&self) -> Option<u16> {
        // A record that something else is void may be in there: that is erased first.
        let is_any = |state| self.segments.count_in(state) > 0;
        if is_any(State::Retired) || is_any(State::Bad) || !self.may_be_idle() {
            return None;
        }
        self.segments.all().find(|&segment| self.is_idle(segment))
    }

    /// Whether a segment that is not written to has nothing live, as far as the counts tell.
    fn may_be_idle(&self) -> bool {
        let [user, destination] = [self.user, self.destination].map(|open| {
            open.map(|open| open.segment)
                .filter(|&segment| self.segments.is_used(segment))
                .filter(|&segment| self.segments.live(segment) == 0)
        });
        let open = u32::from(user.is_some()) + u32::from(destination.is_some());
        user.is_some() && user == destination || self.segments.without_live() > open
    }

    /// Declares a segment void in which nothing is live. Its records are all superseded, but an
    /// erase that is cut off could leave some of them without those that say so.
    fn retire_empty(&mut self, segment: u16) -> bool {
        // What is doubted because nothing else is there has to be told first.
        let fits = match self.spoiled {
            Some(_) => self.can_retire_twice(),
            None => self.can_retire(),
        };
        let retired =
            fits && self.end_destination().is_ok() && self.declare_void(segment, 0).is_ok();
        if retired {
            self.segments.set_state(segment, State::Retired);
            self.forget_tail(segment);
        }
        retired
    }

    /// The way out where no segment is free and there is no room for a retire record: a segment in
    /// which nothing is live is erased after a seal that says so, or without where none is left.
    /// Returns whether there is such a segment.
    pub(crate) fn free_empty(&mut self) -> Result<bool, Error> {
        // Tombstones that a collection given up has counted out are needed until this erase is
        // complete: they count again.
        self.recount()?;
        for segment in self.segments.all() {
            if self.is_idle(segment) && self.is_outranked(segment)? {
                let _where_seals_are_left = self.seal_void(segment);
                self.segments.set_state(segment, State::Dropped);
                self.forget_tail(segment);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a segment without live data is needed for nothing else: nothing in it keeps another
    /// void, or is what counts should the record in doubt not last.
    fn is_outranked(&mut self, segment: u16) -> Result<bool, Error> {
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            if !entry.head.kind.is_indexed() && self.is_needed_remark(&entry)? {
                return Ok(false);
            }
        }
        let Some(last) = self.tail_of(Role::User).map(|tail| tail.last) else {
            return Ok(true);
        };
        if !last.head.kind.is_indexed() || last.head.kind == Kind::Fragment {
            return Ok(true);
        }
        let identity = self.identity_of(&last)?;
        let older = self.find_older(&identity, &last)?;
        // The fragments of a large value may be anywhere.
        Ok(older.is_none_or(|older| older.head.kind != Kind::Large && older.segment != segment))
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

    /// Whether nothing is live in a segment, and nothing is put into it; a destination from an
    /// earlier session in which nothing is needed is not gone on with.
    fn is_idle(&self, segment: u16) -> bool {
        let settles = self
            .tail_of(Role::Destination)
            .is_some_and(|tail| tail.segment == segment)
            && self.collection.is_none();
        self.segments.is_used(segment)
            && self.segments.live(segment) == 0
            && (settles || !self.is_open(segment))
    }

    /// The segment that must be collected because its number is far behind.
    pub(crate) fn lagging(&self) -> Option<u16> {
        let oldest = self.segments.next_up(None)?;
        let lag = self.newest.saturating_sub(self.segments.number(oldest));
        (lag > NUMBER_LAG_MAX).then_some(oldest)
    }
}
