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
    layout::{quotient, remainder},
    record::{CRC_SIZE, FRAGMENT_ID, HEAD_MAX, Kind, seed},
    walk::{Entry, Walk, read_head},
};
use crate::{error::Error, flash::Flash};

/// Where the bytes of a key are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeySource<'k> {
    /// With the caller.
    Given(&'k [u8]),
    /// In a record.
    Stored(Entry),
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
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lookup {
    Found(Spot),
    Absent,
    /// A header that may have been the one looked for does not read.
    Unreadable,
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

    pub(crate) fn walk(&self, segment: u16) -> Walk {
        let number = self.segments.low_number(segment);
        let hidden = self.limit_of(segment).unwrap_or(self.hidden);
        Walk::new(&self.io, segment, number, hidden)
    }

    /// The entry at an indexed location, if its header still reads.
    pub(crate) fn entry_at(&mut self, location: u32, ahead: u32) -> Result<Option<Entry>, Error> {
        let (segment, place) = self.place_of(location);
        let number = self.segments.low_number(segment);
        let head = read_head(&mut self.io, segment, number, place, ahead)?;
        Ok(head.map(|head| Entry {
            segment,
            place,
            head,
            damaged: false,
        }))
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

    /// What identifies a record that a walk just returned: the hash is `walk.hash`.
    pub(crate) fn identity_in(
        &mut self,
        entry: &Entry,
        hash: u32,
    ) -> Result<Identity<'static>, Error> {
        if entry.head.kind == Kind::Fragment {
            return self.identity_of(entry);
        }
        Ok(Identity {
            key: KeySource::Stored(*entry),
            fragment: None,
            hash,
        })
    }

    /// What identifies a stored record.
    pub(crate) fn identity_of(&mut self, entry: &Entry) -> Result<Identity<'static>, Error> {
        let mut hasher = Hasher::new();
        let base = self.base(entry.segment);
        let at = self.key_offset(entry);
        let after = self
            .io
            .visit(base, at, entry.head.key_len(), AHEAD, |piece| {
                hasher.add(piece)
            })?;
        let mut fragment = None;
        if entry.head.kind == Kind::Fragment && entry.head.value_len >= FRAGMENT_ID {
            let mut id = [0; FRAGMENT_ID as usize];
            self.io.read(base, after, &mut id, AHEAD)?;
            hasher.add(&id);
            fragment = Some(id);
        }
        Ok(Identity {
            key: KeySource::Stored(*entry),
            fragment,
            hash: hasher.value(),
        })
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
            KeySource::Stored(entry) => {
                let base = self.base(entry.segment);
                let at = self.key_offset(&entry);
                self.io
                    .visit(base, at, entry.head.key_len(), AHEAD, |piece| {
                        hasher.add(piece)
                    })?;
            }
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
        let (base, at) = (self.base(entry.segment), self.key_offset(entry));
        match key {
            KeySource::Given(key) => {
                let mut rest = key;
                let mut equal = true;
                self.io
                    .visit(base, at, entry.head.key_len(), AHEAD, |piece| {
                        let (now, later) = divide(rest, piece.len());
                        equal &= now == piece;
                        rest = later;
                    })?;
                Ok(equal)
            }
            KeySource::Stored(other) => {
                if (other.segment, other.place) == (entry.segment, entry.place) {
                    return Ok(true);
                }
                let (other_base, other_at) = (self.base(other.segment), self.key_offset(&other));
                let mut done = 0;
                while done < entry.head.key_len() {
                    let count = (entry.head.key_len() - done).min(64) as usize;
                    let (mut ours, mut theirs) = ([0; 64], [0; 64]);
                    let ours = ours.get_mut(..count).unwrap_or(&mut []);
                    let theirs = theirs.get_mut(..count).unwrap_or(&mut []);
                    let ours_at = self.io.layout.advance(at, done);
                    let theirs_at = self.io.layout.advance(other_at, done);
                    self.io.read(base, ours_at, ours, 0)?;
                    self.io.read(other_base, theirs_at, theirs, 0)?;
                    if ours != theirs {
                        return Ok(false);
                    }
                    done += count as u32;
                }
                Ok(true)
            }
        }
    }

    /// The newest record of `identity`, tombstones included.
    pub(crate) fn find(&mut self, identity: &Identity<'_>) -> Result<Option<Spot>, Error> {
        if !self.table.cover.holds(identity.hash) {
            return self.find_by_walk(identity);
        }
        match self.look_up(identity)? {
            Lookup::Found(spot) => Ok(Some(spot)),
            Lookup::Absent => Ok(None),
            // A header that no longer reads may have been the one that was looked for.
            Lookup::Unreadable => Err(Error::Damaged),
        }
    }

    /// One search in the index, which covers the hash.
    pub(crate) fn look_up(&mut self, identity: &Identity<'_>) -> Result<Lookup, Error> {
        let mut unreadable = false;
        let mut probe = self.table.probe(identity.hash);
        // A caller's key is looked for to read its value; a record's, to compare the two.
        let ahead = match identity.key {
            KeySource::Given(_) => AHEAD,
            KeySource::Stored(entry) => AHEAD.min(HEAD_MAX as u32 + entry.head.key_len()),
        };
        while let Some((slot, location)) = self.table.next(&mut probe) {
            match self.entry_at(location, ahead)? {
                Some(entry) if self.is_of(&entry, identity)? => {
                    return Ok(Lookup::Found(Spot {
                        entry,
                        slot: Some(slot),
                    }));
                }
                Some(_) => {}
                None => unreadable = true,
            }
        }
        Ok(if unreadable {
            Lookup::Unreadable
        } else {
            Lookup::Absent
        })
    }

    fn find_by_walk(&mut self, identity: &Identity<'_>) -> Result<Option<Spot>, Error> {
        let mut segment = self.segments.next_down(None);
        while let Some(current) = segment {
            if let Some(entry) = self.find_in(current, identity, None)? {
                return Ok(Some(Spot { entry, slot: None }));
            }
            segment = self.segments.next_down(Some(current));
        }
        Ok(None)
    }

    /// The newest record of `identity` in one segment, before `below` where that is given.
    pub(crate) fn find_in(
        &mut self,
        segment: u16,
        identity: &Identity<'_>,
        below: Option<u32>,
    ) -> Result<Option<Entry>, Error> {
        let mut newest = None;
        let mut walk = self.walk(segment);
        while let Some(entry) = walk.next(&mut self.io)? {
            if below.is_some_and(|below| entry.place >= below) {
                break;
            }
            if self.is_of(&entry, identity)? {
                newest = Some(entry);
            }
        }
        Ok(newest)
    }

    /// As [`Engine::find`], without records that say the key is gone.
    pub(crate) fn find_live(&mut self, identity: &Identity<'_>) -> Result<Option<Spot>, Error> {
        let spot = self.find(identity)?;
        Ok(spot.filter(|spot| spot.entry.head.kind != Kind::Tombstone))
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
        let value_at = self.io.read(base, at, out, SCAN)?;
        if head.total() > WINDOW as u32 {
            return Ok(true);
        }
        let number = self.segments.low_number(entry.segment);
        let mut crc = head.start_crc(seed(number, entry.place));
        crc.add(out);
        let tail = self
            .io
            .visit(base, value_at, head.value_len, AHEAD, |piece| {
                crc.add(piece)
            })?;
        let mut stored = [0; CRC_SIZE as usize];
        self.io.read(base, tail, &mut stored, AHEAD)?;
        Ok(u32::from_le_bytes(stored) == crc.value())
    }
}
