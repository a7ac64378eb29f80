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
    /// State in the low three bits, erase count above the base in the others.
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
}

const WEAR_MAX: u32 = 0x1FFF;

/// All segments.
#[derive(Debug)]
pub(crate) struct Segments<'m> {
    list: &'m mut [Segment],
    /// Erase count that the counts in the list start from.
    wear_base: u32,
    /// The lowest number in use when it was last set; numbers are kept relative to it.
    base: u64,
}

impl<'m> Segments<'m> {
    pub(crate) fn new(list: &'m mut [Segment]) -> Self {
        list.fill(Segment::default());
        Segments {
            list,
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
        match self.get(segment).packed & 7 {
            1 => State::Erased,
            2 => State::Fresh,
            3 => State::Used,
            4 => State::Retired,
            5 => State::Bad,
            6 => State::BadUsed,
            7 => State::Doubted,
            _ => State::Dirty,
        }
    }

    pub(crate) fn set_state(&mut self, segment: u16, state: State) {
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.packed = entry.packed & !7 | state as u16;
            if state != State::Used {
                entry.live = 0;
            }
        }
    }

    pub(crate) fn is_used(&self, segment: u16) -> bool {
        self.state(segment) == State::Used
    }

    /// Segments that can be opened, after an erase where need be.
    pub(crate) fn is_free(&self, segment: u16) -> bool {
        matches!(
            self.state(segment),
            State::Dirty | State::Erased | State::Fresh | State::Retired | State::Doubted
        )
    }

    pub(crate) fn free(&self) -> u32 {
        self.all().filter(|&segment| self.is_free(segment)).count() as u32
    }

    /// Segments that are not set aside.
    pub(crate) fn usable(&self) -> u32 {
        self.all()
            .filter(|&segment| !matches!(self.state(segment), State::Bad | State::BadUsed))
            .count() as u32
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

    /// Whether a segment that is void but not yet erased has this number.
    pub(crate) fn void_with_number(&self, number: u64) -> bool {
        self.all().any(|segment| {
            matches!(self.state(segment), State::Retired | State::Bad)
                && self.get(segment).number == number as u32
                && number != 0
        })
    }

    pub(crate) fn live(&self, segment: u16) -> u32 {
        u32::from(self.get(segment).live)
    }

    pub(crate) fn add_live(&mut self, segment: u16, units: u32) {
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.live = entry.live.saturating_add(units as u16);
        }
    }

    pub(crate) fn sub_live(&mut self, segment: u16, units: u32) {
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.live = entry.live.saturating_sub(units as u16);
        }
    }

    pub(crate) fn clear_live(&mut self) {
        for entry in self.list.iter_mut() {
            entry.live = 0;
        }
    }

    pub(crate) fn erase_count(&self, segment: u16) -> u32 {
        self.wear_base
            .saturating_add(u32::from(self.get(segment).packed >> 3))
    }

    pub(crate) fn set_erase_count(&mut self, segment: u16, count: u32) {
        if count.saturating_sub(self.wear_base) > WEAR_MAX {
            self.raise_wear_base();
        }
        let above = count.saturating_sub(self.wear_base).min(WEAR_MAX);
        if let Some(entry) = self.list.get_mut(usize::from(segment)) {
            entry.packed = entry.packed & 7 | (above as u16) << 3;
        }
    }

    /// Where counts start; set before the first count is.
    pub(crate) fn set_wear_base(&mut self, base: u32) {
        self.wear_base = base;
    }

    fn raise_wear_base(&mut self) {
        let least = self
            .list
            .iter()
            .map(|entry| entry.packed >> 3)
            .min()
            .unwrap_or(0);
        self.wear_base = self.wear_base.saturating_add(u32::from(least));
        for entry in self.list.iter_mut() {
            entry.packed -= least << 3;
        }
    }

    /// Used segments from the lowest number up: the one after `previous`, or the first.
    pub(crate) fn next_up(&self, previous: Option<u16>) -> Option<u16> {
        let above = previous.map(|segment| self.number(segment));
        self.all()
            .filter(|&segment| self.is_used(segment))
            .filter(|&segment| above.is_none_or(|number| self.number(segment) > number))
            .min_by_key(|&segment| self.number(segment))
    }

    /// Used segments from the highest number down.
    pub(crate) fn next_down(&self, previous: Option<u16>) -> Option<u16> {
        let below = previous.map(|segment| self.number(segment));
        self.all()
            .filter(|&segment| self.is_used(segment))
            .filter(|&segment| below.is_none_or(|number| self.number(segment) < number))
            .max_by_key(|&segment| self.number(segment))
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
