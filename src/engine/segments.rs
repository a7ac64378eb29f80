//! The table of segments in RAM: state, number, live units and wear, eight bytes each.
//!
//! Invariant: knows nothing of flash; whoever changes a segment on flash changes it here after.
#![forbid(unsafe_code)]

/// What the store knows of one segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segment {
    /// Low half of the number; the full one follows from the oldest in use.
    number: u32,
    /// Units of alignment that live records take.
    live: u16,
    /// State in the low four bits, erase count above the base in the others.
    packed: u16,
}

/// What can be done with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Holds nothing that counted when it was looked at. Another look may differ, so it is erased
    /// before anything is written.
    Dirty = 0,
    /// Erased before the last mount: an opening that was cut off may have touched it.
    Erased = 1,
    /// Erased since the mount.
    Fresh = 2,
    /// Holds records that count.
    Used = 3,
    /// Holds records that a retire or reset record declares void; must be erased before use.
    Retired = 4,
    /// Cannot be erased or programmed; set aside until the next mount.
    Bad = 5,
    /// As `Bad`, with records that nothing on flash declares void yet.
    BadUsed = 6,
    /// As `Erased`, and named as the next to be opened: that opening may have touched it.
    Doubted = 7,
    /// Erased in an earlier session, and marked as to be erased again before it is opened.
    Bare = 8,
    /// Erased since the mount and marked so: it can be opened all the same, once.
    Ready = 9,
    /// Erased since the mount and not marked.
    Blank = 10,
    /// As `Dirty`, with a header: what that says of other segments is needed until they are erased.
    Dropped = 11,
}

/// States there are.
const STATES: usize = 12;
const STATE_BITS: u32 = 4;
const STATE_MASK: u16 = (1 << STATE_BITS) - 1;
const WEAR_MAX: u32 = (1 << (16 - STATE_BITS)) - 1;

impl Segment {
    fn state(self) -> State {
        match self.packed & STATE_MASK {
            1 => State::Erased,
            2 => State::Fresh,
            3 => State::Used,
            4 => State::Retired,
            5 => State::Bad,
            6 => State::BadUsed,
            7 => State::Doubted,
            8 => State::Bare,
            9 => State::Ready,
            10 => State::Blank,
            11 => State::Dropped,
            _ => State::Dirty,
        }
    }

    fn is_without_live(self) -> bool {
        self.state() == State::Used && self.live == 0
    }
}

/// All segments.
#[derive(Debug)]
pub(crate) struct Segments<'m> {
    list: &'m mut [Segment],
    /// How many segments are in each state, and how many in use have nothing live: a write looks at
    /// them, and takes no longer where there are more segments.
    in_state: [u16; STATES],
    without_live: u16,
    /// Erase count that the counts in the list start from.
    wear_base: u32,
    /// The lowest number in use when it was last set; numbers are kept relative to it.
    base: u64,
}

impl<'m> Segments<'m> {
    pub(crate) fn new(list: &'m mut [Segment]) -> Self {
        list.fill(Segment::default());
        let mut in_state = [0; STATES];
        if let Some(dirty) = in_state.first_mut() {
            *dirty = list.len() as u16;
        }
        Segments {
            list,
            in_state,
            without_live: 0,
            wear_base: 0,
            base: 0,
        }
    }

    pub(crate) fn count(&self) -> u16 {
        self.list.len() as u16
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = u16> + use<> {
        0..self.count()
    }

    fn get(&self, segment: u16) -> Segment {
        self.list
            .get(usize::from(segment))
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn state(&self, segment: u16) -> State {
        self.get(segment).state()
    }

    pub(crate) fn set_state(&mut self, segment: u16, state: State) {
        self.change(segment, |entry| {
            entry.packed = entry.packed & !STATE_MASK | state as u16;
            if state != State::Used {
                entry.live = 0;
            }
        });
    }

    /// Changes state or live units of a segment, and what is counted of them.
    fn change(&mut self, segment: u16, how: impl FnOnce(&mut Segment)) {
        let Some(entry) = self.list.get_mut(usize::from(segment)) else {
            return;
        };
        let before = *entry;
        how(entry);
        let after = *entry;
        if let Some(count) = self.in_state.get_mut(before.state() as usize) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = self.in_state.get_mut(after.state() as usize) {
            *count = count.saturating_add(1);
        }
        self.without_live = self
            .without_live
            .saturating_sub(u16::from(before.is_without_live()))
            .saturating_add(u16::from(after.is_without_live()));
    }

    /// How many segments are in this state.
    pub(crate) fn count_in(&self, state: State) -> u32 {
        self.in_state
            .get(state as usize)
            .map_or(0, |&count| u32::from(count))
    }

    /// How many segments in use hold nothing live.
    pub(crate) fn without_live(&self) -> u32 {
        u32::from(self.without_live)
    }

    pub(crate) fn is_used(&self, segment: u16) -> bool {
        self.state(segment) == State::Used
    }

    /// Segments that can be opened, after an erase where need be.
    pub(crate) fn is_free(&self, segment: u16) -> bool {
        !matches!(
            self.state(segment),
            State::Used | State::Bad | State::BadUsed
        )
    }

    pub(crate) fn free(&self) -> u32 {
        self.usable().saturating_sub(self.count_in(State::Used))
    }

    /// Segments that are not set aside.
    pub(crate) fn usable(&self) -> u32 {
        u32::from(self.count())
            .saturating_sub(self.count_in(State::Bad))
            .saturating_sub(self.count_in(State::BadUsed))
    }

    /// Low half of the number: what the checks of its records start from.
    pub(crate) fn low_number(&self, segment: u16) -> u32 {
        self.get(segment).number
    }

    /// The number of a segment in use.
    pub(crate) fn number(&self, segment: u16) -> u64 {
        self.base.saturating_add(u64::from(
            self.get(segment).number.wrapping_sub(self.base as u32),
        ))
    }

    pub(crate) fn set_number(&mut self, segment: u16, number: u64) {
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.number = number as u32;
        }
    }

    /// Numbers are kept relative to this one: none in use is below it.
    pub(crate) fn set_base(&mut self, base: u64) {
        self.base = base;
    }

    pub(crate) fn base(&self) -> u64 {
        self.base
    }

    /// Makes a new number one that can be kept, `span` at most above the base.
    pub(crate) fn rebase(&mut self, number: u64, span: u64) {
        if (self.base..self.base.saturating_add(span)).contains(&number) {
            return;
        }
        let numbered = |segment: &u16| {
            matches!(
                self.state(*segment),
                State::Used | State::Retired | State::Dropped | State::Bad | State::BadUsed
            )
        };
        let lowest = self
            .all()
            .filter(numbered)
            .map(|segment| self.number(segment))
            .min();
        self.base = lowest.unwrap_or(number).min(number);
    }

    pub(crate) fn live(&self, segment: u16) -> u32 {
        u32::from(self.get(segment).live)
    }

    pub(crate) fn add_live(&mut self, segment: u16, units: u32) {
        self.change(segment, |entry| {
            entry.live = entry.live.saturating_add(units as u16);
        });
    }

    pub(crate) fn sub_live(&mut self, segment: u16, units: u32) {
        self.change(segment, |entry| {
            entry.live = entry.live.saturating_sub(units as u16);
        });
    }

    pub(crate) fn clear_live(&mut self) {
        for entry in self.list.iter_mut() {
            entry.live = 0;
        }
        self.without_live = self.count_in(State::Used) as u16;
    }

    pub(crate) fn erase_count(&self, segment: u16) -> u32 {
        self.wear_base
            .saturating_add(u32::from(self.get(segment).packed >> STATE_BITS))
    }

    pub(crate) fn set_erase_count(&mut self, segment: u16, count: u32) {
        if count < self.wear_base {
            self.lower_wear_base(count);
        }
        if count.saturating_sub(self.wear_base) > WEAR_MAX {
            self.raise_wear_base();
        }
        let above = count.saturating_sub(self.wear_base).min(WEAR_MAX);
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.packed = entry.packed & STATE_MASK | (above as u16) << STATE_BITS;
        }
    }

    /// Where counts start; set before the first count is.
    pub(crate) fn set_wear_base(&mut self, base: u32) {
        self.wear_base = base;
    }

    fn lower_wear_base(&mut self, base: u32) {
        let by = self.wear_base - base;
        self.wear_base = base;
        for entry in self.list.iter_mut() {
            let above = u32::from(entry.packed >> STATE_BITS).saturating_add(by);
            entry.packed = entry.packed & STATE_MASK | (above.min(WEAR_MAX) as u16) << STATE_BITS;
        }
    }

    fn raise_wear_base(&mut self) {
        let least = self
            .list
            .iter()
            .map(|entry| entry.packed >> STATE_BITS)
            .min()
            .unwrap_or(0);
        self.wear_base = self.wear_base.saturating_add(u32::from(least));
        for entry in self.list.iter_mut() {
            entry.packed -= least << STATE_BITS;
        }
    }

    /// Two segments have the same number where the header of one shows only now: nothing else is in
    /// that one.
    fn rank(&self, segment: u16) -> (u64, u16) {
        (self.number(segment), segment)
    }

    /// Used segments from the lowest number up: the one after `previous`, or the first.
    pub(crate) fn next_up(&self, previous: Option<u16>) -> Option<u16> {
        let above = previous.map(|segment| self.rank(segment));
        self.all()
            .filter(|&segment| self.is_used(segment))
            .filter(|&segment| above.is_none_or(|rank| self.rank(segment) > rank))
            .min_by_key(|&segment| self.rank(segment))
    }

    /// Used segments from the highest number down.
    pub(crate) fn next_down(&self, previous: Option<u16>) -> Option<u16> {
        let below = previous.map(|segment| self.rank(segment));
        self.all()
            .filter(|&segment| self.is_used(segment))
            .filter(|&segment| below.is_none_or(|rank| self.rank(segment) < rank))
            .max_by_key(|&segment| self.rank(segment))
    }

    /// Whether nothing that counts, or may count after the next mount, is older than `segment`.
    pub(crate) fn is_oldest(&self, segment: u16) -> bool {
        let number = self.number(segment);
        self.all()
            .filter(|&other| other != segment)
            .all(|other| match self.state(other) {
                State::Used => self.number(other) > number,
                State::BadUsed => false,
                _ => true,
            })
    }
}
