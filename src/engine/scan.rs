//! The scan over the records of one segment: all that read, those too that are void.
//!
//! A record is one when its header and its CRC check. Where one does not, reading resumes at the
//! next block that says where a record starts. Which of them count the walk says (`walk.rs`).
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

/// A record found by a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) segment: u16,
    pub(crate) place: u32,
    pub(crate) head: Head,
    /// The record was completed (others follow right behind it), but its CRC fails now.
    pub(crate) damaged: bool,
}

impl Entry {
    /// What stands there before anything was read.
    #[inline(never)]
    pub(crate) fn nothing() -> Self {
        Entry {
            segment: 0,
            place: 0,
            head: Head::new(Kind::Note, 0, 0, 0),
            damaged: false,
        }
    }

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
pub(crate) struct Read {
    pub(crate) entry: Entry,
    pub(crate) hash: u32,
}

/// A scan. Made by [`Scan::new`], driven by [`Scan::next`]. What is found stays in it: it is too
/// large to be handed up by value through the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan {
    pub(super) segment: u16,
    number: u32,
    /// Place where a record may start; `None` to look for the next block head.
    at: Option<u32>,
    /// Block to look at next when there is no place to try.
    block: u32,
    pub(super) hidden: Hidden,
    /// Places where the scan lost the thread and found it again.
    pub(super) gaps: u32,
    /// The place to try is from the head of a block before which nothing was given up.
    is_found: bool,
    /// A record has rotted: one was there that does not read.
    pub(super) has_lost: bool,
    /// What was found last.
    pub(super) found: Read,
}

impl Scan {
    /// A scan over `segment`, whose number is `number` (its low half).
    pub(crate) fn new<F: Flash>(io: &Io<'_, F>, segment: u16, number: u32, hidden: Hidden) -> Self {
        Scan {
            segment,
            number,
            at: Some(io.layout.first),
            block: io.layout.first,
            hidden,
            gaps: 0,
            is_found: false,
            has_lost: false,
            found: Read {
                entry: Entry::nothing(),
                hash: 0,
            },
        }
    }

    fn hides(&self, place: u32) -> bool {
        self.hidden.segment == self.segment && (self.hidden.from..self.hidden.to).contains(&place)
    }

    /// Goes to the next record, in the order they were written; `false`: there is none.
    pub(crate) fn next<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        loop {
            if let Some(place) = self.at.take() {
                let is_found = core::mem::take(&mut self.is_found);
                if place < io.layout.end && !self.hides(place) && self.try_place(io, place)? {
                    let end = io.layout.end_of(place, self.found.entry.head.total());
                    self.at = Some(end);
                    self.block = io.layout.block_end(place);
                    self.has_lost |= is_found;
                    return Ok(true);
                }
                self.block = io.layout.block_end(place);
            }
            if !self.find_start(io)? {
                return Ok(false);
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

    fn try_place<F: Flash>(&mut self, io: &mut Io<'_, F>, place: u32) -> Result<bool, Error> {
        let entry = &mut self.found.entry;
        entry.segment = self.segment;
        entry.place = place;
        entry.damaged = false;
        if !read_head(io, self.number, entry, SCAN)? {
            return Ok(false);
        }
        let whole = verify(io, self.number, &mut self.found, SCAN)?;
        if whole && self.ends_in_its_block(io)? {
            return Ok(true);
        }
        self.found.entry.damaged = !whole;
        self.runs_on(io)
    }

    /// Whether the last block of the record that was found was begun with it. Else the last bytes
    /// of its CRC are what another record, or an erased block, has there by chance.
    fn ends_in_its_block<F: Flash>(&self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        let Entry { place, head, .. } = &self.found.entry;
        let end = io.layout.end_of(*place, head.total());
        let block = io.layout.block_start(end - 1);
        if block <= *place {
            return Ok(true);
        }
        let found = read_block_head(io, self.segment, self.number, block)?;
        Ok(found.is_some_and(|head| !head.breaks))
    }

    /// Whether the record that was found was completed: a good record follows right behind it, and
    /// no block head on the way says that something was given up.
    fn runs_on<F: Flash>(&self, io: &mut Io<'_, F>) -> Result<bool, Error> {
        let Entry { place, head, .. } = &self.found.entry;
        let end = io.layout.end_of(*place, head.total());
        if self.hides(end) {
            return Ok(false);
        }
        let mut block = io.layout.block_end(*place);
        while block <= end && block < io.layout.end {
            let found = read_block_head(io, self.segment, self.number, block)?;
            if found.is_some_and(|head| head.breaks) {
                return Ok(false);
            }
            block += io.layout.block;
        }
        let mut next = self.found;
        next.entry.place = end;
        Ok(read_head(io, self.number, &mut next.entry, SCAN)?
            && verify(io, self.number, &mut next, SCAN)?)
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
    let ahead = if io.layout.block >= 256 {
        2
    } else {
        io.layout.end.saturating_sub(at)
    };
    let address = io.layout.address(segment) + at;
    let mut bytes = [0; 2];
    for (to, from) in bytes.iter_mut().zip(io.fetch(address, 2, ahead)?) {
        *to = *from;
    }
    Ok(BlockHead::decode(bytes, seed(number, at)))
}

/// Reads the header of `entry`, whose segment and place are given; `false`: there is none whose end
/// lies in the segment.
pub(crate) fn read_head<F: Flash>(
    io: &mut Io<'_, F>,
    number: u32,
    entry: &mut Entry,
    ahead: u32,
) -> Result<bool, Error> {
    let limit = io.layout.end;
    let place = entry.place;
    let start = io.layout.start_of(place);
    if place >= limit || start >= limit {
        return Ok(false);
    }
    let mut bytes = [0; HEAD_MAX];
    let mut count = HEAD_MAX;
    while count > 0 && io.layout.advance(start, count as u32) > limit {
        count -= 1;
    }
    let base = io.layout.address(entry.segment);
    io.read(
        base,
        start,
        bytes.get_mut(..count).unwrap_or(&mut []),
        ahead,
    )?;
    let bytes = bytes.get(..count).unwrap_or(&[]);
    let Some(head) = Head::decode(bytes, seed(number, place)) else {
        return Ok(false);
    };
    entry.head = head;
    Ok(io.layout.end_of(place, head.total()) <= limit)
}

/// Whether the CRC of a record holds.
pub(crate) fn crc_holds<F: Flash>(
    io: &mut Io<'_, F>,
    number: u32,
    entry: &Entry,
    ahead: u32,
) -> Result<bool, Error> {
    let mut read = Read {
        entry: *entry,
        hash: 0,
    };
    verify(io, number, &mut read, ahead)
}

/// Whether the CRC of a record holds; sets the hash that it is found by.
fn verify<F: Flash>(
    io: &mut Io<'_, F>,
    number: u32,
    read: &mut Read,
    ahead: u32,
) -> Result<bool, Error> {
    let entry = &read.entry;
    let head = &entry.head;
    let base = io.layout.address(entry.segment);
    // Not from its first byte on: of a record that goes over the end of the window, no more is read
    // again than what was not looked at.
    let mut crc = head.start_crc(seed(number, entry.place));
    let mut hasher = Hasher::new();
    let is_fragment = head.kind == Kind::Fragment && head.value_len >= FRAGMENT_ID;
    let id = if is_fragment { FRAGMENT_ID } else { 0 };
    let start = io.layout.start_of(entry.place);
    let mut at = io.layout.advance(start, head.encoded_len());
    at = io.visit(base, at, head.key_len() + id, ahead, |piece| {
        crc.add(piece);
        hasher.add(piece);
    })?;
    let rest = head.value_len - id + CRC_SIZE;
    io.visit(base, at, rest, ahead, |piece| crc.add(piece))?;
    read.hash = hasher.value();
    Ok(crc.holds())
}
