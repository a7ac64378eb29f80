//! Iteration: each key once, whatever is set, removed or moved meanwhile.
//!
//! Keys come in the order of their hashes, so that where an iteration stands is two numbers and
//! does not depend on where anything lies. Slots from one empty slot of the index to the next
//! hold all keys of a range of hashes; the next key is the lowest above the last one in the first
//! such run that has one.
//!
//! Invariant: reads only.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::{copy, divide},
    checksum::{Crc, Hasher},
    io::AHEAD,
    record::Kind,
    scan::Entry,
};
use crate::{error::Error, flash::Flash};

/// Iterators that can be open at a time, as in Mbed.
pub const ITERATORS: usize = 16;
/// Bytes for the prefixes of all open iterators.
pub(crate) const PREFIX_POOL: usize = 256;

/// An open iterator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IteratorId(u32);

impl IteratorId {
    /// A number for this iterator, never 0.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        self.0
    }

    /// The iterator with this number. Any number may be given: the engine refuses what is not
    /// open with [`Error::InvalidArgument`].
    #[must_use]
    pub const fn from_bits(bits: u32) -> IteratorId {
        IteratorId(bits)
    }
}

/// Where an iteration stands: hash and second hash of the last key returned.
type Cursor = (u32, u32);

/// State of one iterator, in the lent memory.
#[derive(Clone, Copy, Debug, Default)]
struct Iteration {
    /// 0 when closed; else tells this use of the entry from earlier ones.
    generation: u32,
    /// Where it stands, once it has returned a key.
    cursor: Cursor,
    prefix_len: u16,
    prefix_at: u8,
    is_begun: bool,
}

/// All iterators.
#[derive(Debug)]
pub(crate) struct Iterators {
    list: [Iteration; ITERATORS],
    prefixes: [u8; PREFIX_POOL],
    generation: u32,
}

impl Iterators {
    pub(crate) const fn new() -> Self {
        const CLOSED: Iteration = Iteration {
            generation: 0,
            cursor: (0, 0),
            prefix_len: 0,
            prefix_at: 0,
            is_begun: false,
        };
        Iterators {
            list: [CLOSED; ITERATORS],
            prefixes: [0; PREFIX_POOL],
            generation: 0,
        }
    }

    fn used(&self) -> usize {
        self.list
            .iter()
            .map(|entry| usize::from(entry.prefix_len))
            .sum()
    }

    pub(crate) fn open(&mut self, prefix: &[u8]) -> Result<IteratorId, Error> {
        let at = self.used();
        let place = self
            .prefixes
            .get_mut(at..at + prefix.len())
            .ok_or(Error::OutOfResources)?;
        let free = self.list.iter().position(|entry| entry.generation == 0);
        let index = free.ok_or(Error::OutOfResources)?;
        copy(place, prefix);
        // Never 0, and the same only after a quarter of a billion iterators.
        self.generation = self.generation % 0x0FFF_FFFE + 1;
        if let Some(entry) = self.list.get_mut(index) {
            *entry = Iteration {
                generation: self.generation,
                // Behind a full pool there are only prefixes of no bytes: where these are said to
                // be is not looked at.
                prefix_at: at as u8,
                prefix_len: prefix.len() as u16,
                ..Iteration::default()
            };
        }
        Ok(IteratorId(self.generation << 4 | index as u32))
    }

    fn find(&mut self, id: IteratorId) -> Result<&mut Iteration, Error> {
        let entry = self.list.get_mut((id.0 & 15) as usize);
        entry
            .filter(|entry| entry.generation != 0 && entry.generation == id.0 >> 4)
            .ok_or(Error::InvalidArgument)
    }

    pub(crate) fn close(&mut self, id: IteratorId) -> Result<(), Error> {
        let used = self.used();
        let entry = self.find(id)?;
        let (at, len) = (usize::from(entry.prefix_at), usize::from(entry.prefix_len));
        *entry = Iteration::default();
        for to in at..used.saturating_sub(len) {
            let byte = self.prefixes.get(to + len).copied().unwrap_or(0);
            if let Some(place) = self.prefixes.get_mut(to) {
                *place = byte;
            }
        }
        for other in &mut self.list {
            if usize::from(other.prefix_at) > at {
                other.prefix_at -= len as u8;
            }
        }
        Ok(())
    }

    fn prefix(&self, entry: &Iteration) -> &[u8] {
        let at = usize::from(entry.prefix_at);
        self.prefixes
            .get(at..at + usize::from(entry.prefix_len))
            .unwrap_or(&[])
    }
}

/// Where a record stands in the order: its key's cursor, and its location. Two records of a key
/// are in the index only where one of them reads differently each time: then the other counts.
type Position = (Cursor, u32);

/// The best key found so far.
type Best = Option<(Position, Entry)>;

/// What an iteration looks for.
struct Search {
    prefix: Iteration,
    /// The last position done with.
    after: Option<Position>,
}

impl<F: Flash> Engine<'_, F> {
    /// The next key of an iteration, into `out`; returns its length.
    pub(crate) fn next_key(&mut self, id: IteratorId, out: &mut [u8]) -> Result<usize, Error> {
        let state = *self.iterators.find(id)?;
        let mut search = Search {
            prefix: state,
            after: state.is_begun.then_some((state.cursor, u32::MAX)),
        };
        // Each turn goes past a damaged record.
        while let Some((position, entry)) = self.find_next(&search)? {
            if self.copy_key(&entry, out)? {
                let state = self.iterators.find(id)?;
                state.cursor = position.0;
                state.is_begun = true;
                return Ok(entry.head.key_len() as usize);
            }
            search.after = Some(position);
            self.damaged_records = self.damaged_records.saturating_add(1);
        }
        Err(Error::NotFound)
    }

    fn find_next(&mut self, search: &Search) -> Result<Best, Error> {
        let mut from = search.after.map_or(0, |((hash, _), _)| hash);
        // Each turn looks at a higher range of hashes.
        loop {
            let wanted = self.table.cover.of(from);
            if self.table.cover != wanted {
                self.load(wanted)?;
            }
            let cover = self.table.cover;
            if !cover.holds(from) {
                // The parts became smaller while this one was loaded.
                continue;
            }
            if let Some(best) = self.find_in_table(search, from)? {
                return Ok(Some(best));
            }
            match cover.next() {
                Some(next) => from = next.lowest(),
                None => return Ok(None),
            }
        }
    }

    fn find_in_table(&mut self, search: &Search, from: u32) -> Result<Best, Error> {
        let mut slot = self.table.home(from);
        while slot > 0 && !self.table.is_gap(slot - 1) {
            slot -= 1;
        }
        let mut best: Best = None;
        let mut entry = Entry::nothing();
        while slot < self.table.len() {
            if let Some(location) = self.table.location(slot)
                && self.entry_at(location, AHEAD, &mut entry)?
                && let Some(cursor) = self.candidate(&search.prefix, &entry)?
                // Else it reads as another key than when it was found.
                && self.table.find(cursor.0, location) == Some(slot)
                && search.after.is_none_or(|last| (cursor, location) > last)
                && best.is_none_or(|(lowest, _)| (cursor, location) < lowest)
            {
                best = Some(((cursor, location), entry));
            }
            slot += 1;
            if best.is_some() && self.table.is_gap(slot) {
                break;
            }
        }
        Ok(best)
    }

    /// The cursor of the key of `entry`, if it is one to return.
    fn candidate(&mut self, state: &Iteration, entry: &Entry) -> Result<Option<Cursor>, Error> {
        let head = &entry.head;
        let is_key = matches!(head.kind, Kind::Value | Kind::Large) && head.key_len() > 0;
        if !is_key || head.key_len() < u32::from(state.prefix_len) {
            return Ok(None);
        }
        let (base, at) = (self.base(entry.segment), self.key_offset(entry));
        let mut hasher = Hasher::new();
        let mut second = Crc::new(head.key_len());
        let mut rest = self.iterators.prefix(state);
        let mut matches = true;
        self.io.visit(base, at, head.key_len(), AHEAD, |piece| {
            let (now, later) = divide(rest, piece.len());
            matches &= piece.starts_with(now);
            rest = later;
            hasher.add(piece);
            second.add(piece);
        })?;
        Ok(matches.then_some((hasher.value(), second.value())))
    }
}
