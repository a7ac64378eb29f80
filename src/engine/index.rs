//! The index: an open-addressing table of four-byte slots in the caller's memory.
//!
//! A slot holds the location of the newest record of a key (in units of alignment over all
//! segments) and, in the bits left, a fingerprint of the hash. The table covers a range of the
//! hashes, all of them where it has room: for these it is complete.
//!
//! Invariant: a fingerprint never decides; whoever finds a slot compares the key on flash.
#![forbid(unsafe_code)]

const EMPTY: u32 = u32::MAX;
const DELETED: u32 = u32::MAX - 1;

/// A range of hashes: those whose top `bits` bits are `part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cover {
    pub(crate) bits: u32,
    pub(crate) part: u32,
}

impl Cover {
    pub(crate) const ALL: Cover = Cover { bits: 0, part: 0 };

    /// The lowest range of this width.
    pub(crate) fn first(self) -> Cover {
        Cover {
            bits: self.bits,
            part: 0,
        }
    }

    pub(crate) fn holds(self, hash: u32) -> bool {
        self.of(hash) == self
    }

    /// The range of the same width that holds `hash`.
    #[inline(never)]
    pub(crate) fn of(self, hash: u32) -> Cover {
        Cover {
            bits: self.bits,
            part: hash.checked_shr(32 - self.bits).unwrap_or(0),
        }
    }

    /// The next range up, if there is one.
    pub(crate) fn next(self) -> Option<Cover> {
        let part = self.part.saturating_add(1);
        (u64::from(part) < 1 << self.bits).then_some(Cover {
            bits: self.bits,
            part,
        })
    }

    /// A range of this width with no hash in it.
    pub(crate) fn nothing(self) -> Cover {
        Cover {
            bits: self.bits,
            part: u32::MAX,
        }
    }

    /// The lowest hash in the range.
    pub(crate) fn lowest(self) -> u32 {
        self.part.checked_shl(32 - self.bits).unwrap_or(0)
    }
}

/// The table has no room for another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableFull;

/// The table.
#[derive(Debug)]
pub(crate) struct Table<'m> {
    slots: &'m mut [u32],
    /// Slots that are a home; the few behind them only take what is displaced.
    homes: u32,
    location_bits: u32,
    /// Deleted slots that filling the table has left.
    left_over: usize,
    pub(crate) cover: Cover,
}

/// Where a search goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    at: usize,
    fingerprint: u32,
}

/// Slots for so many keys: a quarter more, and a few.
pub(crate) const fn slots_for(keys: u32) -> u32 {
    keys.saturating_add(keys / 4).saturating_add(32)
}

impl<'m> Table<'m> {
    pub(crate) fn new(slots: &'m mut [u32], location_bits: u32) -> Self {
        let len = slots.len() as u32;
        let homes = len - 16.min(len / 4);
        let mut table = Table {
            slots,
            homes,
            location_bits,
            left_over: 0,
            cover: Cover::ALL,
        };
        table.clear(Cover::ALL);
        table
    }

    pub(crate) fn clear(&mut self, cover: Cover) {
        self.slots.fill(EMPTY);
        self.left_over = 0;
        self.cover = cover;
    }

    /// Ends the filling of the table: what was taken out meanwhile, filling it again would leave
    /// again.
    pub(crate) fn settle(&mut self) {
        let mut gap = true;
        for slot in self.slots.iter_mut().rev() {
            if gap && *slot == DELETED {
                *slot = EMPTY;
            }
            gap = *slot == EMPTY;
        }
        self.left_over = self.deleted();
    }

    fn deleted(&self) -> usize {
        self.slots.iter().filter(|&&slot| slot == DELETED).count()
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    #[inline(never)]
    fn place(&self, hash: u32) -> (usize, u32) {
        let spread = hash.checked_shl(self.cover.bits).unwrap_or(0);
        let product = u64::from(spread) * u64::from(self.homes);
        (
            (product >> 32) as usize,
            product as u32 >> self.location_bits,
        )
    }

    /// The slot where keys with this hash begin to be looked for.
    pub(crate) fn home(&self, hash: u32) -> usize {
        self.place(hash).0
    }

    /// Starts a search for `hash`.
    pub(crate) fn probe(&self, hash: u32) -> Probe {
        let (at, fingerprint) = self.place(hash);
        Probe { at, fingerprint }
    }

    /// The next slot that may be it, with its location.
    pub(crate) fn next(&self, probe: &mut Probe) -> Option<(usize, u32)> {
        let mask = (1_u32 << self.location_bits) - 1;
        while let Some(&slot) = self.slots.get(probe.at) {
            if slot == EMPTY {
                return None;
            }
            let at = probe.at;
            probe.at += 1;
            if slot != DELETED && slot >> self.location_bits == probe.fingerprint {
                return Some((at, slot & mask));
            }
        }
        None
    }

    /// The slot that holds `location` for `hash`.
    pub(crate) fn find(&self, hash: u32, location: u32) -> Option<usize> {
        let mut probe = self.probe(hash);
        while let Some((slot, found)) = self.next(&mut probe) {
            if found == location {
                return Some(slot);
            }
        }
        None
    }

    /// Location in a slot, if it is taken.
    pub(crate) fn location(&self, slot: usize) -> Option<u32> {
        let value = *self.slots.get(slot)?;
        (value < DELETED).then_some(value & ((1 << self.location_bits) - 1))
    }

    /// Whether no search runs on over this slot.
    pub(crate) fn is_gap(&self, slot: usize) -> bool {
        self.slots.get(slot).is_none_or(|&value| value == EMPTY)
    }

    fn pack(&self, fingerprint: u32, location: u32) -> u32 {
        fingerprint << self.location_bits | location
    }

    /// Gives a slot another location of the same key.
    #[inline(never)]
    pub(crate) fn replace(&mut self, slot: usize, location: u32) {
        let keep = !((1 << self.location_bits) - 1);
        if let Some(value) = self.slots.get_mut(slot) {
            *value = *value & keep | location;
        }
    }

    /// Adds a key.
    pub(crate) fn insert(&mut self, hash: u32, location: u32) -> Result<(), TableFull> {
        let (home, fingerprint) = self.place(hash);
        let value = self.pack(fingerprint, location);
        let rest = self.slots.get_mut(home..).ok_or(TableFull)?;
        let slot = rest
            .iter_mut()
            .find(|slot| **slot >= DELETED)
            .ok_or(TableFull)?;
        *slot = value;
        Ok(())
    }

    /// Takes a key out.
    #[inline(never)]
    pub(crate) fn remove(&mut self, slot: usize) {
        let last = self.is_gap(slot + 1);
        if let Some(value) = self.slots.get_mut(slot) {
            *value = DELETED;
        }
        // A run of deleted slots that ends here holds nothing up any more.
        let mut at = slot;
        while last && self.slots.get(at) == Some(&DELETED) {
            if let Some(value) = self.slots.get_mut(at) {
                *value = EMPTY;
            }
            let Some(before) = at.checked_sub(1) else {
                break;
            };
            at = before;
        }
    }

    /// Whether searches have become long because few slots are empty, and filling the table again
    /// makes them shorter.
    pub(crate) fn is_clogged(&self) -> bool {
        self.deleted().saturating_sub(self.left_over) > self.slots.len() / 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_is_found_until_it_is_taken_out() {
        let mut slots = [0_u32; 64];
        let mut table = Table::new(&mut slots, 16);
        let hash = |n: u32| n.wrapping_mul(0x9E37_79B1) ^ 0xABCD;
        for n in 0..40 {
            table.insert(hash(n), n).unwrap();
        }
        for n in 0..40 {
            assert!(table.find(hash(n), n).is_some());
        }
        for n in (0..40).step_by(2) {
            let slot = table.find(hash(n), n).unwrap();
            table.remove(slot);
        }
        for n in 0..40 {
            assert_eq!(table.find(hash(n), n).is_some(), n % 2 == 1);
        }
    }

    #[test]
    fn what_filling_leaves_does_not_clog() {
        let mut slots = [0_u32; 64];
        let mut table = Table::new(&mut slots, 16);
        let hash = |n: u32| n.wrapping_mul(0x9E37_79B1) ^ 0xABCD;
        for n in 0..40 {
            table.insert(hash(n), n).unwrap();
        }
        for n in 0..36 {
            let slot = table.find(hash(n), n).unwrap();
            table.remove(slot);
        }
        table.settle();
        assert!(!table.is_clogged());
        for n in 36..40 {
            assert!(table.find(hash(n), n).is_some());
        }
    }

    #[test]
    fn a_part_of_the_hashes_uses_the_whole_table() {
        let mut slots = [0_u32; 64];
        let mut table = Table::new(&mut slots, 16);
        table.clear(Cover { bits: 2, part: 3 });
        assert!(table.cover.holds(0xC000_0000) && !table.cover.holds(0xBFFF_FFFF));
        assert_eq!(table.home(0xC000_0000), 0);
        assert_eq!(table.home(0xFFFF_FFFF), 47);
        assert_eq!(table.cover.next(), None);
        let nothing = table.cover.nothing();
        assert!(!nothing.holds(0) && !nothing.holds(u32::MAX));
        assert!(!Cover::ALL.nothing().holds(u32::MAX));
        assert_eq!(nothing.next(), None);
    }
}
