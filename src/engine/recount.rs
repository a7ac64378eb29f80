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

/// More parts than this mean that the names were chosen to collide.
const BITS_MAX: u32 = 24;

impl<F: Flash> Engine<'_, F> {
    /// Index and counts of the whole partition.
    pub(crate) fn recount(&mut self) -> Result<(), Error> {
        let mut bits = self.table.cover.bits;
        while !self.recount_parts(bits)? {
            bits += 1;
            if bits > BITS_MAX {
                return Err(Error::OutOfMemory);
            }
        }
        Ok(())
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
        self.table.clear(cover);
        let mut fragments = false;
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            let mut walk = self.walk(current);
            while let Some(entry) = walk.next(&mut self.io)? {
                if !entry.head.kind.is_indexed() {
                    continue;
                }
                fragments |= entry.head.kind == Kind::Fragment;
                let identity = self.identity_of(&entry)?;
                if cover.holds(identity.hash) && !self.learn(&entry, &identity, count)? {
                    return Ok(false);
                }
            }
            segment = self.segments.next_up(Some(current));
        }
        if fragments {
            self.drop_orphans(count)?;
        }
        Ok(true)
    }

    /// Takes `entry` for the newest of its key.
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
            Lookup::Absent | Lookup::Unreadable | Lookup::Doubtful(_) => None,
        };
        if let Some(Spot {
            entry: old,
            slot: Some(slot),
        }) = known
        {
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
        let mut segment = self.segments.next_up(None);
        while let Some(current) = segment {
            let mut walk = self.walk(current);
            while let Some(entry) = walk.next(&mut self.io)? {
                if entry.head.kind != Kind::Fragment {
                    continue;
                }
                let identity = self.identity_of(&entry)?;
                if !self.table.cover.holds(identity.hash) {
                    continue;
                }
                if let Some(slot) = self.is_indexed(identity.hash, &entry)
                    && self.is_orphan(&entry, &identity)?
                {
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

    fn is_orphan(&mut self, entry: &Entry, identity: &Identity<'_>) -> Result<bool, Error> {
        let Some(id) = identity.fragment else {
            return Ok(true);
        };
        let value = id.get(..FRAGMENT_ID as usize - 2).unwrap_or(&[]);
        if self
            .stream
            .is_some_and(|stream| stream.id.as_slice() == value)
        {
            return Ok(false);
        }
        let key = self.key_identity(entry)?;
        let Ok(Some(parent)) = self.find(&key) else {
            return Ok(true);
        };
        if parent.entry.head.kind != Kind::Large || parent.entry.head.value_len != LARGE_SIZE {
            return Ok(true);
        }
        let mut named = [0; FRAGMENT_ID as usize - 2];
        let (base, at) = (
            self.base(parent.entry.segment),
            self.value_offset(&parent.entry),
        );
        self.io.read(base, at, &mut named, 0)?;
        Ok(named.as_slice() != value)
    }

    /// The identity of the value that a fragment belongs to.
    pub(crate) fn key_identity(&mut self, entry: &Entry) -> Result<Identity<'static>, Error> {
        let plain = Entry {
            head: super::record::Head {
                kind: Kind::Value,
                ..entry.head
            },
            ..*entry
        };
        let identity = self.identity_of(&plain)?;
        Ok(Identity {
            key: KeySource::Stored(*entry),
            ..identity
        })
    }

    /// The largest record that is live, exactly.
    pub(crate) fn find_largest(&mut self) -> Result<(), Error> {
        let mut largest = 0;
        let mut cover = Some(Cover {
            bits: self.table.cover.bits,
            part: 0,
        });
        while let Some(part) = cover {
            if self.table.cover != part {
                self.load(part)?;
                if self.table.cover.bits != part.bits {
                    // The parts became smaller on the way: the bound there was still holds.
                    return Ok(());
                }
            }
            for slot in 0..self.table.len() {
                if let Some(location) = self.table.location(slot)
                    && let Some(entry) = self.entry_at(location, 0)?
                {
                    largest = largest.max(self.io.layout.units_of(&entry.head));
                }
            }
            cover = part.next();
        }
        self.largest = largest;
        self.largest_is_stale = false;
        Ok(())
    }
}
