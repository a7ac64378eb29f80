//! Appending records to the open segments, block by block.
//!
//! Invariant: no program call crosses a block or holds bytes of two records, so a cut leaves at
//! most one record in doubt. `docs/format.md` sections 4 and 5.
#![forbid(unsafe_code)]

use super::{
    Engine,
    bytes::divide,
    checksum::Crc,
    io::Io,
    layout::HEAD_SIZE,
    record::{BlockHead, Head, Kind, seed},
    scan::Entry,
};
use crate::{error::Error, flash::Flash};

/// Bytes by which a record grows that marks the completion of a collection: a place, and the length
/// of the key that a plain value has in its first byte.
pub(crate) const MARK_MAX: u32 = 4;

/// A segment that records are appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    pub(crate) segment: u16,
    pub(crate) number: u32,
    /// Where the next record starts.
    pub(crate) place: u32,
    /// Units that its records count for: never more than a fresh segment takes, so that whatever
    /// is live in it can always be moved into one.
    pub(crate) units: u32,
    /// The next block head says that what stands before it was given up.
    pub(crate) breaks: bool,
    /// The next record shows that the collection this segment was opened for is complete.
    pub(crate) marks: bool,
}

impl Open {
    /// Whether a record of `total` bytes fits, with `spare` bytes left behind it, and counts for no
    /// more than is left of what a segment may hold.
    pub(crate) fn has_room<F: Flash>(&self, io: &Io<'_, F>, total: u32, spare: u32) -> bool {
        self.has_space(io, total, spare)
            && self.units + io.layout.units(total) <= io.layout.payload_units()
    }

    /// As [`Open::has_room`] for records that the reserve is for.
    pub(crate) fn has_space<F: Flash>(&self, io: &Io<'_, F>, total: u32, spare: u32) -> bool {
        let end = io.layout.end;
        let total = if self.marks { total + MARK_MAX } else { total };
        self.place < end && io.layout.end_of(self.place, total).saturating_add(spare) <= end
    }
}

/// The record that is being written. There is one at a time; it has a place of its own in the
/// store, as it is too large to be handed about on the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recording {
    /// The segment, as it is behind the record when that is complete.
    pub(crate) open: Open,
    /// As the segment was before, for a record given up before anything was programmed.
    before: Open,
    head: Head,
    place: u32,
    /// Offset of the next byte.
    at: u32,
    /// Offset of the first byte not programmed yet; in the block of `at`.
    from: u32,
    /// Bytes still to come, CRC included.
    left: u32,
    crc: Crc,
}

impl Recording {
    /// What is there before a record is started.
    pub(crate) fn nothing() -> Self {
        let open = Open {
            segment: 0,
            number: 0,
            place: 0,
            units: 0,
            breaks: false,
            marks: false,
        };
        Recording {
            open,
            before: open,
            head: Head::new(Kind::Note, 0, 0, 0),
            place: 0,
            at: 0,
            from: 0,
            left: 0,
            crc: Crc::new(0),
        }
    }

    /// Starts a record at the end of `open`. The caller has made room for it.
    pub(crate) fn start<F: Flash>(
        &mut self,
        io: &mut Io<'_, F>,
        open: Open,
        head: &Head,
    ) -> Result<(), Error> {
        let place = open.place;
        let seed = seed(open.number, place);
        let start = io.layout.start_of(place);
        self.before = open;
        self.open = open;
        self.open.marks = false;
        self.head = *head;
        if open.marks && head.void_from().is_none() {
            self.head = head.resuming(Some(io.layout.whole_units(place)));
        }
        self.place = place;
        self.at = start;
        self.from = place;
        self.left = self.head.total();
        self.crc = Crc::new(seed);
        if start != place {
            let units = io.layout.whole_units(place - io.layout.block_start(place));
            self.put_block_head(io, place, Some(units));
        }
        let head = self.head.encode(seed);
        self.put(io, head.as_slice())
    }

    /// The record as it will be found.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            segment: self.open.segment,
            place: self.place,
            head: self.head,
            damaged: false,
        }
    }

    fn put_block_head<F: Flash>(&mut self, io: &mut Io<'_, F>, at: u32, first: Option<u32>) {
        let head = BlockHead {
            first,
            breaks: self.open.breaks,
        };
        self.open.breaks = false;
        let bytes = head.encode(seed(self.open.number, at));
        io.put(at - self.from, &bytes);
    }

    /// Adds bytes of the record.
    pub(crate) fn put<F: Flash>(&mut self, io: &mut Io<'_, F>, bytes: &[u8]) -> Result<(), Error> {
        self.crc.add(bytes);
        self.put_raw(io, bytes)
    }

    fn put_raw<F: Flash>(&mut self, io: &mut Io<'_, F>, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            if self.at == io.layout.block_start(self.at) {
                self.next_block(io)?;
            }
            let room = (io.layout.block_end(self.at) - self.at) as usize;
            let (now, later) = divide(bytes, room);
            io.put(self.at - self.from, now);
            self.at += now.len() as u32;
            self.left -= now.len() as u32;
            bytes = later;
        }
        Ok(())
    }

    /// Programs the block just filled and heads the next.
    fn next_block<F: Flash>(&mut self, io: &mut Io<'_, F>) -> Result<(), Error> {
        let block = self.at;
        self.flush(io, block)?;
        let end = io.layout.end_of_rest(block, self.left);
        let first = (end < io.layout.block_end(block)).then(|| io.layout.whole_units(end - block));
        self.put_block_head(io, block, first);
        self.at = block + HEAD_SIZE;
        Ok(())
    }

    /// Programs everything up to `to`, in the block of `from`.
    fn flush<F: Flash>(&mut self, io: &mut Io<'_, F>, to: u32) -> Result<(), Error> {
        if to == self.from {
            return Ok(());
        }
        let address = io.layout.address(self.open.segment) + self.from;
        io.program(address, to - self.from, self.at.min(to) - self.from)?;
        self.from = to;
        Ok(())
    }

    /// Ends the record. `damage` is mixed into its CRC: 0, unless a record that was damaged is
    /// moved and must stay so.
    pub(crate) fn finish<F: Flash>(
        &mut self,
        io: &mut Io<'_, F>,
        damage: u32,
    ) -> Result<(), Error> {
        let crc = self.crc.value() ^ damage;
        self.put_raw(io, &crc.to_le_bytes())?;
        let end = super::layout::round_up(self.at, io.layout.align);
        io.pad(self.at - self.from, end - self.from);
        self.flush(io, end)?;
        self.open.place = end;
        // What the reserve is for does not count.
        if self.head.kind.is_indexed() {
            self.open.units += io.layout.units_of(&self.head);
        }
        Ok(())
    }

    /// Gives the record up. Returns the segment as it is now.
    pub(crate) fn abandon<F: Flash>(&self, io: &Io<'_, F>) -> Open {
        if self.from == self.before.place {
            return self.before;
        }
        let block = io.layout.block_start(self.from);
        Open {
            place: block,
            breaks: true,
            marks: self.before.marks,
            ..self.open
        }
    }
}

impl<F: Flash> Engine<'_, F> {
    /// Appends a record whose key and value are at hand. A failure closes the segment.
    pub(crate) fn append(&mut self, head: &Head, key: &[u8], value: &[u8]) -> Result<(), Error> {
        let open = self.user.take().ok_or(Error::WriteFailed)?;
        self.record.start(&mut self.io, open, head)?;
        self.record.put(&mut self.io, key)?;
        self.record.put(&mut self.io, value)?;
        self.end_append()
    }

    /// Ends a record that is appended.
    pub(crate) fn end_append(&mut self) -> Result<(), Error> {
        self.record.finish(&mut self.io, 0)?;
        self.user = Some(self.record.open);
        Ok(())
    }

    /// Appends a record that says nothing but what its header does.
    pub(crate) fn append_note(&mut self, void_from: Option<u32>) -> Result<(), Error> {
        let head = Head::new(Kind::Note, 0, 0, 0).resuming(void_from);
        let fits = |open: Open| open.has_space(&self.io, head.total(), 0);
        if !self.user.is_some_and(fits) {
            return Err(Error::WriteFailed);
        }
        self.append(&head, &[], &[])
    }
}
