//! Setting and removing keys.
//!
//! Invariant: RAM learns of a record only after it is whole on flash. The checks come in this
//! order: argument, existence and write-once, space; a refused write has programmed nothing.
#![forbid(unsafe_code)]

use super::{
    Engine,
    find::{Identity, KeySource, Spot},
    io::AHEAD,
    record::{Head, KEY_MAX, Kind},
    scan::{Entry, crc_holds},
    value::fragment_id,
};
use crate::{error::Error, flash::Flash};

/// The value cannot be set again or removed.
pub(crate) const FLAG_WRITE_ONCE: u8 = 1;
/// All flags that a user may give.
const FLAGS: u8 = 1 | 2 | 8;

/// Whether a user may set this key with these flags.
pub(crate) fn check_key(key: &[u8]) -> Result<(), Error> {
    if key.is_empty() || key.len() > KEY_MAX {
        Err(Error::InvalidArgument)
    } else {
        Ok(())
    }
}

/// Whether a user may give these flags.
pub(crate) fn check_flags(flags: u8) -> Result<(), Error> {
    if flags & !FLAGS == 0 {
        Ok(())
    } else {
        Err(Error::InvalidArgument)
    }
}

/// What a new record of a key replaces, as it was found before that is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Old {
    spot: Spot,
    is_there: bool,
    /// [`Engine::changes`] then; `None`: it was not looked for.
    changes: Option<u32>,
}

impl Old {
    /// Still to be looked for.
    pub(crate) fn unknown() -> Self {
        Old {
            spot: Spot::nothing(),
            is_there: false,
            changes: None,
        }
    }
}

/// A set of small numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Missing {
    words: [u32; 8],
}

impl Missing {
    /// What is added is below this.
    const MOST: u16 = 256;

    fn word(&mut self, number: u16) -> Option<&mut u32> {
        self.words.get_mut(usize::from(number >> 5))
    }

    fn add(&mut self, number: u16) {
        if let Some(word) = self.word(number) {
            *word |= 1 << (number & 31);
        }
    }

    /// Returns whether it was in the set.
    fn remove(&mut self, number: u16) -> bool {
        let bit = 1 << (number & 31);
        self.word(number).is_some_and(|word| {
            let there = *word & bit != 0;
            *word &= !bit;
            there
        })
    }

    fn is_empty(self) -> bool {
        self.words == [0; 8]
    }
}

impl<F: Flash> Engine<'_, F> {
    /// Looks for the record that a new one of this key replaces; one that must stay is an error.
    pub(crate) fn find_replaceable(
        &mut self,
        identity: &Identity<'_>,
        old: &mut Old,
    ) -> Result<(), Error> {
        (old.is_there, old.changes) = match self.find(identity, &mut old.spot) {
            // The header that does not read any more is of another key, or was lost: either way
            // the new record counts from now on. It is looked for again all the same.
            Err(Error::Damaged) => (false, None),
            found => (found?, Some(self.changes)),
        };
        let head = &old.spot.entry.head;
        if old.is_there && head.kind != Kind::Tombstone && head.flags & FLAG_WRITE_ONCE != 0 {
            return Err(Error::WriteProtected);
        }
        Ok(())
    }

    /// Whether what was found before is still what there is: collection may have moved it.
    fn is_still(&self, identity: &Identity<'_>, old: &Old) -> bool {
        let Spot { entry, slot } = &old.spot;
        let location = self.location(entry.segment, entry.place);
        old.changes == Some(self.changes)
            && self.table.cover.holds(identity.hash)
            && (!old.is_there
                || slot.is_some_and(|slot| self.table.location(slot) == Some(location)))
    }

    /// Writes one record of a key and makes it the newest. The checks are done.
    pub(crate) fn write_record(
        &mut self,
        identity: &Identity<'_>,
        head: &Head,
        key: &[u8],
        value: &[u8],
        old: &mut Old,
    ) -> Result<(), Error> {
        self.prepare_write(head.total())?;
        let mut tries = 2 * self.segments.count();
        let most = tries;
        loop {
            let room = self.make_room(head.total());
            let written = match room {
                Ok(_) => {
                    let written = self.append(head, key, value);
                    self.end_or_give_up_opening(written)
                }
                Err(error) => Err(error),
            };
            match written {
                Ok(()) => break,
                Err(Error::WriteFailed) if tries > 0 && room.is_ok() => {
                    tries -= 1;
                    let _is_replaced_like_others = self.count_failed();
                }
                Err(error) => {
                    if room.is_ok() || tries < most {
                        // It may be there all the same, and the next mount will find it.
                        self.lose_count();
                    }
                    return Err(error);
                }
            }
        }
        let entry = self.record.entry();
        self.publish(identity, &entry, old)?;
        self.io.sync()
    }

    /// A record that failed and is there all the same is the newest of its key, though it was never
    /// counted: before it is written again all is counted anew. Whether that is so.
    pub(crate) fn count_failed(&mut self) -> bool {
        let entry = self.record.entry();
        let number = self.segments.low_number(entry.segment);
        let is_there = self.segments.is_used(entry.segment)
            && crc_holds(&mut self.io, number, &entry, AHEAD) == Ok(true);
        if is_there {
            self.lose_count();
        }
        is_there
    }

    /// Makes `entry` the newest record of its key.
    pub(crate) fn publish(
        &mut self,
        identity: &Identity<'_>,
        entry: &Entry,
        old: &mut Old,
    ) -> Result<(), Error> {
        let replaced = self.replace_by(identity, entry, old);
        if replaced.is_err() {
            // The record is on flash, and RAM does not know all of what it replaces.
            self.lose_count();
        }
        replaced
    }

    /// Counts `entry` in and what it replaces out, and lets the index find it.
    fn replace_by(
        &mut self,
        identity: &Identity<'_>,
        entry: &Entry,
        old: &mut Old,
    ) -> Result<(), Error> {
        if !self.is_still(identity, old) {
            old.is_there = self.find_before(identity, entry, &mut old.spot)?;
        }
        let Spot {
            entry: replaced,
            slot,
        } = &old.spot;
        if old.is_there && replaced.head.kind == Kind::Large {
            self.drop_fragments(replaced)?;
        }
        let location = self.location(entry.segment, entry.place);
        if old.is_there {
            self.count_out(replaced);
        }
        self.count_in(entry);
        match slot {
            Some(slot) if old.is_there => self.table.replace(*slot, location),
            _ if !self.table.cover.holds(identity.hash) => {}
            _ => self.learn_new(identity.hash, location)?,
        }
        Ok(())
    }

    /// The newest record of a key, `entry` itself left out; `false`: there is none.
    fn find_before(
        &mut self,
        identity: &Identity<'_>,
        entry: &Entry,
        old: &mut Spot,
    ) -> Result<bool, Error> {
        if self.table.cover.holds(identity.hash) {
            return match self.find(identity, old) {
                Err(Error::Damaged) => Ok(false),
                result => result,
            };
        }
        old.slot = None;
        let (segment, below) = (Some(entry.segment), Some(entry.place));
        self.find_down(identity, segment, below, &mut old.entry)
    }

    /// Puts a new key into the index, which covers its hash. Its record is counted.
    fn learn_new(&mut self, hash: u32, location: u32) -> Result<(), Error> {
        let full = self.table.insert(hash, location).is_err();
        if full || self.table.is_clogged() {
            self.load(self.table.cover)
        } else {
            Ok(())
        }
    }

    /// Takes the fragments of a value that is no longer current out of index and counts.
    fn drop_fragments(&mut self, large: &Entry) -> Result<(), Error> {
        let parent = match self.read_large_head(large) {
            Ok(parent) => parent,
            Err(Error::Damaged) => {
                // Which they are is not known: they are counted out when all are counted anew.
                self.is_counted = false;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.forget_fragments(KeySource::Stored(large), &parent.id, parent.count)
    }

    /// Takes the fragments of a value that is not needed any more out of index and counts: through
    /// the index, and those that it does not cover in one walk for many.
    pub(crate) fn forget_fragments(
        &mut self,
        key: KeySource<'_>,
        value: &[u8; 12],
        count: u16,
    ) -> Result<(), Error> {
        let mut first = 0;
        while first < count {
            let mut missing = Missing::default();
            let end = count.min(first.saturating_add(Missing::MOST));
            for index in first..end {
                let identity = self.fragment_identity(key, fragment_id(value, index))?;
                if self.table.cover.holds(identity.hash) {
                    self.forget(&identity)?;
                } else {
                    missing.add(index - first);
                }
            }
            self.forget_by_walk(key, value, first, missing)?;
            first = end;
        }
        Ok(())
    }

    /// Takes a fragment out of the index, which covers its hash, and out of the counts.
    fn forget(&mut self, identity: &Identity<'_>) -> Result<(), Error> {
        let mut spot = Spot::nothing();
        if self.find(identity, &mut spot) == Ok(true) {
            if let Some(slot) = spot.slot {
                self.table.remove(slot);
            }
            self.count_out(&spot.entry);
        }
        Ok(())
    }

    /// Takes fragments from `first` on that are `missing` in the index out of the counts. Of
    /// several copies the one in the newest segment is counted.
    #[inline(never)]
    fn forget_by_walk(
        &mut self,
        key: KeySource<'_>,
        value: &[u8; 12],
        first: u16,
        mut missing: Missing,
    ) -> Result<(), Error> {
        let mut segment = self.segments.next_down(None);
        while let Some(current) = segment.filter(|_| !missing.is_empty()) {
            let mut walk = self.walk(current);
            while walk.next(&mut self.io)? {
                let entry = walk.entry();
                if entry.head.kind != Kind::Fragment {
                    continue;
                }
                let found = self.identity_of(entry)?;
                let Some((id, index)) = found
                    .fragment
                    .as_ref()
                    .and_then(|id| id.split_at_checked(12))
                else {
                    continue;
                };
                let index = index.try_into().map_or(0, u16::from_le_bytes);
                let wanted = Identity { key, ..found };
                if id == value
                    && self.is_of(entry, &wanted)?
                    && missing.remove(index.wrapping_sub(first))
                {
                    self.count_out(entry);
                }
            }
            segment = self.segments.next_down(Some(current));
        }
        Ok(())
    }

    /// Removes a key that exists.
    pub(crate) fn remove_key(&mut self, key: &[u8]) -> Result<(), Error> {
        let identity = Identity::of_key(key);
        let mut old = Old::unknown();
        self.find_replaceable(&identity, &mut old)?;
        if !old.is_there || old.spot.entry.head.kind == Kind::Tombstone {
            return Err(Error::NotFound);
        }
        let head = Head::new(Kind::Tombstone, 0, key.len(), 0);
        self.write_record(&identity, &head, key, &[], &mut old)
    }
}
