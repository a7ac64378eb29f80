//! The table of segments in RAM: state, number, live units and wear, eight bytes each.
//!
//! Invariant: knows nothing of flash; whoever changes a segment on flash changes it here after.
#![forbid(unsafe_code)]

/// What the store knows of one segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    /// Low half of the number; the full one follows from the base.
    number: u32,
    /// Units of alignment that live records take.
    live: u16,
    /// State in the low three bits, erase count above the base in the others.
    packed: u16,
}

/// What can be done with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing in it counts, whatever it reads as: erased before it is opened.
    Free = 0,
    /// Erased in this session, and not touched since.
    Clean = 1,
    /// Its records count.
    Used = 2,
    /// Its records count until the segment opened last does, the list of which leaves it out.
    Leaving = 3,
    /// Cannot be erased or programmed; set aside until the next mount.
    Bad = 4,
    /// Free, but another look may find that it counts, as long as no newer segment does: what a cut
    /// left in doubt, or what failed. Opened last of all: an erase may be cut off.
    Doubtful = 5,
}

const STATE_BITS: u32 = 3;
const STATE_MASK: u16 = (1 << STATE_BITS) - 1;
const WEAR_MAX: u32 = (1 << (16 - STATE_BITS)) - 1;
/// Segments in use have numbers at most this far below the newest. FORMAT 8.1
pub(crate) const NUMBER_SPAN: u64 = 1 << 31;

impl Segment {
    fn state(self) -> State {
        match self.packed & STATE_MASK {
            1 => State::Clean,
            2 => State::Used,
            3 => State::Leaving,
            4 => State::Bad,
            5 => State::Doubtful,
            _ => State::Free,
        }
    }

    fn erases(self) -> u32 {
        u32::from(self.packed >> STATE_BITS)
    }

    fn pack(&mut self, state: State, erases: u32) {
        self.packed = state as u16 | (erases.min(WEAR_MAX) as u16) << STATE_BITS;
    }
}

/// All segments.
#[derive(Debug)]
pub(crate) struct Segments<'m> {
    list: &'m mut [Segment],
    /// Erase count that the counts in the list start from.
    wear_base: u32,
    /// Numbers are kept relative to this one: none in use is below it.
    base: u64,
    /// Segments that are set aside, those whose records count, and those of them with nothing live:
    /// each write asks for them.
    bad: u16,
    used: u16,
    idle: u16,
}

impl<'m> Segments<'m> {
    pub(crate) fn new(list: &'m mut [Segment]) -> Self {
        list.fill(Segment::default());
        Segments {
            list,
            wear_base: 0,
            base: 0,
            bad: 0,
            used: 0,
            idle: 0,
        }
    }

    pub(crate) fn count(&self) -> u16 {
        self.list.len() as u16
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = u16> + use<> {
        0..self.count()
    }

    fn get(&self, segment: u16) -> Segment {
        let found = self.list.get(usize::from(segment));
        found.copied().unwrap_or_default()
    }

    pub(crate) fn state(&self, segment: u16) -> State {
        self.get(segment).state()
    }

    pub(crate) fn set_state(&mut self, segment: u16, state: State) {
        let mut entry = self.get(segment);
        entry.pack(state, entry.erases());
        if !matches!(state, State::Used | State::Leaving) {
            entry.live = 0;
        }
        self.put(segment, entry);
    }

    /// Changes a segment, and what is counted of all.
    fn put(&mut self, segment: u16, after: Segment) {
        let Some(entry) = self.list.get_mut(usize::from(segment)) else {
            return;
        };
        let before = core::mem::replace(entry, after);
        let used = |entry: Segment| matches!(entry.state(), State::Used | State::Leaving);
        let count = |count: &mut u16, was: bool, is: bool| {
            *count = count
                .saturating_sub(u16::from(was))
                .saturating_add(u16::from(is));
        };
        let is_bad = |entry: Segment| entry.state() == State::Bad;
        let is_idle = |entry: Segment| entry.state() == State::Used && entry.live == 0;
        count(&mut self.bad, is_bad(before), is_bad(after));
        count(&mut self.used, used(before), used(after));
        count(&mut self.idle, is_idle(before), is_idle(after));
    }

    /// Whether the records of a segment count.
    pub(crate) fn is_used(&self, segment: u16) -> bool {
        matches!(self.state(segment), State::Used | State::Leaving)
    }

    /// Whether a segment can be opened, after an erase where need be.
    pub(crate) fn is_free(&self, segment: u16) -> bool {
        let state = self.state(segment);
        matches!(state, State::Free | State::Clean | State::Doubtful)
    }

    pub(crate) fn free(&self) -> u32 {
        self.usable().saturating_sub(u32::from(self.used))
    }

    /// Segments that are not set aside.
    pub(crate) fn usable(&self) -> u32 {
        u32::from(self.count()).saturating_sub(u32::from(self.bad))
    }

    /// Whether a segment is in use and has nothing live.
    pub(crate) fn is_idle(&self, segment: u16) -> bool {
        self.state(segment) == State::Used && self.live(segment) == 0
    }

    /// Segments in use.
    pub(crate) fn used(&self) -> u32 {
        u32::from(self.used)
    }

    /// Segments in use with nothing live.
    pub(crate) fn idle(&self) -> u32 {
        u32::from(self.idle)
    }

    /// Low half of the number: what the checks of its records start from.
    pub(crate) fn low_number(&self, segment: u16) -> u32 {
        self.get(segment).number
    }

    /// Whether it is one that records are moved to. FORMAT 8.1
    pub(crate) fn is_moved(&self, segment: u16) -> bool {
        self.low_number(segment) & 1 == 1
    }

    /// The number of a segment in use.
    pub(crate) fn number(&self, segment: u16) -> u64 {
        self.base.saturating_add(u64::from(self.height(segment)))
    }

    pub(crate) fn set_number(&mut self, segment: u16, number: u64) {
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.number = number as u32;
        }
    }

    /// `newest` is the highest number from now on: none in use is further than the span below.
    pub(crate) fn set_newest(&mut self, newest: u64) {
        self.base = newest.saturating_sub(NUMBER_SPAN);
    }

    pub(crate) fn live(&self, segment: u16) -> u32 {
        u32::from(self.get(segment).live)
    }

    pub(crate) fn add_live(&mut self, segment: u16, units: u32) {
        let mut entry = self.get(segment);
        entry.live = entry.live.saturating_add(units as u16);
        self.put(segment, entry);
    }

    pub(crate) fn sub_live(&mut self, segment: u16, units: u32) {
        let mut entry = self.get(segment);
        entry.live = entry.live.saturating_sub(units as u16);
        self.put(segment, entry);
    }

    pub(crate) fn clear_live(&mut self) {
        for segment in self.all() {
            self.sub_live(segment, u32::from(u16::MAX));
        }
    }

    pub(crate) fn erase_count(&self, segment: u16) -> u32 {
        self.wear_base.saturating_add(self.get(segment).erases())
    }

    pub(crate) fn set_erase_count(&mut self, segment: u16, count: u32) {
        if count < self.wear_base {
            let by = self.wear_base - count;
            self.shift_wear(|erases| erases.saturating_add(by));
            self.wear_base = count;
        }
        if count - self.wear_base > WEAR_MAX {
            let erases = self.list.iter().map(|entry| entry.erases());
            let least = erases.min().unwrap_or(0);
            self.shift_wear(|erases| erases - least);
            self.wear_base = self.wear_base.saturating_add(least);
        }
        let mut entry = self.get(segment);
        entry.pack(entry.state(), count.saturating_sub(self.wear_base));
        self.put(segment, entry);
    }

    /// Where counts start; set before the first count is.
    pub(crate) fn set_wear_base(&mut self, base: u32) {
        self.wear_base = base;
    }

    fn shift_wear(&mut self, shift: impl Fn(u32) -> u32) {
        for entry in self.list.iter_mut() {
            entry.pack(entry.state(), shift(entry.erases()));
        }
    }

    /// How far the number of a segment in use is above the base: what segments are ordered by. Two
    /// may have the same: then the index decides.
    fn height(&self, segment: u16) -> u32 {
        self.low_number(segment).wrapping_sub(self.base as u32)
    }

    /// The segment in use behind `previous`, or the first, from the lowest up; where all bits of
    /// `flip` are set, from the highest down.
    fn next(&self, previous: Option<u16>, flip: u32) -> Option<u16> {
        let rank = |segment: u16| (self.height(segment) ^ flip, segment ^ flip as u16);
        let mut best = None;
        for segment in self.all() {
            if self.is_used(segment)
                && previous.is_none_or(|previous| rank(segment) > rank(previous))
                && best.is_none_or(|best| rank(segment) < rank(best))
            {
                best = Some(segment);
            }
        }
        best
    }

    /// Segments in use from the lowest number up: the one after `previous`, or the first.
    pub(crate) fn next_up(&self, previous: Option<u16>) -> Option<u16> {
        self.next(previous, 0)
    }

    /// Segments in use from the highest number down.
    pub(crate) fn next_down(&self, previous: Option<u16>) -> Option<u16> {
        self.next(previous, u32::MAX)
    }

    /// Whether nothing older than `segment` counts, or will when what leaves is gone.
    pub(crate) fn is_oldest(&self, segment: u16) -> bool {
        let stays = |&other: &u16| other != segment && self.state(other) == State::Used;
        self.all()
            .filter(stays)
            .all(|other| self.height(other) > self.height(segment))
    }
}
