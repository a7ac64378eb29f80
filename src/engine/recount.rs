//! Building the index and the counts anew from flash: at mount, and whenever what RAM says is
//! found not to hold.
//!
//! Where the index has room for a part of the keys only, this is done part by part of the hashes.
//!
//! Invariant: reads only.
#![forbid(unsafe_code)]

use super::{
    Engine,
    find::{Identity, KeySource, Lookup, Spot},
    index::Cover,
    record::{FRAGMENT_ID, Kind, LARGE_SIZE},
    walk::Entry,
};
use crate::{error::Error, flash::Flash};

/// Bytes of the id that the fragments of one value share.
const VALUE_ID: usize = FRAGMENT_ID as usize - 2;

type ValueId = [u8; VALUE_ID];

/// More parts than this mean that the names were chosen to collide.
const BITS_MAX: u32 = 24;

/// The value that a fragment belongs to.
fn value_of(identity: &Identity<'_>) -> Option<ValueId> {
    let id = identity.fragment?;
    id.get(..VALUE_ID)?.try_into().ok()
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
            Ok(())
        } else {
            self.recount()
        }
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

    fn fill_from(
        &mut self,
        current: u16,
        cover: Cover,
        count: bool,
        fragments: &mut bool,
    ) -> Result<bool, Error> {
        let mut walk = self.walk(current);
        while let Some(entry) = walk.next(&mut self.io)? {
            if !entry.head.kind.is_indexed() {
                continue;
            }
            *fragments |= entry.head.kind == Kind::Fragment;
            if !cover.holds(walk.hash) {
                continue;
            }
            let identity = self.identity_in(&entry, walk.hash)?;
            if !self.learn(&entry, &identity, count)? {
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
        let known = match self.look_up(identity)? {
            Lookup::Found(spot) => Some(spot),
            Lookup::Absent | Lookup::Unreadable => None,
        };
        if let Some(Spot {
            entry: old,
            slot: Some(slot),
        }) = known
        {
            if old.segment != entry.segment {
                return Ok(true);
            }
            self.table.replace(slot, location);
            if count {
                self.count_out(&old);
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
    fn drop_orphans(&mut self, count: bool) -> Result<(), Error> {
        // Fragments of a value mostly follow each other: what is found out for one holds for the
        // next. The hash is that of the key.
        let mut last = None;
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            // With those that are void: where a cut left some in doubt, one of them may have
            // counted at the look before this one.
            let mut walk = self.walk(current);
            while let Some(entry) = walk.next_raw(&mut self.io)? {
                if entry.head.kind != Kind::Fragment {
                    continue;
                }
                let identity = self.identity_of(&entry)?;
                if !self.table.cover.holds(identity.hash) {
                    continue;
                }
                let Some(slot) = self.is_indexed(identity.hash, &entry) else {
                    continue;
                };
                let key = self.key_identity(&entry)?;
                let value = value_of(&identity);
                let orphan = match last {
                    Some((of, orphan)) if of == (key.hash, value) => orphan,
                    _ => self.is_orphan(&key, value)?,
                };
                last = Some(((key.hash, value), orphan));
                if orphan {
                    self.table.remove(slot);
                    if count {
                        self.count_out(&entry);
                    }
                }
            }
            segment = self.segments.next_up(Some(current));
        }
        Ok(())
    }

    /// Whether the newest record of a key does not name `value`, nor the stream that is open.
    fn is_orphan(&mut self, key: &Identity<'_>, value: Option<ValueId>) -> Result<bool, Error> {
        let Some(value) = value else {
            return Ok(true);
        };
        if self.stream.is_some_and(|stream| stream.id == value) {
            return Ok(false);
        }
        let parent = match self.find(key) {
            Ok(Some(parent)) => parent,
            Ok(None) => return Ok(true),
            // It may be this value's record that does not read.
            Err(Error::Damaged) => return Ok(false),
            Err(error) => return Err(error),
        };
        if parent.entry.head.kind != Kind::Large || parent.entry.head.value_len != LARGE_SIZE {
            return Ok(true);
        }
        let mut named = [0; VALUE_ID];
        let (base, at) = (
            self.base(parent.entry.segment),
            self.value_offset(&parent.entry),
        );
        self.io.read(base, at, &mut named, 0)?;
        Ok(named != value)
    }

    /// The identity of the value that a fragment belongs to.
    pub(crate) fn key_identity(&mut self, entry: &Entry) -> Result<Identity<'static>, Error> {
        let mut plain = *entry;
        plain.head.kind = Kind::Value;
        let identity = self.identity_of(&plain)?;
        Ok(Identity {
            key: KeySource::Stored(*entry),
            ..identity
        })
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
            for slot in 0..self.table.len() {
                if let Some(location) = self.table.location(slot)
                    && let Some(entry) = self.entry_at(location, 0)?
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
