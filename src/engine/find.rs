//! Finding the newest record of a key: through the index where it covers the key's hash, else by
//! a walk from the newest segment down.
//!
//! Invariant: reads only. The key on flash decides, never a hash.
#![forbid(unsafe_code)]

use super::{
    Engine, WINDOW,
    bytes::divide,
    checksum::Hasher,
    io::{AHEAD, SCAN},
    layout::{HEAD_SIZE, quotient, remainder},
    record::{FRAGMENT_ID, Kind},
    scan::{Entry, Scan, crc_holds, read_head},
    walk::Walk,
};
use crate::{error::Error, flash::Flash};

/// Where the bytes of a key are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeySource<'k> {
    /// With the caller.
    Given(&'k [u8]),
    /// In a record.
    Stored(&'k Entry),
}

/// Which fragment of which value: number and place of the first fragment, and the count before.
pub(crate) type FragmentId = [u8; FRAGMENT_ID as usize];

/// What a record is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'k> {
    pub(crate) key: KeySource<'k>,
    pub(crate) fragment: Option<FragmentId>,
    pub(crate) hash: u32,
}

/// The newest record of a key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) entry: Entry,
    /// Its slot, where the index covers it.
    pub(crate) slot: Option<usize>,
}

/// What a search in the index came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    Found,
    Absent,
    /// A header that may have been the one looked for does not read.
    Unreadable,
}

impl Spot {
    /// What stands there before anything was found.
    #[inline(never)]
    pub(crate) fn nothing() -> Self {
        Spot {
            entry: Entry::nothing(),
            slot: None,
        }
    }
}

impl<'k> Identity<'k> {
    #[inline(never)]
    pub(crate) fn of_key(key: &'k [u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.add(key);
        Identity {
            key: KeySource::Given(key),
            fragment: None,
            hash: hasher.value(),
        }
    }

    fn key_len(&self) -> u32 {
        match self.key {
            KeySource::Given(key) => key.len() as u32,
            KeySource::Stored(entry) => entry.head.key_len(),
        }
    }
}

impl<F: Flash> Engine<'_, F> {
    pub(crate) fn location(&self, segment: u16, place: u32) -> u32 {
        let layout = &self.io.layout;
        u32::from(segment) * layout.whole_units(layout.segment_size) + layout.whole_units(place)
    }

    fn place_of(&self, location: u32) -> (u16, u32) {
        let per_segment = self.io.layout.whole_units(self.io.layout.segment_size);
        let segment = quotient(location, per_segment) as u16;
        (
            segment,
            remainder(location, per_segment) * self.io.layout.align,
        )
    }

    pub(crate) fn base(&self, segment: u16) -> u32 {
        self.io.layout.address(segment)
    }

    /// A scan over all records of a segment, those too that are void.
    pub(crate) fn scan(&self, segment: u16) -> Scan {
        let number = self.segments.low_number(segment);
        let hidden = self.limit_of(segment).unwrap_or(self.hidden);
        Scan::new(&self.io, segment, number, hidden)
    }

    /// A walk over the records of a segment that count.
    #[inline(never)]
    pub(crate) fn walk(&self, segment: u16) -> Walk {
        Walk::new(self.scan(segment))
    }

    /// Sets `entry` to the one at an indexed location; `false`: its header reads no more.
    pub(crate) fn entry_at(
        &mut self,
        location: u32,
        ahead: u32,
        entry: &mut Entry,
    ) -> Result<bool, Error> {
        (entry.segment, entry.place) = self.place_of(location);
        entry.damaged = false;
        let number = self.segments.low_number(entry.segment);
        read_head(&mut self.io, number, entry, ahead)
    }

    /// Offset of the key of a record in its segment.
    pub(crate) fn key_offset(&self, entry: &Entry) -> u32 {
        let start = self.io.layout.start_of(entry.place);
        self.io.layout.advance(start, entry.head.encoded_len())
    }

    /// Offset of the value of a record in its segment.
    pub(crate) fn value_offset(&self, entry: &Entry) -> u32 {
        let start = self.io.layout.start_of(entry.place);
        self.io
            .layout
            .advance(start, entry.head.encoded_len() + entry.head.key_len())
    }

    /// What identifies a record that a walk just returned: the hash is `walk.hash()`.
    pub(crate) fn identity_in<'k>(
        &mut self,
        entry: &'k Entry,
        hash: u32,
    ) -> Result<Identity<'k>, Error> {
        if entry.head.kind == Kind::Fragment {
            return self.identity_of(entry);
        }
        Ok(Identity {
            key: KeySource::Stored(entry),
            fragment: None,
            hash,
        })
    }

    /// What identifies a stored record.
    pub(crate) fn identity_of<'k>(&mut self, entry: &'k Entry) -> Result<Identity<'k>, Error> {
        let mut hasher = Hasher::new();
        self.hash_key(entry, &mut hasher)?;
        let mut fragment = None;
        if entry.head.kind == Kind::Fragment && entry.head.value_len >= FRAGMENT_ID {
            let mut id = [0; FRAGMENT_ID as usize];
            let (base, at) = (self.base(entry.segment), self.value_offset(entry));
            self.io.read(base, at, &mut id, AHEAD)?;
            hasher.add(&id);
            fragment = Some(id);
        }
        Ok(Identity {
            key: KeySource::Stored(entry),
            fragment,
            hash: hasher.value(),
        })
    }

    /// Adds the key of a stored record to what is hashed.
    #[inline(never)]
    pub(crate) fn hash_key(&mut self, entry: &Entry, hasher: &mut Hasher) -> Result<(), Error> {
        let (base, at) = (self.base(entry.segment), self.key_offset(entry));
        self.io
            .visit(base, at, entry.head.key_len(), AHEAD, |piece| {
                hasher.add(piece)
            })?;
        Ok(())
    }

    /// The identity of fragment `id` of the value whose key is `key`.
    pub(crate) fn fragment_identity<'k>(
        &mut self,
        key: KeySource<'k>,
        id: FragmentId,
    ) -> Result<Identity<'k>, Error> {
        let mut hasher = Hasher::new();
        match key {
            KeySource::Given(bytes) => hasher.add(bytes),
            KeySource::Stored(entry) => self.hash_key(entry, &mut hasher)?,
        }
        hasher.add(&id);
        Ok(Identity {
            key,
            fragment: Some(id),
            hash: hasher.value(),
        })
    }

    /// Whether `entry` is a record of what `identity` names.
    pub(crate) fn is_of(&mut self, entry: &Entry, identity: &Identity<'_>) -> Result<bool, Error> {
        let head = &entry.head;
        let fragment = head.kind == Kind::Fragment;
        if !head.kind.is_indexed()
            || fragment != identity.fragment.is_some()
            || head.key_len() != identity.key_len()
            || (fragment && head.value_len < FRAGMENT_ID)
        {
            return Ok(false);
        }
        if !self.key_equals(entry, identity.key)? {
            return Ok(false);
        }
        let Some(wanted) = identity.fragment else {
            return Ok(true);
        };
        let mut id = [0; FRAGMENT_ID as usize];
        let (base, at) = (self.base(entry.segment), self.value_offset(entry));
        self.io.read(base, at, &mut id, AHEAD)?;
        Ok(id == wanted)
    }

    /// Whether the key of `entry` is `key`; the lengths are equal.
    fn key_equals(&mut self, entry: &Entry, key: KeySource<'_>) -> Result<bool, Error> {
        let (base, at, len) = (
            self.base(entry.segment),
            self.key_offset(entry),
            entry.head.key_len(),
        );
        match key {
            KeySource::Given(key) => self.reads_as(base, at, key, AHEAD),
            KeySource::Stored(other) => {
                let other_base = self.base(other.segment);
                let (mut at, mut other_at) = (at, self.key_offset(other));
                let is_same = (base, at) == (other_base, other_at);
                let mut left = if is_same { 0 } else { len };
                while left > 0 {
                    let mut bytes = [0; 64];
                    let ours = bytes.get_mut(..left.min(64) as usize).unwrap_or(&mut []);
                    at = self.io.read(base, at, ours, 0)?;
                    if !self.reads_as(other_base, other_at, ours, 0)? {
                        return Ok(false);
                    }
                    other_at = self.io.layout.advance(other_at, ours.len() as u32);
                    left -= ours.len() as u32;
                }
                Ok(true)
            }
        }
    }

    /// Whether the bytes of a record at `at` are these.
    fn reads_as(&mut self, base: u32, at: u32, bytes: &[u8], ahead: u32) -> Result<bool, Error> {
        let (mut rest, mut equal) = (bytes, true);
        self.io
            .visit(base, at, bytes.len() as u32, ahead, |piece| {
                let (now, later) = divide(rest, piece.len());
                equal &= now == piece;
                rest = later;
            })?;
        Ok(equal)
    }

    /// The newest record of `identity`, tombstones included, into `spot`; `false`: there is none.
    /// It is too large to be handed up by value through the stack.
    pub(crate) fn find(&mut self, identity: &Identity<'_>, spot: &mut Spot) -> Result<bool, Error> {
        if !self.table.cover.holds(identity.hash) {
            spot.slot = None;
            let newest = self.segments.next_down(None);
            return self.find_down(identity, newest, None, &mut spot.entry);
        }
        match self.look_up(identity, spot)? {
            Lookup::Found => Ok(true),
            Lookup::Absent => Ok(false),
            // A header that no longer reads may have been the one that was looked for.
            Lookup::Unreadable => Err(Error::Damaged),
        }
    }

    /// One search in the index, which covers the hash.
    pub(crate) fn look_up(
        &mut self,
        identity: &Identity<'_>,
        spot: &mut Spot,
    ) -> Result<Lookup, Error> {
        let mut result = Lookup::Absent;
        let mut probe = self.table.probe(identity.hash);
        // A caller's key is looked for to read its value; a record's, to compare the two.
        let ahead = match identity.key {
            KeySource::Given(_) => AHEAD,
            // As a rule the other's header is as long, and no more than one block begins in it.
            KeySource::Stored(Entry { head, .. }) => {
                AHEAD.min(head.encoded_len() + HEAD_SIZE + head.key_len())
            }
        };
        while let Some((slot, location)) = self.table.next(&mut probe) {
            if !self.entry_at(location, ahead, &mut spot.entry)? {
                result = Lookup::Unreadable;
            } else if self.is_of(&spot.entry, identity)? {
                spot.slot = Some(slot);
                return Ok(Lookup::Found);
            }
        }
        Ok(result)
    }

    /// The newest record of `identity` in `segment`, before `below` where that is given, and in
    /// those older than it, into `found`; `false`: there is none.
    pub(crate) fn find_down(
        &mut self,
        identity: &Identity<'_>,
        mut segment: Option<u16>,
        mut below: Option<u32>,
        found: &mut Entry,
    ) -> Result<bool, Error> {
        while let Some(current) = segment {
            if self.find_in(current, identity, below, found)? {
                return Ok(true);
            }
            below = None;
            segment = self.segments.next_down(Some(current));
        }
        Ok(false)
    }

    /// The same in one segment.
    fn find_in(
        &mut self,
        segment: u16,
        identity: &Identity<'_>,
        below: Option<u32>,
        found: &mut Entry,
    ) -> Result<bool, Error> {
        let mut is_found = false;
        let mut walk = self.walk(segment);
        while walk.next(&mut self.io)? {
            if below.is_some_and(|below| walk.entry().place >= below) {
                break;
            }
            // The hash is known: the key, which may be behind the window by now, is read for few.
            if walk.hash() == identity.hash && self.is_of(walk.entry(), identity)? {
                *found = *walk.entry();
                is_found = true;
            }
        }
        Ok(is_found)
    }

    /// As [`Engine::find`], without records that say the key is gone.
    pub(crate) fn find_live(
        &mut self,
        identity: &Identity<'_>,
        spot: &mut Spot,
    ) -> Result<bool, Error> {
        Ok(self.find(identity, spot)? && spot.entry.head.kind != Kind::Tombstone)
    }

    /// Whether `entry` is the newest record of its key, the hash of which the index covers.
    #[inline(never)]
    pub(crate) fn is_indexed(&self, hash: u32, entry: &Entry) -> Option<usize> {
        self.table
            .find(hash, self.location(entry.segment, entry.place))
    }

    /// The key of a record, into the caller's buffer. `false`: the record is damaged, so this may
    /// be no key that ever was. Long values are not read for that.
    pub(crate) fn copy_key(&mut self, entry: &Entry, out: &mut [u8]) -> Result<bool, Error> {
        let (base, at) = (self.base(entry.segment), self.key_offset(entry));
        let head = &entry.head;
        let out = out
            .get_mut(..head.key_len() as usize)
            .ok_or(Error::InvalidSize)?;
        self.io.read(base, at, out, SCAN)?;
        if head.total() > WINDOW as u32 {
            return Ok(true);
        }
        let number = self.segments.low_number(entry.segment);
        crc_holds(&mut self.io, number, entry, AHEAD)
    }
}
