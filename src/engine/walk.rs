//! The walk over the records of one segment, past whatever power cuts and rot have left.
//!
//! A record counts when its header and its CRC check. Where one does not, reading resumes at the
//! next block that says where a record starts. Two records are always held back: one that resumes
//! after a power cut says what before it is void. That is the last one that counted when power came
//! back, and one behind it that did not show then. It says so only when something follows it: else
//! it is what a cut left, and more may have been written before it since, where it did not show.
//!
//! Invariant: changes nothing; every loop advances by at least a program unit or a block.
//! `docs/format.md` section 6.
#![forbid(unsafe_code)]

use super::{
    checksum::Hasher,
    io::{Io, SCAN},
    record::{BlockHead, CRC_SIZE, FRAGMENT_ID, HEAD_MAX, Head, Kind, seed},
};
use crate::{error::Error, flash::Flash};

/// A record found by a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) segment: u16,
    pub(crate) place: u32,
    pub(crate) head: Head,
    /// The record was completed (others follow right behind it), but its CRC fails now.
    pub(crate) damaged: bool,
}

impl Entry {
    /// Place from which on this record declares void what is before it, if it was programmed first
    /// after power came back. FORMAT 6.2
    pub(crate) fn resumes_from(&self, align: u32) -> Option<u32> {
        let from = self.head.void_from()?.saturating_mul(align);
        (from < self.place).then_some(from)
    }
}

/// Places in a segment that are not even looked at: a power cut may have left them reading
/// differently each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) segment: u16,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Place of the last record before. It counts, also where what shows that is hidden.
    pub(crate) last: u32,
}

/// A record as it was read, with the hash of its key, and of its id where it is a fragment.
#[derive(Clone, Copy, Debug)]
struct Read {
    entry: Entry,
    hash: u32,
}

/// A walk. Made by [`Walk::new`], driven by [`Walk::next`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    segment: u16,
    number: u32,
    /// Place where a record may start; `None` to look for the next block head.
    at: Option<u32>,
    /// Block to look at next when there is no place to try.
    block: u32,
    /// Held back, the older one first.
    held: [Option<Read>; 2],
    /// The first record that one held back declared void: where that is void itself, it counts.
    set_aside: Option<Read>,
    /// A record behind `held` that resumes: it counts when what comes next shows that.
    resumes: Option<Read>,
    /// Read already.
    read: Option<Read>,
    /// Hash of the last record that was returned: as it is read, what identifies it need not be
    /// read again.
    pub(crate) hash: u32,
    /// Behind the place of the last record that was returned.
    pub(crate) passed: u32,
    hidden: Hidden,
    /// Places where the walk lost the thread and found it again.
    pub(crate) gaps: u32,
    /// Records declared void by a later one.
    pub(crate) voided: u32,
    /// The place to try is from the head of a block before which nothing was given up.
    is_found: bool,
    /// A record has rotted: one was there that does not read.
    pub(crate) has_lost: bool,
}

impl Walk {
    /// A walk over `segment`, whose number is `number` (its low half).
    pub(crate) fn new<F: Flash>(io: &Io<'_, F>, segment: u16, number: u32, hidden: Hidden) -> Self {
        Walk {
            segment,
            number,
            at: Some(io.layout.first),
            block: io.layout.first,
            held: [None; 2],
            set_aside: None,
            resumes: None,
            read: None,
            hash: 0,
            passed: 0,
            hidden,
            gaps: 0,
            voided: 0,
            is_found: false,
            has_lost: false,
        }
    }

    /// The next record that counts, in the order they were written.
    pub(crate) fn next<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<Option<Entry>, Error> {
        let align = io.layout.align;
        loop {
            let read = match self.read.take() {
                Some(read) => Some(read),
                None => self.read_next(io)?,
            };
            let Some(read) = read else {
                if self.resumes.take().is_some() {
                    self.voided += 1;
                }
                let [older, newer] = &mut self.held;
                let last = older.take().or_else(|| newer.take());
                return Ok(last.map(|last| self.pass(last)));
            };
            let from = read.entry.resumes_from(align);
            let done = if let Some(resumes) = self.resumes.take() {
                // Nothing comes behind a record that a cut left in doubt.
                self.read = Some(read);
                if from.is_none_or(|from| from > resumes.entry.place) {
                    self.resume(resumes, align)
                } else {
                    self.voided += 1;
                    None
                }
            } else if from.is_some() && !self.is_certain(&read.entry) {
                self.resumes = Some(read);
                None
            } else {
                self.resume(read, align)
            };
            if let Some(done) = done {
                return Ok(Some(self.pass(done)));
            }
        }
    }

    fn pass(&mut self, done: Read) -> Entry {
        self.passed = done.entry.place + 1;
        self.hash = done.hash;
        done.entry
    }

    /// The record before what this session hides, or that it went on with behind.
    fn is_certain(&self, entry: &Entry) -> bool {
        let Hidden {
            segment, to, last, ..
        } = self.hidden;
        segment == self.segment && (entry.place == to || entry.place == last)
    }

    /// Holds `read` back, and lets go the older of two held before, unless those are void.
    fn resume(&mut self, read: Read, align: u32) -> Option<Read> {
        if let Some(from) = read.entry.resumes_from(align) {
            let mut void = None;
            for held in &mut self.held {
                if held.is_some_and(|held| held.entry.place >= from) {
                    void = void.or(held.take());
                    self.voided += 1;
                }
            }
            self.set_aside = self.set_aside.or(void);
            self.take_back(from);
        }
        self.let_go(read)
    }

    /// Two cuts in a row: what the first session declared void, the second one saw. So it counts,
    /// where the record that said so is void, and it is not.
    fn take_back(&mut self, from: u32) {
        let Some(aside) = self.set_aside.filter(|aside| aside.entry.place < from) else {
            return;
        };
        let is_behind = |held: &Read| held.entry.place > aside.entry.place;
        if !self.held.iter().flatten().any(is_behind) {
            self.set_aside = None;
            let _nothing = self.let_go(aside);
        }
    }

    /// Holds `read` back; returns the older of two held before.
    fn let_go(&mut self, read: Read) -> Option<Read> {
        let [older, newer] = &mut self.held;
        let before = newer.replace(read);
        let done = match before {
            Some(before) => older.replace(before),
            None => None,
        };
        let is_behind = |done: &Read, aside: &Read| done.entry.place > aside.entry.place;
        if let (Some(done), Some(aside)) = (&done, &self.set_aside)
            && is_behind(done, aside)
        {
            // Nothing will declare it void any more.
            self.set_aside = None;
        }
        done
    }

    fn hides(&self, place: u32) -> bool {
        self.hidden.segment == self.segment && (self.hidden.from..self.hidden.to).contains(&place)
    }

    /// As [`Walk::next`], with the records that are void.
    pub(crate) fn next_raw<F: Flash>(
        &mut self,
        io: &mut Io<'_, F>,
    ) -> Result<Option<Entry>, Error> {
        Ok(self.read_next(io)?.map(|read| read.entry))
    }

    fn read_next<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<Option<Read>, Error> {
        loop {
            if let Some(place) = self.at.take() {
                let is_found = core::mem::take(&mut self.is_found);
                if place < io.layout.end
                    && !self.hides(place)
                    && let Some(read) = self.try_place(io, place)?
                {
                    let end = io.layout.end_of(place, read.entry.head.total());
                    self.at = Some(end);
                    self.block = io.layout.block_end(place);
                    self.has_lost |= is_found;
                    return Ok(Some(read));
                }
                self.block = io.layout.block_end(place);
            }
            if !self.find_start(io)? {
                return Ok(None);
            }
        }
    }

    /// Goes on to the next block in which a record starts.
    fn find_start<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        while self.block < io.layout.end {
            let block = self.block;
            if self.hides(block) {
                self.block = self.hidden.to.max(block + io.layout.block);
                continue;
            }
            self.block += io.layout.block;
            if let Some(head) = read_block_head(io, self.segment, self.number, block)?
                && let Some(units) = head.first
                && units * io.layout.align < io.layout.block
            {
                self.gaps += 1;
                self.is_found = !head.breaks;
                self.at = Some(block + units * io.layout.align);
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn try_place<F: Flash>(&self, io: &mut Io<'_, F>, place: u32) -> Result<Option<Read>, Error> {
        let Some(head) = read_head(io, self.segment, self.number, place, SCAN)? else {
            return Ok(None);
        };
        let entry = Entry {
            segment: self.segment,
            place,
            head,
            damaged: false,
        };
        let (whole, hash) = verify(io, self.number, &entry, SCAN)?;
        if whole && self.ends_in_its_block(io, place, &head)? {
            return Ok(Some(Read { entry, hash }));
        }
        if self.runs_on(io, place, &head)? {
            let entry = Entry {
                damaged: !whole,
                ..entry
            };
            return Ok(Some(Read { entry, hash }));
        }
        Ok(None)
    }

    /// Whether the last block of the record at `place` was begun with it. Else the last bytes of
    /// its CRC are what another record, or an erased block, has there by chance.
    fn ends_in_its_block<F: Flash>(
        &self,
        io: &mut Io<'_, F>,
        place: u32,
        head: &Head,
    ) -> Result<bool, Error> {
        let end = io.layout.end_of(place, head.total());
        let block = io.layout.block_start(end - 1);
        if block <= place {
            return Ok(true);
        }
        let found = read_block_head(io, self.segment, self.number, block)?;
        Ok(found.is_some_and(|head| !head.breaks))
    }

    /// Whether the record at `place` was completed: a good record follows right behind it, and no
    /// block head on the way says that something was given up.
    fn runs_on<F: Flash>(
        &self,
        io: &mut Io<'_, F>,
        place: u32,
        head: &Head,
    ) -> Result<bool, Error> {
        let end = io.layout.end_of(place, head.total());
        if self.hides(end) {
            return Ok(false);
        }
        let mut block = io.layout.block_end(place);
        while block <= end && block < io.layout.end {
            let found = read_block_head(io, self.segment, self.number, block)?;
            if found.is_some_and(|head| head.breaks) {
                return Ok(false);
            }
            block += io.layout.block;
        }
        let Some(next) = read_head(io, self.segment, self.number, end, SCAN)? else {
            return Ok(false);
        };
        let next = Entry {
            segment: self.segment,
            place: end,
            head: next,
            damaged: false,
        };
        crc_holds(io, self.number, &next, SCAN)
    }
}

/// The head of the block at `block`, if it checks.
pub(crate) fn read_block_head<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    block: u32,
) -> Result<Option<BlockHead>, Error> {
    let at = io.layout.head_at(block);
    // Heads of large blocks are read alone: what lies between is of no interest.
    let ahead = if io.layout.block >= 256 { 2 } else { SCAN };
    let address = io.layout.address(segment) + at;
    let mut bytes = [0; 2];
    for (to, from) in bytes.iter_mut().zip(io.fetch(address, 2, ahead)?) {
        *to = *from;
    }
    Ok(BlockHead::decode(bytes, seed(number, at)))
}

/// The header of the record at `place`, if there is one whose end lies in the segment.
pub(crate) fn read_head<F: Flash>(
    io: &mut Io<'_, F>,
    segment: u16,
    number: u32,
    place: u32,
    ahead: u32,
) -> Result<Option<Head>, Error> {
    let limit = io.layout.end;
    let start = io.layout.start_of(place);
    if place >= limit || start >= limit {
        return Ok(None);
    }
    let mut bytes = [0; HEAD_MAX];
    let mut count = HEAD_MAX;
    while count > 0 && io.layout.advance(start, count as u32) > limit {
        count -= 1;
    }
    let base = io.layout.address(segment);
    io.read(
        base,
        start,
        bytes.get_mut(..count).unwrap_or(&mut []),
        ahead,
    )?;
    let head = Head::decode(bytes.get(..count).unwrap_or(&[]), seed(number, place));
    Ok(head.filter(|head| io.layout.end_of(place, head.total()) <= limit))
}

/// Whether the CRC of a record holds.
pub(crate) fn crc_holds<F: Flash>(
    io: &mut Io<'_, F>,
    number: u32,
    entry: &Entry,
    ahead: u32,
) -> Result<bool, Error> {
    verify(io, number, entry, ahead).map(|(holds, _)| holds)
}

/// Whether the CRC of a record holds, and the hash that it is found by.
fn verify<F: Flash>(
    io: &mut Io<'_, F>,
    number: u32,
    entry: &Entry,
    ahead: u32,
) -> Result<(bool, u32), Error> {
    let head = &entry.head;
    let base = io.layout.address(entry.segment);
    let mut crc = head.start_crc(seed(number, entry.place));
    let mut hasher = Hasher::new();
    let start = io.layout.start_of(entry.place);
    let mut at = io.layout.advance(start, head.encoded_len());
    let is_fragment = head.kind == Kind::Fragment && head.value_len >= FRAGMENT_ID;
    let id = if is_fragment { FRAGMENT_ID } else { 0 };
    at = io.visit(base, at, head.key_len() + id, ahead, |piece| {
        crc.add(piece);
        hasher.add(piece);
    })?;
    let rest = head.value_len - id;
    at = io.visit(base, at, rest, ahead, |piece| crc.add(piece))?;
    let mut stored = [0; CRC_SIZE as usize];
    io.read(base, at, &mut stored, ahead)?;
    Ok((u32::from_le_bytes(stored) == crc.value(), hasher.value()))
}
