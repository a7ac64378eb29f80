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
    scan::Entry,
    segments::{NUMBER_SPAN, State},
};
use crate::{error::Error, flash::Flash};

/// No flash lasts long enough to get there.
pub(crate) const NUMBER_MAX: u64 = 1 << 46;

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
        self.find_what_counts()?;
        self.recount()
    }

    /// Which segments count. Apart from the recount, so that the stack takes one or the other.
    #[inline(never)]
    fn find_what_counts(&mut self) -> Result<(), Error> {
        self.survey()?;
        let user = self.find_user()?;
        self.apply_list(user)?;
        if self.apply_retired(user)? {
            self.let_moved_count(user)?;
        }
        Ok(())
    }

    /// What the header of a segment says.
    fn look_at(&mut self, segment: u16) -> Result<Found, Error> {
        let address = self.base(segment);
        let found = self.io.fetch(address, HEADER_SIZE, 0)?;
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
            self.segments.set_state(segment, State::Doubtful);
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
        // Where the source is gone, a record has rotted.
        let is_there = |&source: &u16| self.is_headed(source) && source != segment;
        let source = header.source.filter(is_there);
        // What it frees may be erased: where it is the last record, nothing before it may be gone.
        let last = self.tail.map(|tail| tail.last);
        let last = last.filter(|last| last.head.kind == Kind::Retire);
        if header.source.is_some() && source.is_none() || source.is_none() && last.is_none() {
            return Ok(true);
        }
        let is_last = |entry: &Entry| last.is_some_and(|last| last.place == entry.place);
        let mut whole = false;
        let mut walk = self.walk(segment);
        while walk.next(&mut self.io)? {
            let entry = walk.entry();
            if entry.head.kind == Kind::List {
                whole = !entry.damaged;
                continue;
            }
            let Some(source) = source else {
                // Where nothing else is there, this is all that there can be.
                let mut others = self.segments.all().filter(|&other| other != segment);
                let is_alone = !others.any(|other| self.is_headed(other));
                return Ok(whole || is_alone || !is_last(entry));
            };
            // What is damaged may have been so where it came from.
            whole &= walk.gaps() == 0;
            let completes = entry.marks_completion(self.io.layout.align)
                || entry.head.kind == Kind::Retire && entry.damaged
                || self
                    .read_retire(entry)?
                    .is_some_and(|retire| retire.victim == source);
            if completes {
                return Ok(whole || !is_last(entry));
            }
        }
        Ok(false)
    }

    /// Whether the header of a segment verified, and it was not passed over.
    fn is_headed(&self, segment: u16) -> bool {
        matches!(self.segments.state(segment), State::Used | State::Clean)
    }

    /// Takes for free what the list of the newest segment leaves out. Where that is damaged, all
    /// that is there counts but what was collected: nothing but what was hit is lost.
    fn apply_list(&mut self, user: u16) -> Result<(), Error> {
        let mut walk = self.walk(user);
        let is_any = walk.next(&mut self.io)?;
        let list = is_any
            .then_some(*walk.entry())
            .filter(|list| list.head.kind == Kind::List && !list.damaged)
            .filter(|list| (5..=self.io.layout.list_size()).contains(&list.head.value_len));
        // All ahead of the limit are bits; segments that a partition has grown by have none.
        let listed = list.map_or(u32::MAX, |list| (list.head.value_len - 4) * 8);
        let source = match list {
            Some(_) => None,
            None => self.header(user)?.and_then(|header| header.source),
        };
        let base = self.base(user);
        let mut at = list.map_or(0, |list| self.value_offset(&list));
        let mut bits = [0xFF];
        for segment in self.segments.all() {
            if u32::from(segment) >= listed {
                bits = [0];
            } else if segment & 7 == 0 && list.is_some() {
                at = self.io.read(base, at, &mut bits, SCAN)?;
            }
            let [byte] = bits;
            let counts = byte >> (segment & 7) & 1 == 1 && Some(segment) != source;
            let state = if segment == user || self.is_headed(segment) && counts {
                State::Used
            } else if self.segments.state(segment) == State::Doubtful {
                State::Doubtful
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
    /// moved to that. `true`: a record that said so may have rotted.
    fn apply_retired(&mut self, user: u16) -> Result<bool, Error> {
        let mut rotted = false;
        let mut walk = self.walk(user);
        while walk.next(&mut self.io)? {
            let entry = walk.entry();
            rotted |= entry.head.kind == Kind::Retire && entry.damaged;
            let Some(retire) = self.read_retire(entry)? else {
                continue;
            };
            let is_last = self.tail.is_some_and(|tail| tail.last.place == entry.place);
            for void in self.segments.all() {
                // Whatever is there now: what was opened since is told of behind this.
                if (retire.victim == void || retire.clears) && self.is_headed(void) && void != user
                {
                    let state = if is_last {
                        State::Doubtful
                    } else {
                        State::Free
                    };
                    self.segments.set_state(void, state);
                }
            }
            self.limit(retire.limited)?;
        }
        Ok(rotted || walk.has_lost())
    }

    /// Where a retire record has rotted, what it freed may be erased: then what was moved for it is
    /// all there is. So each segment for what was moved that was opened since and is not told to be
    /// free counts, and no limit holds: what stands behind one are copies of what counts where it
    /// came from. FORMAT 9.1
    fn let_moved_count(&mut self, user: u16) -> Result<(), Error> {
        let number = self.segments.number(user).saturating_sub(1);
        for segment in self.segments.all() {
            let header = self.header(segment)?;
            let is_of = |header: Header| (header.role, header.number) == (Role::Moved, number);
            // The last free one took copies that no record speaks of: their originals are there.
            if header.is_some_and(is_of) && self.segments.free() > 1 {
                self.segments.set_state(segment, State::Used);
            }
        }
        self.limited = None;
        // Nothing on flash says so: the first write begins a segment the list of which does.
        self.dropped = true;
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
