//! Collection: what is live in a victim is moved, then a retire record says that the victim is
//! void.
//!
//! Where the index covers only part of the keys, the victim is walked once per part.
//!
//! Invariant: until that record is on flash the victim is the truth. `docs/format.md` section 8.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::{put, take},
    header::Role,
    index::Cover,
    io::SCAN,
    record::{CRC_SIZE, Head, Kind, seed},
    scan::Entry,
    segments::State,
    write::Open,
};
use crate::{error::Error, flash::Flash};

/// Bytes of the value of a retire record. FORMAT 5.5
pub(crate) const RETIRE_SIZE: u32 = 6;
/// Stands for no segment in it.
const NONE: u16 = 0xFFFF;
/// Walks over a victim in which something live does not show up any more.
const LOOKS: u8 = 3;

impl<F: Flash> Engine<'_, F> {
    /// Moves what is live in `victim` to a fresh segment, in which writing goes on.
    pub(crate) fn collect(&mut self, victim: u16) -> Result<(), Error> {
        self.open_segment(Some(victim))?;
        self.move_out(victim)
    }

    /// Moves what is live in `victim` to where the user writes.
    pub(crate) fn move_out(&mut self, victim: u16) -> Result<(), Error> {
        let failures = self.io.failures;
        let result = self
            .move_live(victim, Role::User)
            .and_then(|()| self.retire(Some(victim)));
        if result.is_err() {
            let failed = self.io.failures != failures;
            self.give_up_opening(failed);
            self.lose_count();
        }
        result
    }

    /// Moves what is live in `victim` apart from what the user writes, so that it is not moved
    /// again together with that.
    pub(crate) fn move_apart(&mut self, victim: u16) -> Result<(), Error> {
        self.moves_again = self.segments.is_moved(victim);
        let number = self.segments.number(victim);
        let ranks = |open: Open| self.segments.number(open.segment) >= number;
        if !self
            .apart
            .is_some_and(|open| open.segment != victim && ranks(open))
        {
            if self.apart.take().is_some() {
                // All of it is declared.
                self.limited = None;
            }
            self.left = self.limited;
            if let Err(error) = self.open_apart() {
                self.left = None;
                return Err(error);
            }
        }
        let result = self
            .move_live(victim, Role::Moved)
            .and_then(|()| self.retire(Some(victim)));
        if result.is_err() {
            self.close_apart();
            self.lose_count();
        }
        result
    }

    /// Nothing more is moved to the segment that is open for that; what no record declares there
    /// does not count.
    fn close_apart(&mut self) {
        self.apart = None;
        if let Some((segment, end)) = self.limited
            && end == self.io.layout.first
        {
            if self.segments.state(segment) == State::Used {
                self.segments.set_state(segment, State::Free);
            }
            self.limited = self.left;
        }
        self.left = None;
    }

    /// Says that `victim` is void, and what counts where records are moved to.
    pub(crate) fn retire(&mut self, victim: Option<u16>) -> Result<(), Error> {
        let before = self.limited;
        let end = self.apart.map(|open| (open.segment, open.place));
        self.limited = end
            .or(before)
            .filter(|&(segment, _)| Some(segment) != victim);
        let mut value = [0; RETIRE_SIZE as usize];
        put(&mut value, 0, victim.unwrap_or(NONE).to_le_bytes());
        put(&mut value, 2, self.encode_limit());
        let head = Head::new(Kind::Retire, 0, 0, RETIRE_SIZE);
        let user = self
            .user
            .filter(|open| open.has_space(&self.io, head.total(), 0));
        let appended = match user {
            Some(_) => self.append(&head, &[], &value),
            None => Err(Error::WriteFailed),
        };
        // A record that failed may be there all the same: then it counts, as after a restart.
        let void = match appended {
            Ok(_) => State::Free,
            Err(_) => State::Doubtful,
        };
        if let Err(error) = appended
            && !user.is_some_and(|open| self.is_there(&open, &head))
        {
            self.limited = before;
            if let Some(open) = self.apart
                && before == Some((open.segment, self.io.layout.first))
            {
                self.segments.set_state(open.segment, State::Doubtful);
            }
            return Err(error);
        }
        if let Some(open) = &mut self.user {
            open.marks = self.opening.is_some();
        }
        let Some(victim) = victim else {
            return Ok(());
        };
        self.end_opening();
        self.segments.set_state(victim, void);
        self.apart = self.apart.filter(|open| open.segment != victim);
        self.left = None;
        Ok(())
    }

    /// Whether a retire record is on flash for certain that was to be appended.
    fn is_there(&mut self, open: &Open, head: &Head) -> bool {
        let mark = open.marks.then(|| self.io.layout.whole_units(open.place));
        let entry = Entry {
            segment: open.segment,
            place: open.place,
            head: head.resuming(mark),
            damaged: false,
        };
        if self.is_certain_retire(&entry) != Ok(true) {
            return false;
        }
        // And a mount would find it.
        let mut last = None;
        let mut walk = self.walk(open.segment);
        while walk.next(&mut self.io) == Ok(true) {
            last = Some(walk.entry().place);
        }
        last == Some(open.place)
    }

    /// The segment that took what was moved last, and the end of what counts there. FORMAT 5.5
    pub(crate) fn encode_limit(&self) -> [u8; 4] {
        let counts = |&(segment, _): &(u16, u32)| self.segments.state(segment) == State::Used;
        let (segment, end) = self.limited.filter(counts).unwrap_or((NONE, 0));
        let [a, b] = segment.to_le_bytes();
        let [c, d] = (self.io.layout.whole_units(end) as u16).to_le_bytes();
        [a, b, c, d]
    }

    /// As [`Self::encode_limit`] has it.
    #[inline(never)]
    pub(crate) fn decode_limit(&self, bytes: [u8; 4]) -> Option<(u16, u32)> {
        let [a, b, c, d] = bytes;
        let segment = u16::from_le_bytes([a, b]);
        let end = u32::from(u16::from_le_bytes([c, d])).saturating_mul(self.io.layout.align);
        (segment < self.segments.count()).then_some((segment, end))
    }

    #[inline(never)]
    fn move_live(&mut self, victim: u16, role: Role) -> Result<(), Error> {
        let mut looks = LOOKS;
        loop {
            self.move_parts(victim, role)?;
            // A record that rotted just now did not show up in the walk: then the index is made
            // anew and the victim walked again, a bounded number of times.
            if self.segments.live(victim) == 0 || looks == 0 {
                return Ok(());
            }
            looks -= 1;
            self.io.forget();
            self.recount()?;
        }
    }

    fn move_parts(&mut self, victim: u16, role: Role) -> Result<(), Error> {
        let mut next = Some(self.table.cover.first());
        while let Some(part) = next {
            if self.table.cover != part {
                self.load(part)?;
            }
            if self.table.cover != part {
                // More keys than the part has room for: smaller parts from here on.
                next = Some(self.table.cover.first());
                continue;
            }
            self.move_part(victim, part, role)?;
            next = part.next();
        }
        Ok(())
    }

    #[inline(never)]
    fn move_part(&mut self, victim: u16, part: Cover, role: Role) -> Result<(), Error> {
        let mut walk = self.walk(victim).looking_back();
        while walk.next(&mut self.io)? {
            let entry = walk.entry();
            if entry.head.kind.is_indexed() && part.holds(walk.hash()) {
                self.move_entry(entry, walk.hash(), role)?;
            }
        }
        Ok(())
    }

    fn move_entry(&mut self, entry: &Entry, hash: u32, role: Role) -> Result<(), Error> {
        let Some(slot) = self.is_indexed(hash, entry) else {
            return Ok(());
        };
        if entry.head.kind == Kind::Tombstone && self.segments.is_oldest(entry.segment) {
            // It says nothing once nothing older is left.
            self.table.remove(slot);
            self.count_out(entry);
            return Ok(());
        }
        let total = entry.head.resuming(None).total();
        let (open, spare) = match role {
            Role::User => (self.user, self.io.layout.retire_room()),
            Role::Moved => (self.apart, 0),
        };
        if !open.is_some_and(|open| open.has_room(&self.io, total, spare)) {
            if role == Role::User {
                return Err(Error::WriteFailed);
            }
            // What is there is declared, and nothing will be left behind it.
            self.retire(None)?;
            self.open_apart()?;
        }
        self.copy_record(entry, None, role)?;
        self.follow(hash, entry);
        Ok(())
    }

    /// Appends a copy of `entry`, its CRC made for the new place; a record whose CRC fails stays
    /// damaged. A failure closes the segment.
    pub(crate) fn copy_record(
        &mut self,
        entry: &Entry,
        void_from: Option<u32>,
        role: Role,
    ) -> Result<(), Error> {
        let open = self.open_for(role).take().ok_or(Error::WriteFailed)?;
        let head = entry.head.resuming(void_from);
        self.record.start(&mut self.io, open, &head)?;
        let damage = self.copy_body(entry)?;
        self.record.finish(&mut self.io, damage)?;
        *self.open_for(role) = Some(self.record.open);
        Ok(())
    }

    fn open_for(&mut self, role: Role) -> &mut Option<Open> {
        match role {
            Role::User => &mut self.user,
            Role::Moved => &mut self.apart,
        }
    }

    /// Copies key and value; returns how far the stored CRC is from the right one.
    fn copy_body(&mut self, entry: &Entry) -> Result<u32, Error> {
        let number = self.segments.low_number(entry.segment);
        let mut crc = entry.head.start_crc(seed(number, entry.place));
        let base = self.base(entry.segment);
        let mut at = self.key_offset(entry);
        let mut left = entry.head.key_len() + entry.head.value_len;
        while left > 0 {
            let mut piece = [0; 32];
            let piece = piece.get_mut(..left.min(32) as usize).unwrap_or(&mut []);
            at = self.io.read(base, at, piece, SCAN)?;
            crc.add(piece);
            self.record.put(&mut self.io, piece)?;
            left -= piece.len() as u32;
        }
        let mut stored = [0; CRC_SIZE as usize];
        self.io.read(base, at, &mut stored, SCAN)?;
        Ok(u32::from_le_bytes(stored) ^ crc.value())
    }

    /// The newest record of a key is now the one just written instead of `entry`.
    pub(crate) fn follow(&mut self, hash: u32, entry: &Entry) {
        let copy = Entry {
            damaged: entry.damaged,
            ..self.record.entry()
        };
        if let Some(slot) = self.is_indexed(hash, entry) {
            let location = self.location(copy.segment, copy.place);
            self.table.replace(slot, location);
        }
        self.count_out(entry);
        self.count_in(&copy);
        if let Some(stream) = &mut self.stream
            && stream.source.is_some_and(|source| {
                (source.segment, source.place) == (entry.segment, entry.place)
            })
        {
            stream.source = Some(copy);
        }
    }

    /// What a retire record says: which segment is void, and as [`Self::encode_limit`].
    pub(crate) fn read_retire(&mut self, entry: &Entry) -> Result<Option<Retire>, Error> {
        let mut value = [0; RETIRE_SIZE as usize];
        if entry.damaged || entry.head.kind != Kind::Retire || entry.head.value_len != RETIRE_SIZE {
            return Ok(None);
        }
        let (base, at) = (self.base(entry.segment), self.value_offset(entry));
        self.io.read(base, at, &mut value, SCAN)?;
        Ok(Some(Retire {
            victim: u16::from_le_bytes(take(&value, 0)),
            clears: value == [0xFF, 0xFF, 0xFF, 0xFF, 0, 0],
            limited: self.decode_limit(take(&value, 2)),
        }))
    }
}

/// What a retire record says.
pub(crate) struct Retire {
    pub(crate) victim: u16,
    /// No victim, no limit: it lets an empty store count, whatever is there besides. FORMAT 8.3
    pub(crate) clears: bool,
    pub(crate) limited: Option<(u16, u32)>,
}
