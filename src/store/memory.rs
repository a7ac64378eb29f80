//! The memory of a store, sized when the program is compiled.
//!
//! Invariant: the sizes are those that the engine asks for; `tests/rust_api.rs` compares them.
#![forbid(unsafe_code)]

use core::array;

use super::Config;
use crate::{
    engine::{self, Segment},
    flash::Shape,
};

/// Alignment that flash drivers may count on for what they program.
#[derive(Debug)]
#[repr(align(32))]
struct Aligned<const N: usize>([u8; N]);

// Written out below: the generator of the C header reads this file, too, and takes no names there.
const _: () = assert!(engine::MAX_BLOCK_SMALL_UNITS == 256 && engine::WINDOW == 320);

/// The memory of a store: `SEGMENTS` segments (sectors, as a rule), an index of `SLOTS` slots, and
/// two buffers.
///
/// [`slots`] turns a number of keys into slots. The sizes of the buffers serve all flash with
/// program units of up to 256 bytes and read units of up to 16. For other flash, and to save some
/// bytes where sectors are small, [`Sizes`] has the numbers, or the macro
/// `nvkv::memory_for!` the whole type.
///
/// The store borrows it for as long as it is open. On a target without an operating system it is
/// best a `static`, by way of a crate such as `static_cell`.
///
/// ```
/// use nvkv::Memory;
///
/// // 16 sectors, and an index for 100 keys.
/// let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
/// assert!(size_of_val(&memory) <= 1344);
/// ```
#[derive(Debug)]
pub struct Memory<
    const SEGMENTS: usize,
    const SLOTS: usize,
    const BLOCK: usize = 256,
    const WINDOW: usize = 320,
> {
    block: Aligned<BLOCK>,
    window: Aligned<WINDOW>,
    segments: [Segment; SEGMENTS],
    table: [u32; SLOTS],
}

impl<const SEGMENTS: usize, const SLOTS: usize, const BLOCK: usize, const WINDOW: usize>
    Memory<SEGMENTS, SLOTS, BLOCK, WINDOW>
{
    /// Memory that no store uses yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            block: Aligned([0; BLOCK]),
            window: Aligned([0; WINDOW]),
            segments: array::from_fn(|_| Segment::default()),
            table: [0; SLOTS],
        }
    }
}

impl<const SEGMENTS: usize, const SLOTS: usize, const BLOCK: usize, const WINDOW: usize> Default
    for Memory<SEGMENTS, SLOTS, BLOCK, WINDOW>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<'m, const SEGMENTS: usize, const SLOTS: usize, const BLOCK: usize, const WINDOW: usize>
    From<&'m mut Memory<SEGMENTS, SLOTS, BLOCK, WINDOW>> for engine::Memory<'m>
{
    fn from(memory: &'m mut Memory<SEGMENTS, SLOTS, BLOCK, WINDOW>) -> Self {
        Self {
            table: &mut memory.table,
            segments: &mut memory.segments,
            block: &mut memory.block.0,
            window: &mut memory.window.0,
        }
    }
}

/// Slots of an index for so many keys: with more keys, all works the same, only slower.
///
/// ```
/// assert_eq!(nvkv::slots(100), 157);
/// ```
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
pub const fn slots(keys: usize) -> usize {
    if keys >= 1 << 28 {
        // More than any partition can hold, and no memory has so much.
        return usize::MAX;
    }
    engine::table_slots(keys as u32) as usize
}

/// What a [`Memory`] needs, as numbers known when the program is compiled.
///
/// ```
/// use nvkv::{Config, Memory, Sizes, flash::Shape};
///
/// const PARTITION: Shape = Shape {
///     size: 64 * 1024,
///     read_size: 1,
///     program_size: 4,
///     erased_byte: Some(0xFF),
///     needs_erase: true,
/// };
/// const SIZES: Sizes = Sizes::new(&PARTITION, 4096, &Config::new(), 100);
/// type Lent =
///     Memory<{ SIZES.segments }, { SIZES.slots }, { SIZES.block }, { SIZES.window }>;
/// let memory = Lent::new();
/// # assert_eq!((SIZES.segments, SIZES.slots), (16, 157));
/// # let _ = memory;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Segments of the partition.
    pub segments: usize,
    /// Slots of the index.
    pub slots: usize,
    /// Bytes of the write buffer.
    pub block: usize,
    /// Bytes of the read buffer.
    pub window: usize,
}

impl Sizes {
    /// The sizes for a partition of this shape with sectors of `sector_size` bytes, and an index
    /// for `keys` keys. A partition that no store can be opened on gives sizes that mean nothing.
    #[must_use]
    pub const fn new(shape: &Shape, sector_size: u32, config: &Config, keys: usize) -> Self {
        let unit = shape.program_size;
        let segment = match config.engine.segment_size {
            0 => segment_size(shape.size, sector_size, unit),
            given => given,
        };
        // As the engine divides the partition: places in the index have 22 bits, those in a
        // segment 16.
        let mut align = if unit == 0 { 1 } else { unit };
        while align < 1 << 16
            && (over(shape.size, align) >= 1 << 22 || over(segment, align) > 0xFFFF)
        {
            align = align.saturating_mul(2);
        }
        let mut block = match segment {
            0..4096 => 64,
            4096..16384 => 128,
            _ => 256,
        };
        let most = align.saturating_mul(128);
        if block > most {
            block = most;
        }
        if block < align {
            block = align;
        }
        let reads = shape.read_size.saturating_mul(4);
        let beside = if reads > 64 { reads } else { 64 };
        let mut window = engine::WINDOW;
        let wanted = block.saturating_add(beside) as usize;
        if window < wanted {
            window = wanted;
        }
        Self {
            segments: over(shape.size, segment) as usize,
            slots: slots(keys),
            block: block as usize,
            window,
        }
    }
}

/// `value / by`, without a division that can panic.
const fn over(value: u32, by: u32) -> u32 {
    match value.checked_div(by) {
        Some(quotient) => quotient,
        None => 0,
    }
}

/// The size of segments that a store chooses: sectors, at least 16 program units and 256 bytes, and
/// so large that a list of all segments takes at most one part in 64.
const fn segment_size(size: u32, sector_size: u32, unit: u32) -> u32 {
    let sector = if sector_size < 256 { 256 } else { sector_size };
    let least = unit.saturating_mul(16);
    let mut segment = match least.checked_next_multiple_of(sector) {
        Some(size) if size > sector => size,
        _ => sector,
    };
    while over(size, segment).div_ceil(8) > segment / 64 {
        segment = segment.saturating_mul(2);
    }
    segment
}
