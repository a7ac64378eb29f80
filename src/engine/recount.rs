//! Building the index and the counts anew from flash: at mount, and whenever what RAM says is
//! found not to hold.
//!
//! Where the index has room for a part of the keys only, this is done part by part of the hashes.
//!
//! Invariant: reads only.
#![forbid(unsafe_code)]

use super::{
    Engine,
    checksum::Hasher,
    find::{Identity, KeySource, Lookup, Spot},
    index::Cover,
    record::{FRAGMENT_ID, Kind, LARGE_SIZE},
    scan::{Entry, Read},
    stream::Stream,
};
use crate::{error::Error, flash::Flash};

/// Bytes of the id that the fragments of one value share.
const VALUE_ID: usize = FRAGMENT_ID as usize - 2;

type ValueId = [u8; VALUE_ID];

/// More parts than this mean that the names were chosen to collide.
const BITS_MAX: u32 = 24;

/// What is known of the value of a fragment: the hash of its key, its id, and that it is not
/// needed.
struct Known {
    key: u32,
    value: Option<ValueId>,
    is_orphan: bool,
}

impl<F: Flash> Engine<'_, F> {
    /// Index and counts of the whole partition.
    pub(crate) fn recount(&mut self) -> Result<(), Error> {
        self.is_counted = false;
        let mut bits = self.table.cover.bits;
        while !self.recount_parts(bits)? {
            bits += 1;
            if bits > BITS_MAX {
                return Err(Error::OutOfMemory);
            }
        }
        self.is_counted = true;
        Ok(())
    }

    /// Counts again where the flash did not let it come to an end before.
    pub(crate) fn make_counted(&mut self) -> Result<(), Error> {
        if self.is_counted {
            return Ok(());
        }
        self.recount()?;
        let found = self.find_source();
        if found.is_err() {
            self.lose_count();
        }
        found
    }

    /// Where the value being set finds its key, if that was moved to what does not count.
    fn find_source(&mut self) -> Result<(), Error> {
        let source = self.stream.as_ref().and_then(|stream| stream.source);
        let is_void = |copy: &Entry| !self.segments.is_used(copy.segment);
        let Some(copy) = source.filter(is_void) else {
            return Ok(());
        };
        let identity = self.identity_of(&copy)?;
        let mut original = Spot::nothing();
        let is_found = match self.find(&identity, &mut original) {
            Err(Error::Damaged) => false,
            found => found?,
        };
        if let Some(stream) = &mut self.stream {
            stream.source = is_found.then_some(original.entry);
        }
        Ok(())
    }

    /// Index and counts have missed something: nothing is looked up in the one, nor decided by the
    /// others, before they are made anew.
    pub(crate) fn lose_count(&mut self) {
        self.table.cover = self.table.cover.nothing();
        self.is_counted = false;
    }

    /// `false`: a part has more keys than the index has room for.
    fn recount_parts(&mut self, bits: u32) -> Result<bool, Error> {
        self.segments.clear_live();
        self.live = 0;
        self.tombstones = 0;
        self.keys = 0;
        self.largest = 0;
        self.largest_is_stale = true;
        // The lowest part last: it is the one that stays.
        for part in (0..1_u32 << bits).rev() {
            if !self.load_part(Cover { bits, part }, true)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Fills the index with the keys of one part. Where they do not fit the parts are made
    /// smaller: the caller looks at what is covered then.
    pub(crate) fn load(&mut self, cover: Cover) -> Result<(), Error> {
        if self.load_part(cover, false)? {
            return Ok(());
        }
        self.table.cover = Cover {
            bits: cover.bits + 1,
            part: 0,
        };
        self.recount()
    }

    fn load_part(&mut self, cover: Cover, count: bool) -> Result<bool, Error> {
        self.changes = self.changes.wrapping_add(1);
        let filled = self.fill(cover, count);
        if filled != Ok(true) {
            // What is in the table is not all there is.
            self.table.cover = cover.nothing();
        }
        filled
    }

    fn fill(&mut self, cover: Cover, count: bool) -> Result<bool, Error> {
        self.table.clear(cover);
        let mut fragments = false;
        let mut segment = self.segments.next_down(None);
        while let Some(current) = segment {
            if !self.fill_from(current, cover, count, &mut fragments)? {
                return Ok(false);
            }
            segment = self.segments.next_down(Some(current));
        }
        if fragments {
            self.drop_orphans(count)?;
        }
        self.table.settle();
        Ok(true)
    }

    #[inline(never)]
    fn fill_from(
        &mut self,
        current: u16,
        cover: Cover,
        count: bool,
        fragments: &mut bool,
    ) -> Result<bool, Error> {
        let mut walk = self.walk(current).looking_back();
        while walk.next(&mut self.io)? {
            let entry = walk.entry();
            if !entry.head.kind.is_indexed() {
                continue;
            }
            *fragments |= entry.head.kind == Kind::Fragment;
            if !cover.holds(walk.hash()) {
                continue;
            }
            let identity = self.identity_in(entry, walk.hash())?;
            if !self.learn(entry, &identity, count)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Takes `entry` for the newest of its key, where no newer segment had one.
    fn learn(
        &mut self,
        entry: &Entry,
        identity: &Identity<'_>,
        count: bool,
    ) -> Result<bool, Error> {
        let location = self.location(entry.segment, entry.place);
        // Another key's header that does not read is not this key's.
        let mut known = Spot::nothing();
        if self.look_up(identity, &mut known)? == Lookup::Found
            && let Spot {
                entry: old,
                slot: Some(slot),
            } = &known
        {
            if old.segment != entry.segment {
                return Ok(true);
            }
            self.table.replace(*slot, location);
            if count {
                self.count_out(old);
            }
        } else if self.table.insert(identity.hash, location).is_err() {
            return Ok(false);
        }
        if count {
            self.count_in(entry);
        }
        Ok(true)
    }

    /// Fragments whose value was replaced, removed or never completed are not needed.
    #[inline(never)]
    fn drop_orphans(&mut self, count: bool) -> Result<(), Error> {
        let mut known = None;
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            // With those that are void: where a cut left some in doubt, one of them may have
            // counted at the look before this one.
            let mut scan = self.scan(current);
            while scan.next(&mut self.io)? {
                let Read { ref entry, hash } = scan.found;
                if entry.head.kind != Kind::Fragment || !self.table.cover.holds(hash) {
                    continue;
                }
                if let Some(slot) = self.is_indexed(hash, entry)
                    && self.is_of_orphan(entry, &mut known)?
                {
                    self.table.remove(slot);
                    if count {
                        self.count_out(entry);
                    }
                }
            }
            segment = self.segments.next_up(Some(current));
        }
        Ok(())
    }

    /// Whether a fragment is not needed. Those of a value mostly follow each other: what was found
    /// out for one, `known`, holds for the next.
    #[inline(never)]
    fn is_of_orphan(&mut self, entry: &Entry, known: &mut Option<Known>) -> Result<bool, Error> {
        let mut hasher = Hasher::new();
        self.hash_key(entry, &mut hasher)?;
        let key = hasher.value();
        let value = match entry.head.value_len {
            FRAGMENT_ID.. => Some(self.id_in(entry)?),
            _ => None,
        };
        if let Some(known) = known
            && (known.key, known.value) == (key, value)
        {
            return Ok(known.is_orphan);
        }
        let is_orphan = match value {
            Some(value) => self.is_orphan(entry, key, &value)?,
            None => true,
        };
        *known = Some(Known {
            key,
            value,
            is_orphan,
        });
        Ok(is_orphan)
    }

    /// Whether the newest record of the key of `entry` does not name `value`, nor the stream that
    /// is open.
    fn is_orphan(&mut self, entry: &Entry, hash: u32, value: &ValueId) -> Result<bool, Error> {
        let is_it = |stream: &Stream| stream.id == *value;
        if self.stream.as_ref().is_some_and(is_it) {
            return Ok(false);
        }
        let key = Identity {
            key: KeySource::Stored(entry),
            fragment: None,
            hash,
        };
        let mut spot = Spot::nothing();
        match self.find(&key, &mut spot) {
            Ok(true) => {}
            Ok(false) => return Ok(true),
            // It may be this value's record that does not read.
            Err(Error::Damaged) => return Ok(false),
            Err(error) => return Err(error),
        }
        let parent = &spot.entry;
        if parent.head.kind != Kind::Large || parent.head.value_len != LARGE_SIZE {
            return Ok(true);
        }
        let named = self.id_in(parent)?;
        Ok(named != *value)
    }

    /// The id that the value of a record begins with: which value it belongs to, or names.
    fn id_in(&mut self, entry: &Entry) -> Result<ValueId, Error> {
        let mut id = [0; VALUE_ID];
        let (base, at) = (self.base(entry.segment), self.value_offset(entry));
        self.io.read(base, at, &mut id, 0)?;
        Ok(id)
    }

    /// The largest record that is live, exactly.
    pub(crate) fn find_largest(&mut self) -> Result<(), Error> {
        let mut largest = 0;
        let mut next = Some(Cover {
            bits: self.table.cover.bits,
            part: 0,
        });
        while let Some(part) = next {
            if self.table.cover != part {
                self.load(part)?;
            }
            if self.table.cover != part {
                // The parts became smaller on the way, and the bound there was may have grown:
                // once more, with these. That ends at the smallest parts there are.
                next = Some(self.table.cover);
                continue;
            }
            let mut entry = Entry::nothing();
            for slot in 0..self.table.len() {
                if let Some(location) = self.table.location(slot)
                    && self.entry_at(location, 0, &mut entry)?
                {
                    largest = largest.max(self.io.layout.units_of(&entry.head));
                }
            }
            next = part.next();
        }
        self.largest = largest;
        self.largest_is_stale = false;
        Ok(())
    }
}
