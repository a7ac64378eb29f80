//! Room: what fits, which segment is opened next, what is erased when.
//!
//! Invariant: whether a write fits is arithmetic over the counts kept in RAM, done before any
//! flash operation. Outside of a collection at least one segment is free. `docs/format.md`
//! section 7.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Header, Role, encode_header, encode_marker},
    record::{Head, Kind},
    segments::State,
    walk::Entry,
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Numbers between two user segments: room for destinations that rank below the newer of them.
pub(crate) const NUMBER_STEP: u64 = 16;
/// Note: the segment named is opened next. FORMAT 5.6
pub(crate) const NOTE_INTENT: u8 = 1;
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
        let units = self.io.layout.units(entry.head.total());
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
        let units = self.io.layout.units(entry.head.total());
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

    /// Bytes of a tombstone or a retire record may take what is kept in reserve.
    fn spare(&self) -> u32 {
        self.io.layout.reserve()
    }

    /// Makes the open user segment one that a record of `total` bytes fits in.
    pub(crate) fn make_room(&mut self, total: u32) -> Result<Open, Error> {
        let mut tries = 2 * u32::from(self.segments.count()) + 4;
        loop {
            if let Some(open) = self.user
                && open.has_room(&self.io, total, self.spare())
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
            match self.next_user_segment(total) {
                // Another segment may do better.
                Err(Error::WriteFailed) => {}
                result => result?,
            }
        }
    }

    fn next_user_segment(&mut self, total: u32) -> Result<(), Error> {
        if self.collection.is_some() && self.segments.free() < 2 {
            return self.finish_collection();
        }
        match self.segments.free() {
            0 => Err(Error::ReadOnly),
            1 => self.collect_for_room(total),
            _ => {
                let open = self.open_segment(Role::User, None)?;
                self.user = Some(open);
                Ok(())
            }
        }
    }

    /// The free segment to open: the least worn, among these one that is erased already.
    fn choose_free(&self) -> Option<u16> {
        self.segments
            .all()
            .filter(|&segment| self.segments.is_free(segment))
            .min_by_key(|&segment| {
                let order = match self.segments.state(segment) {
                    State::Fresh => 0,
                    State::Erased => 1,
                    _ => 2,
                };
                (self.segments.erase_count(segment), order)
            })
    }

    /// Opens a free segment. `collects` names the segment that is collected into it.
    pub(crate) fn open_segment(
        &mut self,
        role: Role,
        collects: Option<u16>,
    ) -> Result<Open, Error> {
        let segment = self.choose_free().ok_or(Error::ReadOnly)?;
        self.make_erased(segment)?;
        let number = self.next_number(role);
        let header = Header {
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
        Ok(Open {
            segment,
            number: number as u32,
            place: layout.first,
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
                let above = self.last_destination.map_or(0, |number| number + 1);
                low.max(above)
            }
            _ => (self.newest / NUMBER_STEP + 1) * NUMBER_STEP,
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

    /// Makes sure that a free segment was erased since the mount, or that flash tells the next
    /// mount that it may be touched.
    fn make_erased(&mut self, segment: u16) -> Result<(), Error> {
        match self.segments.state(segment) {
            State::Fresh => Ok(()),
            State::Erased if self.announce(segment) => Ok(()),
            _ => self.erase_segment(segment),
        }
    }

    /// Says in the open user segment that `segment` is opened next.
    fn announce(&mut self, segment: u16) -> bool {
        let index = u32::from(segment).to_le_bytes();
        let head = Head::new(Kind::Note, NOTE_INTENT, 0, 4);
        let fits = self
            .user
            .is_some_and(|open| open.has_room(&self.io, head.total(), 0));
        fits && self.append(Role::User, &head, &[], &index).is_ok()
    }

    /// Erases a segment that is not in use, and marks it as erased.
    pub(crate) fn erase_segment(&mut self, segment: u16) -> Result<(), Error> {
        let was_used = self.segments.is_used(segment);
        let count = self.segments.erase_count(segment).saturating_add(1);
        let layout = self.io.layout;
        let address = self.base(segment);
        let marker = encode_marker(&layout, address, count);
        let erased = self.io.erase(segment);
        if erased
            .and_then(|()| self.io.program_bytes(address, &marker))
            .is_err()
        {
            self.set_aside(segment, was_used);
            return Err(Error::WriteFailed);
        }
        self.segments.set_erase_count(segment, count);
        self.segments.set_state(segment, State::Fresh);
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
        let waiting = self.waiting();
        if let Some(segment) = waiting {
            let _set_aside_on_failure = self.erase_segment(segment);
        }
        waiting.is_some()
    }

    /// Whether a segment waits for its erase.
    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting().is_some()
    }

    /// A segment that is void, or in which nothing is live.
    fn waiting(&self) -> Option<u16> {
        let void = self
            .segments
            .all()
            .find(|&segment| matches!(self.segments.state(segment), State::Dirty | State::Retired));
        // While any segment is void without being erased, the record that says so may be in one
        // where nothing else is live: void ones go first.
        void.or_else(|| {
            let unerasable = self
                .segments
                .all()
                .any(|segment| self.segments.state(segment) == State::Bad);
            self.segments.all().find(|&segment| {
                !unerasable
                    && self.segments.is_used(segment)
                    && self.segments.live(segment) == 0
                    && !self.is_open(segment)
            })
        })
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
