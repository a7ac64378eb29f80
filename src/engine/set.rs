//! Setting and removing keys.
//!
//! Invariant: RAM learns of a record only after it is whole on flash. The checks come in this
//! order: argument, existence and write-once, space; a refused write has programmed nothing.
#![forbid(unsafe_code)]

use super::{
    Engine,
    find::{Identity, KeySource, Spot},
    header::Role,
    record::{Head, KEY_MAX, Kind},
    walk::Entry,
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

impl<F: Flash> Engine<'_, F> {
    /// The record that a new one of this key replaces, unless it must stay.
    pub(crate) fn find_replaceable(
        &mut self,
        identity: &Identity<'_>,
    ) -> Result<Option<Spot>, Error> {
        match self.find(identity) {
            Ok(Some(spot))
                if spot.entry.head.kind != Kind::Tombstone
                    && spot.entry.head.flags & FLAG_WRITE_ONCE != 0 =>
            {
                Err(Error::WriteProtected)
            }
            // The header that does not read any more is of another key, or was lost: either way
            // the new record counts from now on.
            Err(Error::Damaged) => Ok(None),
            result => result,
        }
    }

    /// Writes one record of a key and makes it the newest. The checks are done.
    pub(crate) fn write_record(
        &mut self,
        identity: &Identity<'_>,
        head: &Head,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), Error> {
        self.prepare_write()?;
        let mut tries = 2 * self.segments.count();
        let entry = loop {
            self.make_room(head.total())?;
            match self.append(Role::User, head, key, value) {
                Err(Error::WriteFailed) if tries > 0 => tries -= 1,
                result => break result?,
            }
        };
        self.publish(identity, &entry)?;
        self.io.sync()
    }

    /// Makes `entry` the newest record of its key. What it replaces is looked up now: collection
    /// may have moved it since the checks.
    pub(crate) fn publish(&mut self, identity: &Identity<'_>, entry: &Entry) -> Result<(), Error> {
        let old = self.find_before(identity, entry)?;
        let old_large = match old {
            Some(spot) if spot.entry.head.kind == Kind::Large => Some(spot.entry),
            _ => None,
        };
        if let Some(large) = old_large {
            self.drop_fragments(&large)?;
        }
        let location = self.location(entry.segment, entry.place);
        if let Some(spot) = old {
            self.count_out(&spot.entry);
        }
        self.count_in(entry);
        match old {
            Some(Spot {
                slot: Some(slot), ..
            }) => self.table.replace(slot, location),
            _ if !self.table.cover.holds(identity.hash) => {}
            _ => self.learn_new(identity.hash, location)?,
        }
        Ok(())
    }

    /// The newest record of a key, `entry` itself left out.
    fn find_before(
        &mut self,
        identity: &Identity<'_>,
        entry: &Entry,
    ) -> Result<Option<Spot>, Error> {
        if self.table.cover.holds(identity.hash) {
            return match self.find(identity) {
                Err(Error::Damaged) => Ok(None),
                result => result,
            };
        }
        let mut below = Some(entry.place);
        let mut segment = Some(entry.segment);
        while let Some(current) = segment {
            if let Some(entry) = self.find_in(current, identity, below)? {
                return Ok(Some(Spot { entry, slot: None }));
            }
            below = None;
            segment = self.segments.next_down(Some(current));
        }
        Ok(None)
    }

    fn learn_new(&mut self, hash: u32, location: u32) -> Result<(), Error> {
        let full = self.table.insert(hash, location).is_err();
        if full || self.table.is_clogged() {
            self.recount()
        } else {
            Ok(())
        }
    }

    /// Takes the fragments of a value that is no longer current out of index and counts.
    fn drop_fragments(&mut self, large: &Entry) -> Result<(), Error> {
        let Ok(parent) = self.read_large_head(large) else {
            return Ok(());
        };
        for index in 0..parent.count {
            let id = parent.fragment_id(index);
            let identity = self.fragment_identity(KeySource::Stored(*large), id)?;
            self.forget(&identity)?;
        }
        Ok(())
    }

    /// Takes a record that is not needed any more out of index and counts.
    pub(crate) fn forget(&mut self, identity: &Identity<'_>) -> Result<(), Error> {
        if let Ok(Some(spot)) = self.find(identity) {
            if let Some(slot) = spot.slot {
                self.table.remove(slot);
            }
            self.count_out(&spot.entry);
        }
        Ok(())
    }

    /// Removes a key that exists.
    pub(crate) fn remove_key(&mut self, key: &[u8]) -> Result<(), Error> {
        let identity = Identity::of_key(key);
        let old = self.find_replaceable(&identity)?.ok_or(Error::NotFound)?;
        if old.entry.head.kind == Kind::Tombstone {
            return Err(Error::NotFound);
        }
        let head = Head::new(Kind::Tombstone, 0, key.len(), 0);
        self.write_record(&identity, &head, key, &[])
    }
}
