//! Policy: when to collect, and what.
//!
//! Invariant: decides from the counts in RAM alone.
#![forbid(unsafe_code)]

use super::{Engine, header::Role, open::NUMBER_STEP};
use crate::{error::Error, flash::Flash};

/// From this many segments on, what is moved goes to segments of its own.
const SEGMENTS_FOR_DESTINATION: u32 = 16;
/// Free segments below which collection keeps pace with writing.
const FREE_LOW: u32 = 2;

impl<F: Flash> Engine<'_, F> {
    /// Whether what collection moves goes to a segment of its own: old data are then not moved
    /// again together with new. Not worth it when there are few segments, or little room.
    pub(crate) fn separates(&self) -> bool {
        let total = self
            .io
            .layout
            .payload_units()
            .saturating_mul(self.segments.usable());
        self.segments.usable() >= SEGMENTS_FOR_DESTINATION
            && u64::from(self.live) * 4 < u64::from(total) * 3
    }

    /// Collects ahead of need: at most one victim a call, while few segments are free.
    pub(crate) fn pace(&mut self) -> Result<(), Error> {
        let low = self.segments.free() <= FREE_LOW && self.separates();
        if !low && !self.tombstones_press() {
            return Ok(());
        }
        let started = self.collection.is_some() || self.start_paced()?;
        if started {
            match self.finish_collection() {
                // Not now: the write itself decides whether it can go without.
                Err(Error::WriteFailed) => {}
                result => result?,
            }
        }
        Ok(())
    }

    /// One step of the work that can be done ahead; returns whether there was any.
    pub(crate) fn maintain_step(&mut self) -> Result<bool, Error> {
        if self.segments.usable() < 2 {
            return Ok(false);
        }
        if !self.resumed {
            if self.tails == [None; 2] {
                self.resumed = true;
            } else if self.has_work() {
                self.resume()?;
                return Ok(true);
            } else {
                return Ok(false);
            }
        }
        if self.erase_one() {
            return Ok(true);
        }
        if self.collection.is_none()
            && (self.segments.free() > FREE_LOW || !self.separates() || !self.start_paced()?)
        {
            return Ok(false);
        }
        match self.step_collection(self.io.layout.block) {
            Err(Error::WriteFailed) => Ok(false),
            result => result.map(|()| true),
        }
    }

    /// Whether there is anything to erase or to collect.
    fn has_work(&self) -> bool {
        self.has_waiting() || self.segments.free() <= FREE_LOW && self.separates()
    }

    /// Starts to collect the best victim into a destination; returns whether there is one.
    pub(crate) fn start_paced(&mut self) -> Result<bool, Error> {
        if self.user.is_none() || self.segments.free() < 2 && self.destination.is_none() {
            return Ok(false);
        }
        let Some(victim) = self.choose_victim(u32::MAX) else {
            return Ok(false);
        };
        let units = self.segments.live(victim);
        if units >= self.io.layout.payload_units() && !self.is_urgent(victim) {
            return Ok(false);
        }
        let number = self.segments.number(victim);
        let usable = self
            .destination
            .is_some_and(|open| self.segments.number(open.segment) >= number);
        if !usable {
            if self.segments.free() < 2 || !self.can_open_destination() {
                return Ok(false);
            }
            self.destination = None;
        }
        self.start_collection(victim, Role::Destination, !usable)?;
        Ok(true)
    }

    /// Whether a segment is to be collected for another reason than its dead records.
    fn is_urgent(&self, victim: u16) -> bool {
        self.tombstones_press() || self.least_worn() == Some(victim) || self.lagging().is_some()
    }

    /// Collects a victim into the last free segment, which then is the open user segment.
    pub(crate) fn collect_for_room(&mut self, total: u32) -> Result<(), Error> {
        let most = self
            .io
            .layout
            .payload_units()
            .saturating_sub(self.io.layout.units(total));
        // Nothing moves to a destination that ranks below it once this segment is open.
        self.destination = None;
        let victim = self
            .choose_victim(most)
            .or_else(|| self.least_live())
            .ok_or(Error::WriteFailed)?;
        self.start_collection(victim, Role::User, true)?;
        self.finish_collection()
    }

    /// The way out when sectors failed and no segment is free: what is live in the emptiest one
    /// goes to where the user writes, if there is room.
    pub(crate) fn collect_into_open(&mut self) -> Result<(), Error> {
        let open = self.user.ok_or(Error::ReadOnly)?;
        let left = self.io.layout.payload_units().saturating_sub(open.units);
        let room = self.io.layout.segment_size - open.place.min(self.io.layout.segment_size);
        let victim = self
            .segments
            .all()
            .filter(|&segment| self.segments.is_used(segment) && !self.is_open(segment))
            .min_by_key(|&segment| self.segments.live(segment))
            .filter(|&segment| {
                let live = self.segments.live(segment);
                let bytes = live * self.io.layout.align + self.io.layout.reserve();
                live <= left && bytes + bytes / 16 <= room
            })
            .ok_or(Error::ReadOnly)?;
        self.start_collection(victim, Role::User, false)?;
        self.finish_collection()
    }

    /// Whether tombstones take more than a sixteenth of the space.
    fn tombstones_press(&self) -> bool {
        let total = self
            .io
            .layout
            .payload_units()
            .saturating_mul(self.segments.usable());
        self.tombstones > total / 16
    }

    fn candidates(&self) -> impl Iterator<Item = u16> {
        let separates = self.separates();
        self.segments.all().filter(move |&segment| {
            self.segments.is_used(segment)
                && !(separates && self.is_open(segment))
                && self
                    .collection
                    .is_none_or(|collection| collection.victim != segment)
        })
    }

    /// The segment to collect next, among those with at most `most` live units: the oldest when
    /// tombstones press or numbers lag, the least worn when wear spreads, else the one whose dead
    /// share and age promise most.
    fn choose_victim(&self, most: u32) -> Option<u16> {
        let fits = |&segment: &u16| self.segments.live(segment) <= most;
        if self.tombstones_press() {
            let oldest = self
                .candidates()
                .min_by_key(|&segment| self.segments.number(segment));
            if let Some(oldest) = oldest.filter(fits) {
                return Some(oldest);
            }
        }
        if let Some(segment) = self.lagging().or_else(|| self.least_worn()).filter(fits)
            && self.candidates().any(|candidate| candidate == segment)
        {
            return Some(segment);
        }
        self.candidates()
            .filter(fits)
            .max_by_key(|&segment| self.benefit(segment))
    }

    /// What collecting a segment is worth: its dead share times its age, for each live unit moved.
    fn benefit(&self, segment: u16) -> u64 {
        let payload = u64::from(self.io.layout.payload_units());
        let live = u64::from(self.segments.live(segment)).min(payload);
        let age = (self.newest.saturating_sub(self.segments.number(segment))) / NUMBER_STEP + 1;
        (payload - live)
            .saturating_mul(age.min(1 << 24))
            .saturating_mul(256)
            .checked_div(payload + live)
            .unwrap_or(0)
    }

    /// The used segment with the least live data. The open one too: where two segments are all
    /// there is, it is the only one.
    fn least_live(&self) -> Option<u16> {
        self.candidates()
            .min_by_key(|&segment| self.segments.live(segment))
    }

    /// A segment that was erased so much less often than the others that what rests in it should
    /// move.
    fn least_worn(&self) -> Option<u16> {
        let most = self
            .segments
            .all()
            .map(|segment| self.segments.erase_count(segment))
            .max()?;
        let segment = self
            .candidates()
            .min_by_key(|&segment| self.segments.erase_count(segment))?;
        let least = self.segments.erase_count(segment);
        (most - least > 3.max(most / 8)).then_some(segment)
    }
}
