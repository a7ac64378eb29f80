//! Where things are in a partition: segments, blocks, record places. Arithmetic only.
//!
//! Invariant: knows no content; everything here follows from the shape of the flash and the
//! configuration. `docs/format.md` section 3.
#![forbid(unsafe_code)]

pub(crate) use super::arithmetic::{quotient, remainder, round_up};
use super::{record::Head, write::MARK_MAX};
use crate::{
    error::Error,
    flash::{Flash, Shape},
};

/// Bytes of a block head. FORMAT 4
pub(crate) const HEAD_SIZE: u32 = 2;
/// Bytes of a segment header before padding. FORMAT 3.2
pub(crate) const HEADER_SIZE: u32 = 24;
/// Bytes of a retire record. FORMAT 5.5
const RETIRE_RECORD: u32 = 15;
/// Bytes of a list that tell where the segment ends that takes what is moved. FORMAT 5.6
const LIST_LIMIT: u32 = 4;
/// Bytes of a list record beside its value. FORMAT 5.6
const LIST_OVERHEAD: u32 = 10;
/// A list takes at most one part in so many of a segment.
const LIST_SHARE: u32 = 64;
/// A record with the longest key and a short value.
const LONG_KEY_RECORD: u32 = 1200;
/// Runs of equally spaced segments that mixed sectors may leave.
const MAX_RUNS: usize = 8;

/// Consecutive segments without a gap between them.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    address: u32,
    count: u32,
}

/// The division of a partition. All sizes are bytes; offsets count from the start of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) segment_size: u32,
    pub(crate) segments: u32,
    pub(crate) block: u32,
    /// Records start at multiples of this; at least a program unit.
    pub(crate) align: u32,
    /// It is 2 to the power of this.
    align_bits: u8,
    pub(crate) program_size: u32,
    /// Units that records may take in a segment, and those of a retire record: each write asks
    /// for them.
    payload: u32,
    retire: u16,
    /// Offset of the first block head.
    pub(crate) first: u32,
    /// Records end here at the latest.
    pub(crate) end: u32,
    runs: [Run; MAX_RUNS],
}

impl Layout {
    /// The layout of `flash`, with segments of `segment_size` bytes (0: chosen here).
    pub(crate) fn new<F: Flash>(flash: &F, segment_size: u32) -> Result<Self, Error> {
        let shape = flash.shape();
        check_shape(&shape)?;
        let segment_size = match segment_size {
            0 => choose_segment_size(flash, &shape)?,
            given => given,
        };
        if segment_size < 256 || segment_size < 16 * shape.program_size {
            return Err(Error::InvalidArgument);
        }
        let mut layout = Layout {
            segment_size,
            segments: 0,
            block: 0,
            align: 0,
            align_bits: 0,
            payload: 0,
            retire: 0,
            program_size: shape.program_size,
            first: 0,
            end: 0,
            runs: [Run::default(); MAX_RUNS],
        };
        layout.find_segments(flash, &shape)?;
        if layout.segments < 2 {
            return Err(Error::InvalidArgument);
        }
        layout.align = choose_align(&shape, segment_size);
        layout.align_bits = layout.align.trailing_zeros() as u8;
        let wanted = match segment_size {
            0..4096 => 64,
            4096..16384 => 128,
            _ => 256,
        };
        // A block head tells places in 7 bits.
        layout.block = wanted.min(128 * layout.align).max(layout.align);
        layout.first = round_up(HEADER_SIZE, layout.align);
        layout.end = segment_size;
        if layout.first + layout.block > layout.end || remainder(segment_size, layout.block) != 0 {
            return Err(Error::InvalidArgument);
        }
        layout.retire = layout.units(RETIRE_RECORD) as u16;
        layout.payload = layout.count_payload();
        if layout.payload == 0 {
            // A list of so many segments leaves no room in one of them.
            return Err(Error::InvalidArgument);
        }
        Ok(layout)
    }

    /// Groups sectors into segments; what does not fit is left unused.
    fn find_segments<F: Flash>(&mut self, flash: &F, shape: &Shape) -> Result<(), Error> {
        let mut runs = 0_usize;
        let mut address = 0_u32;
        let mut start = 0_u32;
        while address < shape.size {
            let sector = flash.sector_size(address);
            let splits_units = remainder(sector, shape.program_size) != 0;
            if sector == 0 || splits_units || sector > shape.size - address {
                return Err(Error::InvalidArgument);
            }
            let gathered = address - start + sector;
            if gathered > self.segment_size {
                // The sectors gathered so far make no segment together with this one.
                start = address;
                if sector > self.segment_size {
                    start = address + sector;
                } else if sector == self.segment_size {
                    self.add_segment(&mut runs, start)?;
                    start = address + sector;
                }
            } else if gathered == self.segment_size {
                self.add_segment(&mut runs, start)?;
                start = address + sector;
            }
            address += sector;
        }
        Ok(())
    }

    fn add_segment(&mut self, runs: &mut usize, address: u32) -> Result<(), Error> {
        let size = self.segment_size;
        if let Some(run) = runs.checked_sub(1).and_then(|last| self.runs.get_mut(last))
            && run.address + run.count * size == address
        {
            run.count += 1;
        } else {
            *self.runs.get_mut(*runs).ok_or(Error::InvalidArgument)? = Run { address, count: 1 };
            *runs += 1;
        }
        self.segments += 1;
        Ok(())
    }

    /// Bytes of the value of a list record: a bit for each segment. FORMAT 5.6
    pub(crate) fn list_size(&self) -> u32 {
        self.segments.div_ceil(8) + LIST_LIMIT
    }

    /// Address in the partition of a segment.
    #[inline(never)]
    pub(crate) fn address(&self, segment: u16) -> u32 {
        let mut index = u32::from(segment);
        for run in &self.runs {
            if index < run.count {
                return run.address + index * self.segment_size;
            }
            index -= run.count;
        }
        0
    }

    /// Start of the block that holds `offset`.
    pub(crate) fn block_start(&self, offset: u32) -> u32 {
        offset & !(self.block - 1)
    }

    /// Offset just behind the block that holds `offset`.
    pub(crate) fn block_end(&self, offset: u32) -> u32 {
        self.block_start(offset) + self.block
    }

    /// Where the head of the block that holds `offset` is.
    pub(crate) fn head_at(&self, offset: u32) -> u32 {
        self.block_start(offset).max(self.first)
    }

    /// First byte of a record whose place is `place`: behind the head where the block starts.
    #[inline(never)]
    pub(crate) fn start_of(&self, place: u32) -> u32 {
        if place == self.head_at(place) {
            place + HEAD_SIZE
        } else {
            place
        }
    }

    /// Offset behind `count` bytes that start at `offset`, heads on the way skipped.
    pub(crate) fn advance(&self, offset: u32, count: u32) -> u32 {
        if count == 0 {
            return offset;
        }
        // Bytes that ended with their block go on behind the head of the next one.
        let at_head = offset == self.block_start(offset);
        let offset = if at_head { offset + HEAD_SIZE } else { offset };
        let left = self.block_end(offset) - offset;
        if count <= left {
            return offset + count;
        }
        let rest = count - left;
        let per_block = self.block - HEAD_SIZE;
        let full = quotient(rest - 1, per_block);
        self.block_end(offset)
            .saturating_add(full.saturating_mul(self.block))
            .saturating_add(HEAD_SIZE + rest - full * per_block)
    }

    /// Place behind a record of `total` bytes at `place`.
    #[inline(never)]
    pub(crate) fn end_of(&self, place: u32, total: u32) -> u32 {
        round_up(self.advance(self.start_of(place), total), self.align)
    }

    /// Units that a record counts for. What it says about a power cut is not its own and not moved
    /// with it.
    pub(crate) fn units_of(&self, head: &Head) -> u32 {
        self.units(head.resuming(None).total())
    }

    /// Place behind the rest of a record, `count` bytes that run on into `block`.
    pub(crate) fn end_of_rest(&self, block: u32, count: u32) -> u32 {
        round_up(self.advance(block + HEAD_SIZE, count), self.align)
    }

    /// Units of `align` that a record of `total` bytes counts for: no less than it takes at any
    /// place. Where a head is small against `align`, records pay for the heads they may meet;
    /// where not, the payload of the segment does, and records get back what the heads that they
    /// meet at any place are paid for and do not take. FORMAT 7
    #[inline(never)]
    pub(crate) fn units(&self, total: u32) -> u32 {
        let (before, paid) = match self.records_pay_heads() {
            true => (0, 0),
            false => (self.block - self.head_room(), self.head_room()),
        };
        let per_block = self.block - HEAD_SIZE;
        let heads = quotient(total.saturating_sub(before) + per_block - 1, per_block);
        let taken = round_up(total.saturating_add(heads * HEAD_SIZE), self.align);
        self.whole_units(taken - heads * paid)
    }

    /// Bytes that a record takes at most.
    pub(crate) fn bytes_of(&self, head: &Head) -> u32 {
        self.units_of(head) * self.align
    }

    /// `bytes` in units of `align`, rounded down.
    pub(crate) fn whole_units(&self, bytes: u32) -> u32 {
        bytes >> (self.align_bits & 31)
    }

    /// Bytes that a head takes at most, what it adds to the padding of its record included.
    fn head_room(&self) -> u32 {
        HEAD_SIZE.max(self.align)
    }

    fn records_pay_heads(&self) -> bool {
        self.align > 2 * HEAD_SIZE
    }

    /// Units of `align` that records may take in a segment whatever their sizes are, what is
    /// kept in reserve taken off. FORMAT 7
    pub(crate) fn payload_units(&self) -> u32 {
        self.payload
    }

    fn count_payload(&self) -> u32 {
        let blocks = quotient(
            self.block_end(self.end - 1) - self.block_start(self.first),
            self.block,
        );
        let heads = match self.records_pay_heads() {
            false => blocks * self.head_room(),
            true if self.first == self.block_start(self.first) => 0,
            // The first block is shorter: its record meets a head more than it pays for.
            true => self.align,
        };
        self.whole_units(
            (self.end - self.first)
                .saturating_sub(heads)
                .saturating_sub(self.reserve()),
        )
    }

    /// Bytes of the payload that records of users do not get: a list and a retire record. FORMAT 7
    pub(crate) fn reserve(&self) -> u32 {
        let list = self.units(self.list_size() + LIST_OVERHEAD);
        (u32::from(self.retire) + list + self.units(MARK_MAX)) * self.align
    }

    /// Room for a retire record behind what is moved.
    pub(crate) fn retire_room(&self) -> u32 {
        u32::from(self.retire) * self.align
    }

    /// The largest fragment, header and check included: a quarter of the payload. FORMAT 5.4
    pub(crate) fn fragment_max(&self) -> u32 {
        self.bytes_in(self.payload_units() / 4)
    }

    /// The largest record. Above a quarter of the payload only where segments are small, so that
    /// a long key and a short value still fit in one piece.
    pub(crate) fn record_max(&self) -> u32 {
        let small = (self.payload_units() / 2).min(self.whole_units(LONG_KEY_RECORD));
        self.bytes_in(small.max(self.payload_units() / 4))
    }

    /// Bytes of the largest record that counts for no more than `units`, whatever it gets back for
    /// heads.
    fn bytes_in(&self, units: u32) -> u32 {
        let mut total = units * self.align;
        if self.records_pay_heads() {
            total = quotient(total, self.block) * (self.block - HEAD_SIZE)
                + remainder(total, self.block).saturating_sub(HEAD_SIZE);
        }
        total
    }

    /// Bits of the largest location, in units of `align`; two codes stay free for the index.
    pub(crate) fn location_bits(&self) -> u32 {
        let locations = self.segments * self.whole_units(self.segment_size) + 2;
        32 - locations.leading_zeros()
    }
}

fn check_shape(shape: &Shape) -> Result<(), Error> {
    let unit_ok = |unit: u32, most: u32| unit.is_power_of_two() && unit <= most;
    let erased_ok = matches!(shape.erased_byte, None | Some(0xFF | 0x00));
    if shape.size < 512
        || shape.size > 0x8000_0000
        || !unit_ok(shape.program_size, 1024)
        || !unit_ok(shape.read_size, 256)
        || !erased_ok
    {
        return Err(Error::InvalidArgument);
    }
    Ok(())
}

/// The largest sector, and at least 16 program units; as many such segments as there are.
fn choose_segment_size<F: Flash>(flash: &F, shape: &Shape) -> Result<u32, Error> {
    let mut largest = 256;
    let mut address = 0_u32;
    while address < shape.size {
        let sector = flash.sector_size(address);
        if sector == 0 || sector > shape.size - address {
            return Err(Error::InvalidArgument);
        }
        largest = largest.max(sector);
        address += sector;
    }
    let mut size = largest;
    while size < 16 * shape.program_size {
        size = size.saturating_add(largest);
    }
    // Each segment has a list of all of them.
    while quotient(shape.size, size).div_ceil(8) > size / LIST_SHARE {
        size = size.saturating_mul(2);
    }
    Ok(size)
}

/// A program unit, or more where the index has too few bits for finer places.
fn choose_align(shape: &Shape, segment_size: u32) -> u32 {
    let mut align = shape.program_size;
    while quotient(shape.size, align) >= 1 << 22 || quotient(segment_size, align) > 0xFFFF {
        align *= 2;
    }
    align
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::FlashError;

    struct Sectors(&'static [u32], Shape);

    impl Flash for Sectors {
        fn shape(&self) -> Shape {
            self.1
        }
        fn sector_size(&self, address: u32) -> u32 {
            let mut end = 0;
            for &size in self.0 {
                end += size;
                if address < end {
                    return size;
                }
            }
            0
        }
        fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), FlashError> {
            Err(FlashError)
        }
        fn program(&mut self, _: u32, _: &[u8]) -> Result<(), FlashError> {
            Err(FlashError)
        }
        fn erase(&mut self, _: u32, _: u32) -> Result<(), FlashError> {
            Err(FlashError)
        }
    }

    fn layout(sectors: &'static [u32], program_size: u32) -> Result<Layout, Error> {
        let size = sectors.iter().sum();
        let shape = Shape {
            size,
            read_size: 1,
            program_size,
            erased_byte: Some(0xFF),
            needs_erase: true,
        };
        Layout::new(&Sectors(sectors, shape), 0)
    }

    #[test]
    fn sectors_of_an_stm32f4_make_segments_of_128k() {
        const K: u32 = 1024;
        let sectors = &[16 * K, 16 * K, 16 * K, 16 * K, 64 * K, 128 * K, 128 * K];
        let layout = layout(sectors, 4).unwrap();
        assert_eq!((layout.segment_size, layout.segments), (128 * K, 3));
        assert_eq!(layout.address(0), 0);
        assert_eq!(layout.address(2), 256 * K);
    }

    #[test]
    fn sectors_that_split_a_program_unit_are_refused() {
        let refused = Err(Error::InvalidArgument);
        let whole = |sectors| layout(sectors, 16).map(|layout| layout.segments);
        assert_eq!(whole(&[512, 512, 512, 512]), Ok(4));
        assert_eq!(whole(&[504, 8, 512, 504, 8]), refused);
    }

    #[test]
    fn sectors_that_do_not_fit_are_left_out() {
        let layout = layout(&[2048, 4096, 2048, 2048, 4096, 2048], 1).unwrap();
        assert_eq!(layout.segments, 3);
        assert_eq!(layout.address(0), 2048);
        assert_eq!(layout.address(1), 6144);
        assert_eq!(layout.address(2), 10240);
    }

    #[test]
    fn fewer_than_two_segments_are_refused() {
        assert_eq!(layout(&[4096], 1).unwrap_err(), Error::InvalidArgument);
    }

    #[test]
    fn bytes_flow_around_the_heads() {
        let layout = layout(&[4096, 4096], 1).unwrap();
        assert_eq!(layout.block, 128);
        // 126 bytes fill a block behind its head; one more needs the next head too.
        assert_eq!(layout.advance(130, 126), 256);
        assert_eq!(layout.advance(130, 127), 259);
        assert_eq!(layout.advance(130, 126 + 126), 384);
        assert_eq!(layout.advance(130, 126 + 127), 387);
        // In two steps, the first of which ends with its block, it is the same.
        assert_eq!(layout.advance(layout.advance(130, 126), 127), 387);
        assert_eq!(layout.advance(256, 0), 256);
    }

    /// Records of any sizes in any order, as collection may bring them together.
    #[test]
    fn the_payload_holds_in_any_order() {
        let mut state = 1_u32;
        for unit in [1, 2, 4, 8, 16, 32, 64, 256] {
            let layout = layout(&[4096, 4096], unit).unwrap();
            assert!(layout.units(layout.record_max()) <= layout.payload_units() / 2);
            for round in 0..20_000 {
                let (mut place, mut units) = (layout.first, 0);
                loop {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let total = 4 + (state >> 16) % (16 << (round % 6)) + round % 300;
                    units += layout.units(total);
                    if units > layout.payload_units() {
                        break;
                    }
                    place = layout.end_of(place, total);
                }
                assert!(place + layout.reserve() <= layout.end, "{unit} {round}");
            }
        }
    }
}
