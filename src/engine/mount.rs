//! Mounting: what each segment is, what counts in it, and where writing may go on.
//!
//! Mount programs nothing. What a cut left in doubt is settled by the first write
//! (`resume.rs`). `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Found, Header, MarkerBytes, Role, decode},
    layout::HEADER_SIZE,
    record::Kind,
    segments::State,
    tail::LOOKS,
};
use crate::{error::Error, flash::Flash};

/// No flash lasts long enough to get there.
pub(crate) const NUMBER_MAX: u64 = 1 << 46;

/// Numbers further apart are not of one store: no segment lags behind by half of that. FORMAT 3.5
pub(crate) const NUMBER_SPAN: u64 = 1 << 31;

/// Looks at what has to be certain, as a marker that reads differently each time.
pub(crate) const LOOKS_FOR_MARKER: u32 = 4 * LOOKS;

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
            self.distrust_overwritten();
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
        self.segments.set_base(survey.lowest.unwrap_or(NUMBER_MAX));
        self.segments.set_wear_base(survey.wear_least.unwrap_or(0));
        let mean = mean(survey.wear, survey.wear_known);
        for segment in self.segments.all() {
            let found = self.look_closely(segment)?;
            self.note(segment, &found, mean);
        }
        Ok(())
    }

    /// As [`Self::look_at`], with more looks where there is nothing: a marker that a cut left in
    /// doubt must not show first when the erase on account of its absence was cut off too.
    fn look_closely(&mut self, segment: u16) -> Result<Found, Error> {
        let mut found = self.look_at(segment)?;
        let mut looks = LOOKS_FOR_MARKER;
        while found == Found::Nothing && looks > 0 {
            looks -= 1;
            self.io.forget();
            found = self.look_at(segment)?;
        }
        Ok(found)
    }

    fn note(&mut self, segment: u16, found: &Found, mean: u32) {
        let (state, wear) = match found {
            Found::Open(header) => {
                self.segments.set_number(segment, header.number);
                if header.role == Role::Destination {
                    self.last_destination = self.last_destination.max(header.number);
                }
                // Below what was the lowest just now: it reads differently each time.
                let known = self.segments.base()..=self.number_limit();
                let far = !known.contains(&header.number);
                if !far {
                    self.raise_newest(header.number);
                }
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
                self.raise_newest(*newest);
                let state = if *bare { State::Bare } else { State::Erased };
                (state, *erase_count)
            }
            _ => (State::Dirty, mean),
        };
        self.segments.set_erase_count(segment, wear);
        self.segments.set_state(segment, state);
    }

    pub(crate) fn header(&mut self, segment: u16) -> Result<Option<Header>, Error> {
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
            // With one erase less, that erase was cut off, and the marker is the one from before.
            let count = self.segments.erase_count(next.segment) as u16;
            let is_named = next.erase_count.wrapping_sub(count) <= 1;
            if self.segments.state(next.segment) == State::Erased && is_named {
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
            if self.find_tail(Role::User, segment)?
                && !self.was_dropped(segment)?
                && self.is_complete(segment)?
            {
                self.retire_passed(segment)?;
                self.retire_sealed(segment)?;
                // The number of a segment that was dropped is not given again.
                let named = self.sealed_drop(segment)?.unwrap_or(0);
                self.raise_newest(named);
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
        if counts {
            self.retire_passed(segment)?;
        } else {
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
        let Some(source) = header.source() else {
            return Ok(true);
        };
        let Some(there) = self.in_use(source) else {
            return Ok(true);
        };
        let complete = self.shows_completion(segment, source as u32)?;
        if complete {
            // Its retire record may have rotted: the first record of a user's stands for it.
            self.segments.set_state(there, State::Retired);
            self.retire_sources(there)?;
        }
        Ok(complete)
    }

    /// Whether a segment says that what was collected from `source` is complete: by a retire record
    /// with something behind it, or a record that goes on behind one. FORMAT 8.2
    fn shows_completion(&mut self, segment: u16, source: u32) -> Result<bool, Error> {
        let mut retired = None;
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            if retired.is_some() || entry.head.void_from().is_some() {
                return Ok(true);
            }
            let retires = entry.head.kind == Kind::Retire && !entry.damaged;
            if retires && self.read_number(&entry)? as u32 == source {
                retired = Some(entry.place);
            }
        }
        let Some(place) = retired else {
            return Ok(false);
        };
        let sealed = self.is_sealed(segment, place)?;
        let user = self.tail_of(Role::User);
        if sealed && user.is_some_and(|tail| tail.segment == segment) {
            // The seal may be what was programmed last: this look decides.
            self.unconfirmed = Some((segment, place));
        }
        Ok(sealed)
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

    /// Whether marker or header of a segment verify, and say the same, at every look. Nothing else
    /// tells that there is a store, and where memory is overwritten the old content verifies too.
    fn is_headed_for_certain(&mut self, segment: u16) -> Result<bool, Error> {
        let first = self.look_at(segment)?;
        let mut certain = matches!(first, Found::Erased { .. } | Found::Open(_));
        for _ in 0..LOOKS_FOR_MARKER {
            self.io.forget();
            certain &= self.look_at(segment)? == first;
        }
        Ok(certain)
    }

    /// Where nothing is erased, a bare marker stands before the header is overwritten. That may
    /// have been cut off, and then the old header may verify at another look: it goes first.
    fn distrust_overwritten(&mut self) {
        for segment in self.segments.all() {
            if !self.io.shape.needs_erase && self.segments.state(segment) == State::Bare {
                self.segments.set_state(segment, State::Dirty);
            }
        }
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
            // That goes by there being nothing else, which may change before it is erased.
            self.spoiled = Some(first);
        }
    }

    /// The highest number that a segment of this store can have.
    fn number_limit(&self) -> u64 {
        self.segments
            .base()
            .saturating_add(NUMBER_SPAN)
            .min(NUMBER_MAX)
    }

    /// A number that was given, as far as it can be one of this store, is not given again.
    pub(crate) fn raise_newest(&mut self, number: u64) {
        self.newest = self.newest.max(number.min(self.number_limit()));
    }

    pub(crate) fn drop_segment(&mut self, segment: u16) {
        self.segments.set_state(segment, State::Dropped);
        self.recovered_segments += 1;
    }
}

impl Survey {
    fn count_wear(&mut self, count: u32) {
        self.wear += u64::from(count);
        self.wear_known += 1;
        self.wear_least = Some(self.wear_least.map_or(count, |least| least.min(count)));
    }
}

/// `sum / count`, which fits 32 bits. A processor without division of 64 bits would need a function
/// of half a kilobyte for it.
fn mean(sum: u64, count: u32) -> u32 {
    let mut rest = sum;
    let mut mean = 0;
    for bit in (0..32).rev() {
        let part = u64::from(count) << bit;
        if count > 0 && rest >= part {
            rest -= part;
            mean |= 1 << bit;
        }
    }
    mean
}
