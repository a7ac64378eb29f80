//! Mounting: what each segment is, what counts in it, and where writing may go on.
//!
//! The newest segment in which something counts says which others do; nothing else is needed of
//! what was there before. Mount programs nothing. What a cut left in doubt is settled by the first
//! write (`resume.rs`). `docs/format.md` section 9.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::take,
    header::{Found, Header, Role, decode},
    io::SCAN,
    layout::HEADER_SIZE,
    record::Kind,
    segments::{NUMBER_SPAN, State},
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

/// No flash lasts long enough to get there.
const NUMBER_MAX: u64 = 1 << 46;

/// Counts over all segments, from the first look at them.
#[derive(Default)]
struct Survey {
    newer: bool,
    other: bool,
    highest: u64,
    wear: u32,
    wear_known: u32,
    wear_least: Option<u32>,
}

impl<F: Flash> Engine<'_, F> {
    /// Reads the partition and makes the store ready for reads.
    pub(crate) fn mount_segments(&mut self) -> Result<(), Error> {
        self.survey()?;
        let user = self.find_user()?;
        self.apply_list(user)?;
        self.apply_retired(user)?;
        self.recount()
    }

    /// What the header of a segment says.
    fn look_at(&mut self, segment: u16) -> Result<Found, Error> {
        let address = self.base(segment);
        let ahead = self.io.layout.first + self.io.layout.block.min(64);
        let found = self.io.fetch(address, HEADER_SIZE, ahead)?;
        let bytes: [u8; HEADER_SIZE as usize] = take(found, 0);
        Ok(decode(&self.io.layout, address, &bytes))
    }

    pub(crate) fn header(&mut self, segment: u16) -> Result<Option<Header>, Error> {
        Ok(match self.look_at(segment)? {
            Found::Open(header) if header.number <= NUMBER_MAX => Some(header),
            _ => None,
        })
    }

    fn survey(&mut self) -> Result<(), Error> {
        let mut survey = Survey::default();
        for segment in self.segments.all() {
            match self.look_at(segment)? {
                Found::Open(header) => survey.add(&header),
                Found::Newer => survey.newer = true,
                Found::OtherLayout => survey.other = true,
                Found::Nothing => {}
            }
        }
        if survey.newer {
            return Err(Error::UnsupportedVersion);
        }
        if survey.other {
            return Err(Error::GeometryMismatch);
        }
        let least = survey.wear_least.ok_or(Error::Unformatted)?;
        self.dropped = false;
        self.limited = None;
        self.newest = survey.highest;
        self.segments.set_newest(self.newest);
        self.segments.set_wear_base(least);
        let mean = least + survey.wear.checked_div(survey.wear_known).unwrap_or(0);
        for segment in self.segments.all() {
            let span = self.newest.saturating_sub(NUMBER_SPAN)..=self.newest;
            let mut wear = mean;
            if let Some(header) = self.header(segment)? {
                wear = header.erase_count;
                if span.contains(&header.number) {
                    self.segments.set_number(segment, header.number);
                    self.segments.set_state(
                        segment,
                        match header.role {
                            Role::User => State::Used,
                            Role::Moved => State::Clean,
                        },
                    );
                }
            }
            self.segments.set_erase_count(segment, wear);
        }
        Ok(())
    }

    /// The segment where the user wrote: the newest in which something counts.
    fn find_user(&mut self) -> Result<u16, Error> {
        while let Some(segment) = self.segments.next_down(None) {
            if self.find_tail(segment)? && self.is_complete(segment)? {
                return Ok(segment);
            }
            self.forget_tail();
            self.segments.set_state(segment, State::Free);
            self.dropped = true;
            self.recovered_segments += 1;
        }
        Err(Error::Unformatted)
    }

    /// Whether what was collected into this segment is all there. Else its source is. FORMAT 9.2
    fn is_complete(&mut self, segment: u16) -> Result<bool, Error> {
        let Some(header) = self.header(segment)? else {
            // It reads differently now: an erase was cut off.
            return Ok(false);
        };
        let Some(source) = header.source else {
            return Ok(true);
        };
        // Where the source is gone, a record has rotted.
        let is_there = self.segments.state(source) != State::Free && source != segment;
        let mut complete = !is_there;
        let mut walk = self.walk(segment);
        while !complete && let Some(entry) = walk.next(&mut self.io)? {
            complete = entry.marks_completion(self.io.layout.align)
                || entry.head.kind == Kind::Retire && entry.damaged
                || self
                    .read_retire(&entry)?
                    .is_some_and(|retire| retire.victim == source);
        }
        Ok(complete)
    }

    /// Takes for free what the list of the newest segment leaves out. Where that is damaged, all
    /// that is there counts but what was collected: nothing but what was hit is lost.
    fn apply_list(&mut self, user: u16) -> Result<(), Error> {
        let mut walk = self.walk(user);
        let list = walk
            .next(&mut self.io)?
            .filter(|list| list.head.kind == Kind::List && !list.damaged)
            .filter(|list| list.head.value_len == self.io.layout.list_size());
        let source = match list {
            Some(_) => None,
            None => self.header(user)?.and_then(|header| header.source),
        };
        let base = self.base(user);
        let mut at = list.map_or(0, |list| self.value_offset(&list));
        let mut bits = [0xFF];
        for segment in self.segments.all() {
            if segment & 7 == 0 && list.is_some() {
                at = self.io.read(base, at, &mut bits, SCAN)?;
            }
            let [byte] = bits;
            let headed = self.segments.state(segment) != State::Free;
            let counts = byte >> (segment & 7) & 1 == 1 && Some(segment) != source;
            let state = if segment == user || headed && counts {
                State::Used
            } else {
                State::Free
            };
            self.segments.set_state(segment, state);
        }
        if list.is_some() {
            let mut limit = [0; 4];
            self.io.read(base, at, &mut limit, SCAN)?;
            self.limit(self.decode_limit(limit))?;
        }
        Ok(())
    }

    /// Takes for free what was collected after the newest segment was opened, and in what it was
    /// moved to that.
    fn apply_retired(&mut self, user: u16) -> Result<(), Error> {
        let mut walk = self.walk(user);
        while let Some(entry) = walk.next(&mut self.io)? {
            let Some(retire) = self.read_retire(&entry)? else {
                continue;
            };
            let void = retire.victim;
            if void != user {
                // Whatever is there now: what was opened since is told of behind this.
                self.segments.set_state(void, State::Free);
            }
            self.limit(retire.limited)?;
        }
        Ok(())
    }

    /// A segment for what is moved counts up to a place.
    fn limit(&mut self, limited: Option<(u16, u32)>) -> Result<(), Error> {
        self.limited = None;
        if let Some((segment, _)) = limited
            && self
                .header(segment)?
                .is_some_and(|header| header.role == Role::Moved)
        {
            self.segments.set_state(segment, State::Used);
            self.limited = limited;
        }
        Ok(())
    }
}

impl Entry {
    /// Whether this is the first record behind a completed collection. FORMAT 8.2
    fn marks_completion(&self, align: u32) -> bool {
        let from = self.head.void_from().map(|from| from.saturating_mul(align));
        from == Some(self.place)
    }
}

impl Survey {
    fn add(&mut self, header: &Header) {
        if header.number <= NUMBER_MAX {
            self.highest = self.highest.max(header.number);
        }
        let least = self.wear_least.unwrap_or(header.erase_count);
        self.wear_known += 1;
        // Above the least so far: close enough to the mean, and no sum of 64 bits.
        self.wear = self
            .wear
            .saturating_add(header.erase_count.saturating_sub(least));
        self.wear_least = Some(least.min(header.erase_count));
    }
}
