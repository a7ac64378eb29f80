//! Policy: what to collect, and what to do ahead.
//!
//! Invariant: decides from the counts in RAM alone.
#![forbid(unsafe_code)]

use super::{Engine, segments::NUMBER_SPAN, segments::State};
use crate::{error::Error, flash::Flash};

/// The part of the open segment that is left when the next one is made ready to be opened: as much
/// as the largest record takes.
const SOON: u32 = 4;
/// The part that is left when collection ahead of need begins. What dies meanwhile is not moved;
/// begun later, there is no time to free a segment with one victim a write.
const LATE: u32 = 3;
/// And when what rests begins to move, which has many turns to come: that spreads wear.
const EARLY: u32 = 2;

/// From this many segments on, what is moved goes to segments of its own.
const SEGMENTS_FOR_APART: u32 = 16;
/// Segments that must be left over beside what is live: the two that are open, the free one, and
/// one for what is dead. With fewer, two open ones cost more than they save.
const SPARE_FOR_APART: u32 = 4;

/// Bytes of segments in use above which a mount takes long.
const MOUNT: u32 = 256 << 10;
/// And how often what is live would fit into them.
const SPREAD: u32 = 12;
/// A segment lingers on in which one part in so many is live.
const LINGERS: u32 = 24;

/// Segments that are erased ahead: a write opens two where what must move leaves no room for it.
const READY: usize = 2;

impl<F: Flash> Engine<'_, F> {
    /// Whether what is moved goes to a segment of its own: old data are then not moved again
    /// together with new. Not worth it when there are few segments, or little room.
    fn separates(&self) -> bool {
        let usable = self.segments.usable();
        let payload = self.io.layout.payload_units();
        let most = payload.saturating_mul(usable.saturating_sub(SPARE_FOR_APART));
        usable >= SEGMENTS_FOR_APART && self.live < most
    }

    /// Collects ahead of need: at most one victim a call, while the open segment will soon be full.
    /// Not in a write that opens a segment itself.
    pub(crate) fn pace(&mut self, total: u32) -> Result<(), Error> {
        let spare = 2 * self.io.layout.retire_room();
        let Some(open) = self
            .user
            .filter(|open| open.has_room(&self.io, total, spare))
        else {
            return Ok(());
        };
        let free = self.segments.free();
        let part = if self.is_nearly_over(LATE) {
            LATE
        } else {
            EARLY
        };
        let is_idle = u32::from(self.paced) >= part || !self.is_nearly_over(part);
        if is_idle || free == 0 || self.opening.is_some() {
            return Ok(());
        }
        let apart = self.apart.map(|open| open.segment);
        let may = |segment: u16| segment != open.segment && Some(segment) != apart;
        let payload = self.io.layout.payload_units();
        let wanted = part == LATE && free == 1 && self.separates();
        let best =
            self.best(|segment| wanted && may(segment) && self.segments.live(segment) < payload);
        // One that does not read, and so is never erased, is no reason to fail what needs no room.
        let overdue = self.overdue().filter(|&segment| may(segment));
        let overdue = overdue.filter(|&segment| self.reads(segment));
        let Some(victim) = overdue.or(best) else {
            self.paced = part as u8;
            return Ok(());
        };
        // What an earlier session has left behind the end of one has to go first.
        let left = self.limited.map(|(segment, _)| segment);
        let left = left.filter(|&left| apart.is_none() && left != open.segment);
        match self.move_apart(left.unwrap_or(victim)) {
            // Not now: the write itself decides whether it can go without.
            Err(Error::WriteFailed) => Ok(()),
            result => result,
        }
    }

    /// One step of the work that can be done ahead; returns whether there was any.
    pub(crate) fn maintain_step(&mut self) -> Result<bool, Error> {
        // What `pace` would begin to move from now on.
        let early = || self.is_nearly_over(EARLY) && (self.separates() || self.overdue().is_some());
        let soon = self.is_nearly_over(SOON) || self.dropped || early();
        if self.segments.usable() < 2 || !soon {
            return Ok(false);
        }
        let is = |segment: u16, state| self.segments.state(segment) == state;
        let all = self.segments.all();
        let ready = all.filter(|&segment| is(segment, State::Clean)).count();
        if self.tail.is_some() {
            let all = self.segments.all();
            let free = all
                .filter(|&segment| self.segments.is_free(segment))
                .count();
            if ready >= READY.min(free) {
                return Ok(false);
            }
            self.settle()?;
            return Ok(true);
        }
        // Not what is in doubt: that goes last, and only where nothing else is left.
        let next = self
            .segments
            .all()
            .filter(|&segment| is(segment, State::Free) && ready < READY)
            .min_by_key(|&segment| self.segments.erase_count(segment));
        let Some(next) = next else {
            return Ok(false);
        };
        self.mark_completion()?;
        // One that fails is set aside, and there is another the next time.
        let _set_aside = self.erase_segment(next);
        Ok(true)
    }

    /// Whether less than one part in `parts` of the open segment is left, as far as can be told
    /// before the first write too.
    fn is_nearly_over(&self, parts: u32) -> bool {
        let layout = &self.io.layout;
        let open = self.user.or(self.tail.map(|tail| self.open_behind(&tail)));
        open.is_none_or(|open| {
            let payload = layout.payload_units();
            let room = layout.whole_units(layout.end.saturating_sub(open.place));
            payload.saturating_sub(open.units).min(room) <= payload / parts
        })
    }

    /// The segment whose records must move however few of them are dead: its number lags, it is the
    /// oldest and keeps many tombstones needed, or it was erased so much less often than the one
    /// that is opened next that what rests in it should rest there.
    fn overdue(&self) -> Option<u16> {
        let next = self.segments.erase_count(self.choose_free()?);
        self.pressing().or_else(|| self.worn_less_than(next))
    }

    /// The most units that may be live in a victim which leaves room for a record of `total` bytes.
    fn most_beside(&self, total: u32) -> u32 {
        let layout = &self.io.layout;
        layout.payload_units().saturating_sub(layout.units(total))
    }

    /// The segment with the least live, where that is so little that a mount should not have to
    /// read it, and those in use are so many that this takes long, and far more than what is live
    /// needs. One with nothing live needs no collection.
    pub(crate) fn lingering(&self) -> Option<u16> {
        let used = self.segments.used();
        let payload = self.io.layout.payload_units();
        let is_long = used.saturating_mul(self.io.layout.segment_size) > MOUNT
            && used.saturating_mul(payload) / SPREAD > self.live;
        if !is_long && !self.config.tidy_always {
            return None;
        }
        let open = [self.user, self.apart].map(|open| open.map(|open| open.segment));
        self.candidates()
            .filter(|&segment| {
                let live = self.segments.live(segment);
                !open.contains(&Some(segment)) && (1..=payload / LINGERS).contains(&live)
            })
            .min_by_key(|&segment| self.segments.live(segment))
    }

    /// The oldest segment, where it must be collected because its number is far behind, or because
    /// tombstones press.
    fn pressing(&self) -> Option<u16> {
        let oldest = self.segments.next_up(None)?;
        let lag = self.newest.saturating_sub(self.segments.number(oldest));
        (lag > NUMBER_SPAN / 2 || self.tombstones_press()).then_some(oldest)
    }

    /// Whether tombstones take more than a sixteenth of the space.
    fn tombstones_press(&self) -> bool {
        let payload = self.io.layout.payload_units();
        self.tombstones > payload.saturating_mul(self.segments.usable()) / 16
    }

    fn candidates(&self) -> impl Iterator<Item = u16> {
        self.segments
            .all()
            .filter(|&segment| self.segments.is_used(segment))
    }

    /// The segment to collect next into `next`, one that leaves room for a record of `total` bytes
    /// if there is any: the oldest when tombstones press or numbers lag, the least worn when wear
    /// spreads, else the one whose dead share and age promise most.
    pub(crate) fn choose_victim(&self, total: u32, next: u16) -> Option<u16> {
        let most = self.most_beside(total);
        let fits = |&segment: &u16| segment != next && self.segments.live(segment) <= most;
        let highest = self
            .segments
            .all()
            .map(|segment| self.segments.erase_count(segment))
            .max()?;
        self.pressing()
            .filter(fits)
            .or_else(|| self.worn_less_than(highest).filter(fits))
            .or_else(|| self.best(|segment| fits(&segment)))
            .or_else(|| {
                self.candidates()
                    .filter(|&segment| segment != next)
                    .min_by_key(|&segment| self.segments.live(segment))
            })
    }

    /// The segment the dead share and age of which promise most.
    fn best(&self, fits: impl Fn(u16) -> bool) -> Option<u16> {
        self.candidates()
            .filter(|&segment| fits(segment))
            .max_by(|&one, &other| {
                let ((gain, cost), (other_gain, other_cost)) =
                    (self.benefit(one), self.benefit(other));
                (gain * other_cost).cmp(&(other_gain * cost))
            })
    }

    /// What collecting a segment is worth: its dead share times its age, half more where it is of
    /// the sort collected last. And what it costs: the live units moved. Fractions are compared
    /// without a division, of 64 bits at that.
    fn benefit(&self, segment: u16) -> (u64, u64) {
        let payload = u64::from(self.io.layout.payload_units());
        let live = u64::from(self.segments.live(segment)).min(payload);
        let age = self.newest.saturating_sub(self.segments.number(segment)) + 1;
        // Of segments written by the user and of moved ones, one sort for a while: what was moved
        // already is set less often, and does not mix with what was not.
        let alike = self.segments.is_moved(segment) == self.moves_again;
        let worth = (payload - live).saturating_mul(age.min(1 << 24));
        (worth * if alike { 3 } else { 2 }, live + 1)
    }

    /// The segment in use that was erased so much less often than `most` that what rests in it
    /// should move.
    fn worn_less_than(&self, most: u32) -> Option<u16> {
        self.candidates()
            .min_by_key(|&segment| self.segments.erase_count(segment))
            .filter(|&least| {
                most.saturating_sub(self.segments.erase_count(least)) > 3.max(most / 8)
            })
    }
}
