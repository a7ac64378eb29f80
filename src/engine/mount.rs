//! Mounting: what each segment is, what counts in it, and where writing may go on.
//!
//! Mount programs nothing. What a cut left in doubt is settled by the first write
//! (`resume.rs`). `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::{Found, Header, Next, Role, decode},
    layout::{HEADER_SIZE, MARKER_SIZE},
    record::Kind,
    resume::Tail,
    segments::State,
    walk::Entry,
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
        self.drop_unfinished()?;
        self.apply_voids()?;
        self.find_opens()?;
        self.recount()
    }

    /// What the marker and the header of a segment say.
    fn look_at(&mut self, segment: u16) -> Result<Found, Error> {
        let layout = self.io.layout;
        let address = layout.address(segment);
        let mut marker = [0; MARKER_SIZE as usize];
        let ahead = layout.first;
        let found = self.io.fetch(address, MARKER_SIZE, ahead)?;
        for (to, from) in marker.iter_mut().zip(found) {
            *to = *from;
        }
        let header = self
            .io
            .fetch(address + layout.header_at, HEADER_SIZE, HEADER_SIZE)?;
        Ok(decode(&layout, address, &marker, header))
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
                Found::Erased { erase_count } => {
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
            Found::Erased { erase_count } => (State::Erased, *erase_count),
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

    /// Drops segments that were opened and hold nothing that counts: no record at all, or the
    /// beginning of a collection whose source is still there. FORMAT 9.2
    fn drop_unfinished(&mut self) -> Result<(), Error> {
        for segment in self.segments.all() {
            if !self.segments.is_used(segment) {
                continue;
            }
            let Some(header) = self.header(segment)? else {
                continue;
            };
            self.distrust_named(header.next);
            let source = header.number.saturating_sub(u64::from(header.collects));
            let source_there = header.collects != 0
                && self.segments.all().any(|other| {
                    self.segments.is_used(other) && self.segments.number(other) == source
                });
            let mut counts = false;
            let mut walk = self.walk(segment);
            while let Some(entry) = walk.next(&mut self.io)? {
                if !source_there || is_completion(&entry) {
                    counts = true;
                    break;
                }
            }
            if !counts {
                self.drop_segment(segment);
            }
        }
        Ok(())
    }

    /// A segment that was to be opened next may be touched, whatever it reads as.
    fn distrust_named(&mut self, next: Next) {
        let segment = next.segment;
        if self.segments.state(segment) == State::Erased
            && self.segments.erase_count(segment) as u16 == next.erase_count
        {
            self.segments.set_state(segment, State::Doubted);
        }
    }

    /// Sets aside what retire and reset records declare void.
    fn apply_voids(&mut self) -> Result<(), Error> {
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            let mut walk = self.walk(current);
            while let Some(entry) = walk.next(&mut self.io)? {
                match entry.head.kind {
                    Kind::Retire => {
                        let number = self.read_number(&entry)?;
                        self.make_void(|other, _| other == number, current);
                    }
                    Kind::Reset => {
                        let floor = self.read_number(&entry)?;
                        self.make_void(|other, _| other < floor, current);
                    }
                    _ => {}
                }
            }
            segment = self.segments.next_up(Some(current));
        }
        Ok(())
    }

    fn make_void(&mut self, is_void: impl Fn(u64, u16) -> bool, by: u16) {
        for segment in self.segments.all() {
            if segment != by
                && self.segments.is_used(segment)
                && is_void(self.segments.number(segment), segment)
            {
                self.segments.set_state(segment, State::Retired);
            }
        }
    }

    fn drop_segment(&mut self, segment: u16) {
        self.segments.set_state(segment, State::Dirty);
        self.recovered_segments += 1;
    }

    /// The segments that were open: the newest, and the newest destination.
    fn find_opens(&mut self) -> Result<(), Error> {
        let mut user = None;
        while let Some(segment) = self.segments.next_down(None) {
            if self.find_tail(Role::User, segment)? {
                user = Some(segment);
                break;
            }
            self.drop_segment(segment);
        }
        let mut above = user;
        while let Some(segment) = above.and_then(|above| self.segments.next_down(Some(above))) {
            let header = self.header(segment)?;
            if let Some(header) = header.filter(|header| header.role == Role::Destination) {
                self.last_destination = Some(header.number);
                if self.find_tail(Role::Destination, segment)? {
                    break;
                }
                self.drop_segment(segment);
            }
            above = Some(segment);
        }
        Ok(())
    }

    /// Finds where a segment that was open ends. What lies behind it may read differently at the
    /// next look: it is hidden from all of them. `false`: nothing in it counts now.
    fn find_tail(&mut self, role: Role, segment: u16) -> Result<bool, Error> {
        let mut last = None;
        let mut walk = self.walk(segment);
        let mut units = 0_u32;
        while let Some(entry) = walk.next(&mut self.io)? {
            last = Some(entry);
            if !matches!(entry.head.kind, Kind::Retire | Kind::Note) {
                units = units.saturating_add(self.io.layout.units_of(&entry.head));
            }
        }
        self.recovered_records += walk.voided;
        let Some(last) = last else {
            return Ok(false);
        };
        let safe = self.safe_place(&last)?;
        let tail = Tail {
            segment,
            last: Some(last),
            void_from: last.place,
            safe,
            units,
        };
        let end = self.io.layout.end_of(last.place, last.head.total());
        self.set_tail(role, tail, end);
        Ok(true)
    }
}

/// Whether a record shows that the collection its segment was opened for was completed: the
/// retire record itself, or the first user record behind it.
fn is_completion(entry: &Entry) -> bool {
    entry.head.kind == Kind::Retire || entry.head.void_from.is_some()
}

impl Survey {
    fn count_wear(&mut self, count: u32) {
        self.wear += u64::from(count);
        self.wear_known += 1;
        self.wear_least = Some(self.wear_least.map_or(count, |least| least.min(count)));
    }
}
