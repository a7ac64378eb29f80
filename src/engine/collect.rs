//! Collection: what is live in a victim is moved, then a retire record where the user writes makes
//! the victim void.
//!
//! It goes in steps, so that it can be done ahead in idle time and stop between any two records.
//! Where the index covers only part of the keys, the victim is walked once per part.
//!
//! Invariant: a victim is erased only after the retire record behind all that was moved is on
//! flash, and something behind that (`confirm.rs`). `docs/format.md` section 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    header::Role,
    index::Cover,
    io::SCAN,
    record::{CRC_SIZE, Kind, NOTE_ANNOUNCES, RETIRE_DROPPED, seed},
    segments::State,
    walk::{Entry, Walk},
    write::{Open, Recording},
};
use crate::{error::Error, flash::Flash};

/// Bytes of the value of a retire and a reset record. FORMAT 5.5
pub(crate) const NUMBER_SIZE: u32 = 8;

/// Walks over a victim in which something live does not show up any more.
const LOOKS: u8 = 3;

/// A collection under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Collection {
    pub(crate) victim: u16,
    pub(crate) role: Role,
    walk: Walk,
    part: Cover,
    /// The segment that was opened for this victim: nothing in it counts yet.
    pending: Option<u16>,
    /// Times that something live may still be left behind before it is given up as unreadable.
    looks: u8,
    /// What was in doubt when it began.
    unconfirmed: Option<(u16, u32)>,
    /// Tombstones were taken out of index and counts and are still on flash.
    dropped: bool,
}

impl<F: Flash> Engine<'_, F> {
    /// Starts to collect `victim` into what is open in `role`, or into a fresh segment.
    pub(crate) fn start_collection(
        &mut self,
        victim: u16,
        role: Role,
        fresh: bool,
    ) -> Result<(), Error> {
        let pending = if fresh {
            Some(self.open_pending(role, victim)?)
        } else {
            None
        };
        let part = Cover {
            bits: self.table.cover.bits,
            part: 0,
        };
        let walk = self.walk(victim);
        self.collection = Some(Collection {
            victim,
            role,
            walk,
            part,
            pending,
            looks: LOOKS,
            unconfirmed: self.unconfirmed,
            dropped: false,
        });
        Ok(())
    }

    /// Index and counts were made anew: the victim is walked again from its start.
    pub(crate) fn restart_collection(&mut self) {
        self.collection = self.collection.map(|collection| Collection {
            walk: self.walk(collection.victim),
            part: Cover {
                bits: self.table.cover.bits,
                part: 0,
            },
            dropped: false,
            ..collection
        });
    }

    /// Whether `entry` is a tombstone that the collection under way has left behind: it is on
    /// flash until its segment is void, and in none of the counts.
    pub(crate) fn is_dropped(&self, hash: u32, entry: &Entry) -> bool {
        self.collection.is_some_and(|collection| {
            let Collection { part, walk, .. } = collection;
            entry.segment == collection.victim
                && self.is_droppable(entry)
                && (hash < part.lowest() || part.holds(hash) && entry.place < walk.passed)
        })
    }

    fn open_pending(&mut self, role: Role, victim: u16) -> Result<u16, Error> {
        let open = self.open_segment(role, Some(victim))?;
        self.set_open(role, Some(open));
        Ok(open.segment)
    }

    /// Whether nothing counts yet of what a collection moved to where the user writes.
    pub(crate) fn is_pending(&self) -> bool {
        self.collection
            .is_some_and(|collection| collection.role == Role::User && collection.pending.is_some())
    }

    /// Runs the collection under way to its end.
    pub(crate) fn finish_collection(&mut self) -> Result<(), Error> {
        while self.collection.is_some() {
            self.step_collection(u32::MAX)?;
        }
        Ok(())
    }

    /// Moves records until `bytes` are moved or the victim is done.
    pub(crate) fn step_collection(&mut self, bytes: u32) -> Result<(), Error> {
        let Some(mut collection) = self.collection else {
            return Ok(());
        };
        let mut moved = 0;
        while moved < bytes {
            if self.table.cover != collection.part {
                self.load(collection.part)?;
            }
            if self.table.cover != collection.part {
                // More keys than the part has room for: smaller parts from here on.
                collection.part = Cover {
                    bits: self.table.cover.bits,
                    part: 0,
                };
                collection.walk = self.walk(collection.victim);
                continue;
            }
            match collection.walk.next(&mut self.io)? {
                Some(entry) => {
                    moved += self.collect_entry(&mut collection, &entry)?;
                }
                None => match collection.part.next() {
                    Some(part) => {
                        collection.part = part;
                        collection.walk = self.walk(collection.victim);
                    }
                    None if self.is_left_behind(&mut collection)? => {}
                    None => return self.retire(&collection),
                },
            }
            self.collection = Some(collection);
        }
        Ok(())
    }

    /// Whether something live in the victim did not show up in the walk: a record that rotted just
    /// now. Then the index is made anew and the victim walked again, a bounded number of times.
    fn is_left_behind(&mut self, collection: &mut Collection) -> Result<bool, Error> {
        if self.segments.live(collection.victim) == 0 || collection.looks == 0 {
            return Ok(false);
        }
        collection.looks -= 1;
        self.io.forget();
        self.recount()?;
        collection.part = Cover {
            bits: self.table.cover.bits,
            part: 0,
        };
        collection.walk = self.walk(collection.victim);
        Ok(true)
    }

    /// Moves `entry` if it is live; returns the bytes moved.
    fn collect_entry(&mut self, collection: &mut Collection, entry: &Entry) -> Result<u32, Error> {
        let first_part = collection.part.part == 0;
        let hash = match entry.head.kind {
            Kind::Retire | Kind::Reset | Kind::Note => {
                if first_part && self.is_needed_remark(entry)? {
                    match self.move_remark(collection.role, entry) {
                        Err(Error::WriteFailed) => {
                            self.collection = Some(*collection);
                            self.give_up(false)?;
                        }
                        result => result?,
                    }
                }
                return Ok(0);
            }
            _ => {
                let hash = collection.walk.hash;
                if !self.table.cover.holds(hash) {
                    return Ok(0);
                }
                match self.is_indexed(hash, entry) {
                    Some(slot) if self.is_droppable(entry) => {
                        self.table.remove(slot);
                        self.count_out(entry);
                        collection.dropped = true;
                        return Ok(0);
                    }
                    Some(_) => hash,
                    None => return Ok(0),
                }
            }
        };
        self.move_entry(collection, entry, hash)?;
        Ok(entry.head.total())
    }

    /// A tombstone says nothing once nothing older than its segment is left.
    fn is_droppable(&self, entry: &Entry) -> bool {
        entry.head.kind == Kind::Tombstone && self.segments.is_oldest(entry.segment)
    }

    /// Whether a retire or reset record still keeps something void, or a note still says what may
    /// be touched. A damaged one says nothing.
    pub(crate) fn is_needed_remark(&mut self, entry: &Entry) -> Result<bool, Error> {
        if entry.damaged {
            return Ok(false);
        }
        let number = self.read_number(entry)?;
        Ok(match entry.head.kind {
            Kind::Retire => {
                let (segment, erases) = ((number >> 32) as u16, (number >> 48) as u16);
                let state = self.segments.state(segment);
                // What was collected into a segment is void with it, and erased before it.
                let waits = match state {
                    State::Retired => self.source(entry.segment)? != Some(segment),
                    _ => matches!(state, State::Bad | State::BadUsed | State::Dirty),
                };
                waits
                    && (self.segments.low_number(segment) == number as u32
                        || self.segments.erase_count(segment) as u16 == erases)
            }
            Kind::Reset => self.segments.all().any(|segment| {
                matches!(
                    self.segments.state(segment),
                    State::Retired | State::Bad | State::Doubted
                )
            }),
            _ => {
                entry.head.flags == NOTE_ANNOUNCES
                    && self
                        .tail_of(Role::Destination)
                        .is_some_and(|tail| self.segments.number(tail.segment) == number)
            }
        })
    }

    /// Copies such a record, to where the user writes if there is room: the last record of a
    /// destination does not count after a mount.
    fn move_remark(&mut self, role: Role, entry: &Entry) -> Result<(), Error> {
        self.confirm_elsewhere(entry.segment)?;
        let total = entry.head.total();
        let spare = self.io.layout.retire_room();
        let fits =
            |open: Option<Open>| open.is_some_and(|open| open.has_space(&self.io, total, spare));
        let role = if fits(self.user) { Role::User } else { role };
        if !fits(self.open(role)) {
            return Err(Error::WriteFailed);
        }
        if entry.head.kind == Kind::Retire && entry.head.flags != 0 {
            // Others would lie between where it goes; those that do were erased at once.
            let segment = (self.read_number(entry)? >> 32) as u16;
            return self.append_retire(segment, entry.head.flags & RETIRE_DROPPED);
        }
        self.copy_record(entry, role, None, None).map(|_| ())
    }

    /// What a retire or reset record says: a number, in a retire record its low half, then index
    /// and erase count of its segment.
    pub(crate) fn read_number(&mut self, entry: &Entry) -> Result<u64, Error> {
        let mut bytes = [0; NUMBER_SIZE as usize];
        if entry.head.value_len >= NUMBER_SIZE {
            let (base, at) = (self.base(entry.segment), self.value_offset(entry));
            self.io.read(base, at, &mut bytes, SCAN)?;
        }
        Ok(u64::from_le_bytes(bytes))
    }

    fn move_entry(
        &mut self,
        collection: &mut Collection,
        entry: &Entry,
        hash: u32,
    ) -> Result<(), Error> {
        let moved = entry.head.resuming(None);
        let total = moved.total();
        let spare = self.io.layout.retire_room();
        let role = collection.role;
        for _ in 0..self.segments.count() {
            let room = self
                .open(role)
                .is_some_and(|open| open.has_room(&self.io, total, spare));
            if !room {
                self.open_next(collection)?;
            }
            match self.copy_record(entry, role, None, Some(hash)) {
                Err(Error::WriteFailed) if collection.pending.is_none() => {}
                Err(Error::WriteFailed) => {
                    // Nothing in it counts: the victim is still the truth.
                    self.collection = Some(*collection);
                    return self.give_up(true);
                }
                result => return result.map(|_| ()),
            }
        }
        Err(Error::WriteFailed)
    }

    /// The next segment for what is moved, when the one before is full.
    fn open_next(&mut self, collection: &mut Collection) -> Result<(), Error> {
        self.collection = Some(*collection);
        let role = collection.role;
        let possible = match role {
            Role::Destination => self.can_open_destination(),
            Role::User => false,
        };
        if collection.pending.is_some() || !possible || self.segments.free() == 0 {
            return self.give_up(false);
        }
        if self.end_destination().is_err() {
            return self.give_up(false);
        }
        collection.pending = Some(self.open_pending(role, collection.victim)?);
        self.collection = Some(*collection);
        Ok(())
    }

    /// Ends the collection without a result: what was opened for it holds nothing that counts.
    fn give_up(&mut self, failed: bool) -> Result<(), Error> {
        if let Some(collection) = self.collection.take() {
            self.set_open(collection.role, None);
            if let Some(segment) = collection.pending {
                // What moved here is where it was.
                self.unconfirmed = collection.unconfirmed;
                self.segments.set_state(segment, State::Dirty);
                if failed {
                    self.note_failure(segment);
                }
            }
            if collection.pending.is_some() || collection.dropped {
                self.restore(collection.pending)?;
            }
        }
        Err(Error::WriteFailed)
    }

    /// Index and counts, and where the stream that is open finds its key, without what was moved to
    /// `pending`.
    fn restore(&mut self, pending: Option<u16>) -> Result<(), Error> {
        let mut moved = None;
        if let Some(stream) = &mut self.stream {
            moved = stream
                .source
                .take_if(|source| Some(source.segment) == pending);
        }
        self.recount()?;
        if let Some(copy) = moved {
            let identity = self.identity_of(&copy)?;
            let original = self.find(&identity)?;
            if let Some(stream) = &mut self.stream {
                stream.source = original.map(|spot| spot.entry);
            }
        }
        Ok(())
    }

    /// Writes the retire record: from here on the victim is void.
    fn retire(&mut self, collection: &Collection) -> Result<(), Error> {
        let failures = self.io.failures;
        let retired = self
            .prepare_retire(collection)
            .and_then(|()| self.declare_void(collection.victim, 0));
        if retired.is_err() {
            self.collection = Some(*collection);
            return self.give_up(self.io.failures != failures);
        }
        self.collection = None;
        self.segments.set_state(collection.victim, State::Retired);
        self.forget_tail(collection.victim);
        let closed = |open: Option<Open>| open.filter(|open| open.segment != collection.victim);
        self.user = closed(self.user);
        self.destination = closed(self.destination);
        if collection.role == Role::User
            && let Some(open) = &mut self.user
        {
            open.marks = true;
        }
        Ok(())
    }

    /// Makes room for a retire record where the user writes, and certain what was moved.
    fn prepare_retire(&mut self, collection: &Collection) -> Result<(), Error> {
        if collection.role == Role::Destination && !self.can_retire() {
            if self.segments.free() < 2 {
                return Err(Error::WriteFailed);
            }
            self.user = Some(self.open_segment(Role::User, None)?);
        }
        // Nothing of what the user wrote last before a cut was moved to a destination then.
        let was_open = self
            .tail_of(Role::User)
            .is_some_and(|tail| tail.segment == collection.victim);
        if !was_open {
            self.end_destination()?;
        }
        Ok(())
    }

    /// Appends a copy of `entry`, its CRC made for the new place; a record whose CRC fails stays
    /// damaged. The index follows where `hash` is given.
    pub(crate) fn copy_record(
        &mut self,
        entry: &Entry,
        role: Role,
        void_from: Option<u32>,
        hash: Option<u32>,
    ) -> Result<Entry, Error> {
        let open = self.open(role).ok_or(Error::WriteFailed)?;
        let head = entry.head.resuming(void_from);
        let mut record = match Recording::start(&mut self.io, open, &head) {
            Ok(record) => record,
            Err(error) => {
                self.set_open(role, None);
                return Err(error);
            }
        };
        let damage = match self.copy_body(entry, &mut record) {
            Ok(damage) => damage,
            Err(Error::WriteFailed) => {
                self.set_open(role, None);
                return Err(Error::WriteFailed);
            }
            Err(error) => {
                self.set_open(role, Some(record.abandon(&self.io)));
                return Err(error);
            }
        };
        let copy = Entry {
            damaged: entry.damaged,
            ..record.entry()
        };
        let finished = record.finish(&mut self.io, damage);
        self.set_open(role, finished.ok());
        finished?;
        self.note_written(&copy);
        if let Some(hash) = hash {
            self.follow(hash, entry, &copy);
        }
        Ok(copy)
    }

    /// Copies key and value; returns how far the stored CRC is from the right one.
    fn copy_body(&mut self, entry: &Entry, record: &mut Recording) -> Result<u32, Error> {
        let number = self.segments.low_number(entry.segment);
        let mut crc = entry.head.start_crc(seed(number, entry.place));
        let base = self.base(entry.segment);
        let mut at = self.key_offset(entry);
        let mut left = entry.head.key_len() + entry.head.value_len;
        while left > 0 {
            let mut piece = [0; 64];
            let piece = piece.get_mut(..left.min(64) as usize).unwrap_or(&mut []);
            at = self.io.read(base, at, piece, SCAN)?;
            crc.add(piece);
            record.put(&mut self.io, piece)?;
            left -= piece.len() as u32;
        }
        let mut stored = [0; CRC_SIZE as usize];
        self.io.read(base, at, &mut stored, SCAN)?;
        Ok(u32::from_le_bytes(stored) ^ crc.value())
    }

    /// The newest record of a key is now at `copy` instead of `entry`.
    pub(crate) fn follow(&mut self, hash: u32, entry: &Entry, copy: &Entry) {
        if let Some(slot) = self.is_indexed(hash, entry) {
            let location = self.location(copy.segment, copy.place);
            self.table.replace(slot, location);
        }
        self.count_out(entry);
        self.count_in(copy);
        if let Some(stream) = &mut self.stream
            && stream.source.is_some_and(|source| {
                (source.segment, source.place) == (entry.segment, entry.place)
            })
        {
            stream.source = Some(*copy);
        }
    }
}
