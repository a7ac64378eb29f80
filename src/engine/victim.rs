//! Policy: when to collect, and what.
//!
//! Invariant: decides from the counts in RAM alone.
#![forbid(unsafe_code)]

use super::{Engine, header::Role, open::NUMBER_STEP};
use crate::{error::Error, flash::Flash};

/// From this many segments on, what is moved goes to segments of its own.
const SEGMENTS_FOR_DESTINATION: u32 = 16;
/// Segments that must be left over beside what is live: the two that are open, the free one, and
/// one for what is dead. With fewer, two open ones cost more than they save.
const SPARE_FOR_DESTINATION: u32 = 4;
/// Free segments up to which collection goes on in idle time: a write then finds one to open.
const FREE_LOW: u32 = 1;
/// The part of the open user segment that is left when collection ahead of need begins. What dies
/// meanwhile is not moved; begun later, there is no time to free a segment with one victim a write.
const LATE: u32 = 2;
/// The part of it that is left when the next segment is made ready to be opened: as much as the
/// largest record takes.
const SOON: u32 = 4;

impl<F: Flash> Engine<'_, F> {
    /// Whether what collection moves goes to a segment of its own: old data are then not moved
    /// again together with new. Not worth it when there are few segments, or little room.
    pub(crate) fn separates(&self) -> bool {
        let usable = self.segments.usable();
        let most = self
            .io
            .layout
            .payload_units()
            .saturating_mul(usable.saturating_sub(SPARE_FOR_DESTINATION));
        // Where nothing is erased their numbers could come again.
        self.io.shape.needs_erase && usable >= SEGMENTS_FOR_DESTINATION && self.live < most
    }

    /// Collects ahead of need: at most one victim a call, while one segment is free and the open
    /// one will soon be full.
    pub(crate) fn pace(&mut self) -> Result<(), Error> {
        let low = self.segments.free() < 2 && self.separates() && self.is_user_nearly_full();
        if !low && !self.tombstones_press() {
            return Ok(());
        }
        match self.collect_paced() {
            // Not now: the write itself decides whether it can go without.
            Err(Error::WriteFailed) => Ok(()),
            result => result,
        }
    }

    fn collect_paced(&mut self) -> Result<(), Error> {
        if self.collection.is_some() || self.start_paced()? {
            self.finish_collection()?;
        }
        Ok(())
    }

    fn is_user_nearly_full(&self) -> bool {
        let payload = self.io.layout.payload_units();
        self.user
            .is_some_and(|open| payload.saturating_sub(open.units) < payload / LATE)
    }

    /// Whether another segment will soon be opened for what the user writes, as far as can be told
    /// before the first write too.
    fn is_user_nearly_over(&self) -> bool {
        let layout = &self.io.layout;
        let tail = self.tail_of(Role::User);
        let open = self.user.or(tail.map(|tail| self.open_behind(&tail)));
        open.is_some_and(|open| {
            let payload = layout.payload_units();
            let room = layout.whole_units(layout.end.saturating_sub(open.place));
            payload.saturating_sub(open.units).min(room) <= payload / SOON
        })
    }

    /// One step of the work that can be done ahead; returns whether there was any.
    pub(crate) fn maintain_step(&mut self) -> Result<bool, Error> {
        if self.segments.usable() < 2 {
            return Ok(false);
        }
        if !self.resumed {
            if self.tail_of(Role::User).is_none() {
                self.resumed = true;
            } else if self.has_work() {
                self.resume()?;
                return Ok(true);
            } else {
                return Ok(false);
            }
        }
        if self.erase_one() || self.is_user_nearly_over() && self.ready_next() {
            return Ok(true);
        }
        match self.step_paced() {
            Err(Error::WriteFailed) => Ok(false),
            result => result,
        }
    }

    fn step_paced(&mut self) -> Result<bool, Error> {
        if self.collection.is_none()
            && (self.segments.free() > FREE_LOW || !self.separates() || !self.start_paced()?)
        {
            return Ok(false);
        }
        self.step_collection(self.io.layout.block)?;
        Ok(true)
    }

    /// Whether there is anything to erase or to collect.
    fn has_work(&self) -> bool {
        self.has_waiting()
            || self.is_user_nearly_over()
            || self.segments.free() <= FREE_LOW && self.separates()
    }

    /// Starts to collect the best victim into a destination; returns whether there is one.
    pub(crate) fn start_paced(&mut self) -> Result<bool, Error> {
        // Where destinations are the rule, the last free segment will do for one: the victim is
        // free in its stead.
        let wanted = if self.separates() { 1 } else { 2 };
        let openable = self.segments.free() >= wanted;
        let possible = self.io.shape.needs_erase && self.can_retire();
        if !possible || !openable && self.destination.is_none() {
            return Ok(false);
        }
        // Where there is no room to go on, what the old destination holds moves to a new one.
        let unsettled = if self.settle_destination()? {
            None
        } else {
            self.tail_of(Role::Destination).map(|tail| tail.segment)
        };
        let Some(victim) = unsettled.or_else(|| self.choose_victim(u32::MAX, false)) else {
            return Ok(false);
        };
        let units = self.segments.live(victim);
        let moves_little = units < self.io.layout.payload_units();
        if !moves_little && !self.is_urgent(victim) && unsettled.is_none() {
            return Ok(false);
        }
        let number = self.segments.number(victim);
        let usable = self.destination.is_some_and(|open| {
            open.segment != victim && self.segments.number(open.segment) >= number
        });
        if !usable {
            if !openable || !self.can_open_destination() {
                return Ok(false);
            }
            self.close_destination()?;
        }
        self.start_collection(victim, Role::Destination, !usable)?;
        Ok(true)
    }

    /// Whether a segment is to be collected for another reason than its dead records.
    fn is_urgent(&self, victim: u16) -> bool {
        self.tombstones_press()
            || self.least_worn(false) == Some(victim)
            || self.lagging().is_some()
    }

    /// Collects a victim into the last free segment, which then is the open user segment.
    pub(crate) fn collect_for_room(&mut self, total: u32) -> Result<(), Error> {
        let most = self.most_beside(total);
        // Nothing moves to a destination that ranks below it once this segment is open.
        let stuck = self.close_destination().is_err();
        self.destination = None;
        let unended = self.unended.filter(|_| stuck).map(|(segment, _)| segment);
        let victim = unended
            .or_else(|| self.choose_victim(most, !self.separates()))
            .or_else(|| self.least_live())
            .ok_or(Error::WriteFailed)?;
        self.start_collection(victim, Role::User, true)?;
        self.finish_collection()
    }

    /// The segment whose records must move before another is opened, however few of them are dead:
    /// its number lags, it is the oldest and keeps many tombstones needed, or it was erased so much
    /// less often than the one to be opened that what rests in it should rest there. One that is
    /// full would never move otherwise where collection makes room in the last free segment.
    pub(crate) fn overdue(&self, total: u32) -> Option<u16> {
        if self.collection.is_some() {
            return None;
        }
        let next = self
            .segments
            .erase_count(self.choose_free(true)?)
            .saturating_add(1);
        let rests = |&segment: &u16| self.segments.is_used(segment) && !self.is_open(segment);
        let least = || {
            self.segments
                .all()
                .filter(rests)
                .min_by_key(|&segment| self.segments.erase_count(segment))
                .filter(|&segment| self.wears_apart(self.segments.erase_count(segment), next))
        };
        let oldest = || {
            self.segments
                .all()
                .filter(|_| self.tombstones_press())
                .filter(rests)
                .min_by_key(|&segment| self.segments.number(segment))
        };
        let victim = self
            .lagging()
            .filter(rests)
            .or_else(oldest)
            .or_else(least)?;
        // One that leaves room is taken when room is made.
        let fits = self.segments.live(victim) <= self.most_beside(total);
        (!fits || self.segments.free() > 1).then_some(victim)
    }

    /// Moves what is live in a segment to a fresh one, where the user goes on if there is room.
    pub(crate) fn collect_overdue(&mut self, victim: u16) -> Result<(), Error> {
        self.end_destination()?;
        self.start_collection(victim, Role::User, true)?;
        self.finish_collection()
    }

    /// The most units that may be live in a victim which leaves room for a record of `total` bytes.
    fn most_beside(&self, total: u32) -> u32 {
        let layout = &self.io.layout;
        layout.payload_units().saturating_sub(layout.units(total))
    }

    /// The way out when sectors failed and no segment is free: what is live in the emptiest one
    /// goes to where the user writes, if there is room.
    pub(crate) fn collect_into_open(&mut self) -> Result<(), Error> {
        let open = self.user.ok_or(Error::ReadOnly)?;
        let left = self.io.layout.payload_units().saturating_sub(open.units);
        let room = self.io.layout.end.saturating_sub(open.place);
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

    /// Segments that can be collected: those that are written to (`open`) only into a segment that
    /// takes the place of the one where the user writes.
    fn candidates(&self, open: bool) -> impl Iterator<Item = u16> {
        self.segments.all().filter(move |&segment| {
            self.segments.is_used(segment)
                && (open || !self.is_open(segment))
                && self
                    .collection
                    .is_none_or(|collection| collection.victim != segment)
        })
    }

    /// The segment to collect next, among those with at most `most` live units: the oldest when
    /// tombstones press or numbers lag, the least worn when wear spreads, else the one whose dead
    /// share and age promise most.
    fn choose_victim(&self, most: u32, open: bool) -> Option<u16> {
        let fits = |&segment: &u16| self.segments.live(segment) <= most;
        if self.tombstones_press() {
            let oldest = self
                .candidates(open)
                .min_by_key(|&segment| self.segments.number(segment));
            if let Some(oldest) = oldest.filter(fits) {
                return Some(oldest);
            }
        }
        // Where what is moved is kept apart, `overdue` spreads wear: it knows where the records go.
        let least_worn = || self.least_worn(open).filter(|_| !self.separates());
        if let Some(segment) = self.lagging().or_else(least_worn).filter(fits)
            && self.candidates(open).any(|candidate| candidate == segment)
        {
            return Some(segment);
        }
        self.candidates(open).filter(fits).max_by(|&one, &other| {
            let ((gain, cost), (other_gain, other_cost)) = (self.benefit(one), self.benefit(other));
            (gain * other_cost).cmp(&(other_gain * cost))
        })
    }

    /// What collecting a segment is worth, its dead share times its age, and what it costs: the
    /// live units moved. Fractions are compared without a division, of 64 bits at that.
    fn benefit(&self, segment: u16) -> (u64, u64) {
        let payload = u64::from(self.io.layout.payload_units());
        let live = u64::from(self.segments.live(segment)).min(payload);
        let age = (self.newest.saturating_sub(self.segments.number(segment))) / NUMBER_STEP + 1;
        ((payload - live).saturating_mul(age.min(1 << 24)), live + 1)
    }

    /// The used segment with the least live data. The open one too: where two segments are all
    /// there is, it is the only one.
    fn least_live(&self) -> Option<u16> {
        self.candidates(!self.separates())
            .min_by_key(|&segment| self.segments.live(segment))
    }

    /// A segment that was erased so much less often than the others that what rests in it should
    /// move.
    fn least_worn(&self, open: bool) -> Option<u16> {
        let most = self
            .segments
            .all()
            .map(|segment| self.segments.erase_count(segment))
            .max()?;
        let segment = self
            .candidates(open)
            .min_by_key(|&segment| self.segments.erase_count(segment))?;
        self.wears_apart(self.segments.erase_count(segment), most)
            .then_some(segment)
    }

    /// Whether erase counts differ by so much that wear should spread.
    fn wears_apart(&self, least: u32, most: u32) -> bool {
        most.saturating_sub(least) > 3.max(most / 8)
    }
}
