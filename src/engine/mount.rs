//! Mounting: what each segment is, what counts in it, and where writing may go on.
//!
//! Mount programs nothing. What a cut left in doubt is settled by the first write
//! (`resume.rs`). `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Found, Header, MarkerBytes, Role, decode},
    io::SCAN,
    layout::{HEADER_SIZE, quotient},
    record::Kind,
    resume::{LOOKS, Tail},
    segments::State,
    walk::{Entry, crc_holds, read_block_head, read_head},
};
use crate::{error::Error, flash::Flash};

/// No flash lasts long enough to get there.
const NUMBER_MAX: u64 = 1 << 62;

/// Counts over all segments, from the first look at them.
#[derive(Default)]
struct Survey {
    open: u32,
    erased: u32,
    newer: u32,
    other: u32,
    lowest: Option<u64>,
    wear: u64,
    wear_known: u32,
    wear_least: Option<u32>,
}

impl<F: Flash> Engine<'_, F> {
    /// Reads the partition and makes the store ready for reads.
    pub(crate) fn mount_segments(&mut self) -> Result<(), Error> {
        self.survey()?;
        self.find_user()?;
        self.mounting = true;
        let counted = self.recount();
        self.mounting = false;
        self.distrust_named()?;
        if self.tail_of(Role::User).is_none() {
            self.distrust_unformatted()?;
        } else {
            self.distrust_erased();
        }
        counted
    }

    /// What the marker and the header of a segment say.
    fn look_at(&mut self, segment: u16) -> Result<Found, Error> {
        let layout = self.io.layout;
        let address = layout.address(segment);
        let mut marker = MarkerBytes::default();
        let marker = marker
            .get_mut(..layout.marker_size as usize)
            .unwrap_or(&mut []);
        let ahead = layout.first;
        let found = self.io.fetch(address, layout.marker_size, ahead)?;
        for (to, from) in marker.iter_mut().zip(found) {
            *to = *from;
        }
        let header = self
            .io
            .fetch(address + layout.header_at, HEADER_SIZE, HEADER_SIZE)?;
        Ok(decode(&layout, address, marker, header))
    }

    fn survey(&mut self) -> Result<(), Error> {
        let mut survey = Survey::default();
        for segment in self.segments.all() {
            match self.look_at(segment)? {
                Found::Open(header) => {
                    survey.open += 1;
                    survey.lowest = Some(
                        survey
                            .lowest
                            .map_or(header.number, |low| low.min(header.number)),
                    );
                    survey.count_wear(header.erase_count);
                }
                Found::Erased { erase_count, .. } => {
                    survey.erased += 1;
                    survey.count_wear(erase_count);
                }
                Found::Newer => survey.newer += 1,
                Found::OtherLayout => survey.other += 1,
                Found::Nothing => {}
            }
        }
        if survey.newer > 0 {
            return Err(Error::UnsupportedVersion);
        }
        if survey.other > 0 {
            return Err(Error::GeometryMismatch);
        }
        if survey.open == 0 && survey.erased == 0 {
            return Err(Error::Unformatted);
        }
        self.segments.set_base(survey.lowest.unwrap_or(0));
        self.segments.set_wear_base(survey.wear_least.unwrap_or(0));
        let mean = survey
            .wear
            .checked_div(u64::from(survey.wear_known))
            .unwrap_or(0) as u32;
        for segment in self.segments.all() {
            let found = self.look_at(segment)?;
            self.note(segment, &found, mean);
        }
        Ok(())
    }

    fn note(&mut self, segment: u16, found: &Found, mean: u32) {
        let (state, wear) = match found {
            Found::Open(header) => {
                self.segments.set_number(segment, header.number);
                if header.role == Role::Destination {
                    self.last_destination = self.last_destination.max(Some(header.number));
                }
                let far =
                    self.segments.number(segment) != header.number || header.number > NUMBER_MAX;
                if !far {
                    self.newest = self.newest.max(header.number);
                }
                // Numbers this far apart are not of one store.
                (
                    if far { State::Dirty } else { State::Used },
                    header.erase_count,
                )
            }
            Found::Erased {
                erase_count,
                bare,
                newest,
            } => {
                self.newest = self.newest.max(*newest).min(NUMBER_MAX);
                let state = if *bare { State::Bare } else { State::Erased };
                (state, *erase_count)
            }
            _ => (State::Dirty, mean),
        };
        self.segments.set_erase_count(segment, wear);
        self.segments.set_state(segment, state);
    }

    fn header(&mut self, segment: u16) -> Result<Option<Header>, Error> {
        Ok(match self.look_at(segment)? {
            Found::Open(header) => Some(header),
            _ => None,
        })
    }

    /// A segment that was to be opened next may be touched, whatever it reads as.
    fn distrust_named(&mut self) -> Result<(), Error> {
        for segment in self.segments.all() {
            let Some(Header { next, .. }) = self.certain_header(segment)? else {
                continue;
            };
            if self.segments.state(next.segment) == State::Erased
                && self.segments.erase_count(next.segment) as u16 == next.erase_count
            {
                self.segments.set_state(next.segment, State::Doubted);
            }
        }
        Ok(())
    }

    /// The header of a segment that says what may be touched. Where nothing in the segment counts,
    /// the header itself may be what a cut left reading differently: then no segment was opened
    /// after it.
    fn certain_header(&mut self, segment: u16) -> Result<Option<Header>, Error> {
        let looks = match self.segments.state(segment) {
            State::Used | State::Retired => 1,
            State::Dropped => LOOKS,
            _ => return Ok(None),
        };
        let mut header = self.header(segment)?;
        for _ in 1..looks {
            self.io.forget();
            header = header.and(self.header(segment)?);
        }
        Ok(header)
    }

    /// The segment where the user wrote: the newest in which something counts.
    fn find_user(&mut self) -> Result<(), Error> {
        while let Some(segment) = self.segments.next_down(None) {
            if self.find_tail(Role::User, segment)? && self.is_complete(segment)? {
                return Ok(());
            }
            self.forget_tail(segment);
            self.io.unpin();
            self.drop_segment(segment);
        }
        Ok(())
    }

    /// Looks at a segment that the first count comes to, from the newest down: what is newer is
    /// known. `false`: nothing in it counts.
    pub(crate) fn enter(&mut self, segment: u16) -> Result<bool, Error> {
        let [user, destination] = self.tails;
        if user.is_some_and(|tail| tail.segment == segment) {
            return Ok(true);
        }
        let role = self.header(segment)?.map(|header| header.role);
        let counts = self.is_complete(segment)?
            && (role != Some(Role::Destination)
                || destination.is_some()
                || self.find_tail(Role::Destination, segment)?);
        if !counts {
            self.drop_segment(segment);
        }
        Ok(counts)
    }

    /// Whether what was collected into this segment is all there. Else its source is. FORMAT 9.2
    fn is_complete(&mut self, segment: u16) -> Result<bool, Error> {
        let Some(header) = self.header(segment)? else {
            // It reads differently now: an erase was cut off.
            return Ok(false);
        };
        let source = header.number.saturating_sub(u64::from(header.collects));
        let there = self
            .segments
            .all()
            .find(|&other| self.segments.is_used(other) && self.segments.number(other) == source);
        let Some(there) = there.filter(|_| header.collects != 0) else {
            return Ok(true);
        };
        let complete = self.shows_completion(segment, source as u32)?;
        if complete {
            // Its retire record may have rotted: the first record of a user's stands for it.
            self.segments.set_state(there, State::Retired);
        }
        Ok(complete)
    }

    /// Whether a segment says that what was collected from `source` is complete: by a retire record
    /// with something behind it, or a record that goes on behind one. FORMAT 8.2
    fn shows_completion(&mut self, segment: u16, source: u32) -> Result<bool, Error> {
        let mut retired = None;
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            if retired.is_some() || entry.head.void_from.is_some() {
                return Ok(true);
            }
            let retires = entry.head.kind == Kind::Retire && !entry.damaged;
            if retires && self.read_number(&entry)? as u32 == source {
                retired = Some(entry.place);
            }
        }
        match retired {
            Some(place) => self.is_sealed(segment, place),
            None => Ok(false),
        }
    }

    /// Sets aside what a retire or reset record declares void: always something older.
    pub(crate) fn apply_void(&mut self, entry: &Entry) -> Result<(), Error> {
        let value = self.read_number(entry)?;
        let own = self.segments.number(entry.segment);
        if entry.head.kind == Kind::Retire {
            let (segment, erases) = ((value >> 32) as u16, (value >> 48) as u16);
            match self.segments.state(segment) {
                State::Used
                    if self.segments.low_number(segment) == value as u32
                        && self.segments.number(segment) < own =>
                {
                    self.segments.set_state(segment, State::Retired);
                }
                // Its erase was cut off and left the marker from before.
                State::Erased if self.segments.erase_count(segment) as u16 == erases => {
                    self.segments.set_state(segment, State::Dirty);
                }
                _ => {}
            }
            return Ok(());
        }
        self.resetting = true;
        for segment in self.segments.all() {
            let other = self.segments.number(segment);
            if self.segments.is_used(segment) && other < value && other < own {
                self.segments.set_state(segment, State::Retired);
            }
        }
        Ok(())
    }

    /// Nothing is in use: a store that was formatted and never written to, or the first writes to
    /// one were cut off. Markers are all that tells that there is a store here. So what has none
    /// for certain is erased and marked first, and what has one last.
    fn distrust_unformatted(&mut self) -> Result<(), Error> {
        let mut untouched = true;
        for segment in self.segments.all() {
            let state = self.segments.state(segment);
            untouched &= state == State::Bare;
            if state != State::Dirty && !self.is_headed_for_certain(segment)? {
                self.segments.set_state(segment, State::Dirty);
                untouched = false;
            } else if matches!(state, State::Erased | State::Doubted) {
                self.segments.set_state(segment, State::Bare);
            }
        }
        if untouched {
            // At most the first may be touched.
            let first = self.choose_free(true);
            for segment in self.segments.all().filter(|&other| Some(other) != first) {
                self.segments.set_state(segment, State::Erased);
            }
        }
        Ok(())
    }

    /// Whether marker or header of a segment verify at every look.
    fn is_headed_for_certain(&mut self, segment: u16) -> Result<bool, Error> {
        for _ in 0..LOOKS {
            self.io.forget();
            if !matches!(
                self.look_at(segment)?,
                Found::Erased { .. } | Found::Open(_)
            ) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes segments for erased only where nothing can have touched them since.
    fn distrust_erased(&mut self) {
        let is = |engine: &Self, state: State| {
            engine
                .segments
                .all()
                .find(|&segment| engine.segments.state(segment) == state)
        };
        if self.resetting {
            while let Some(segment) = is(self, State::Erased) {
                self.segments.set_state(segment, State::Doubted);
            }
        }
        // What the last session may have begun to erase again, with nothing else to open.
        let others = [
            State::Doubted,
            State::Bare,
            State::Dirty,
            State::Dropped,
            State::Retired,
        ];
        if !others.into_iter().any(|state| is(self, state).is_some())
            && let Some(first) = self.choose_free(true)
        {
            self.segments.set_state(first, State::Doubted);
        }
    }

    fn drop_segment(&mut self, segment: u16) {
        self.segments.set_state(segment, State::Dropped);
        self.recovered_segments += 1;
    }

    /// Finds where a segment that was open ends. What lies behind it may read differently at the
    /// next look: it is hidden from all of them. `false`: nothing in it counts now.
    fn find_tail(&mut self, role: Role, segment: u16) -> Result<bool, Error> {
        let mut end = self.io.layout.segment_size;
        let mut tail = loop {
            self.hide(role, segment, end);
            let Some(tail) = self.last_in(segment)? else {
                return Ok(false);
            };
            if role == Role::Destination || self.pin(&tail)? {
                break tail;
            }
            end = tail.last.place;
        };
        // It may be gone at the next look, and what it declares void must not come back.
        let last = &tail.last;
        if let Some(units) = last.head.void_from {
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
                self.hide(role, segment, behind);
            }
            Role::Destination => {
                // What it was to take last is still where it came from.
                if let Some((number, to)) = self.announced
                    && number == self.segments.number(segment)
                {
                    let to = super::layout::round_up(to, self.io.layout.block);
                    tail.safe = tail.safe.max(to.min(self.io.layout.segment_size));
                }
                self.hide(role, segment, tail.void_from);
            }
        }
        *self.tail(role) = Some(tail);
        Ok(true)
    }

    /// The last record in a segment, and what comes before it.
    fn last_in(&mut self, segment: u16) -> Result<Option<Tail>, Error> {
        let mut tail: Option<Tail> = None;
        let mut units = 0_u32;
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            let before = tail.map(|tail| tail.last);
            if !matches!(entry.head.kind, Kind::Retire | Kind::Note) {
                units = units.saturating_add(self.io.layout.units_of(&entry.head));
            }
            tail = Some(Tail {
                segment,
                last: entry,
                void_from: entry.place,
                safe: 0,
                units,
                void_before: before
                    .filter(|before| before.head.kind.is_void())
                    .map(|before| before.place),
                follows: self.follows(before.as_ref(), &entry),
            });
        }
        self.recovered_records += walk.voided;
        Ok(tail)
    }

    /// Whether `entry` starts where the record before it ends, or the first one may start: then it is
    /// found without the head of its block.
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
        let units = quotient(place.saturating_sub(block), self.io.layout.align);
        Ok(head.is_some_and(|head| from > place || head.first == Some(units)))
    }
}

impl Survey {
    fn count_wear(&mut self, count: u32) {
        self.wear += u64::from(count);
        self.wear_known += 1;
        self.wear_least = Some(self.wear_least.map_or(count, |least| least.min(count)));
    }
}
