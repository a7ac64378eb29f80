//! What goes in and out of a store: lent memory, choices, figures.
//!
//! Invariant: plain data.
#![forbid(unsafe_code)]

use super::Segment;
#[cfg(doc)]
use super::{Engine, requirements, table_slots};
#[cfg(doc)]
use crate::Error;

/// The memory lent to a store. [`requirements`] and [`table_slots`] say how much.
#[derive(Debug)]
pub struct Memory<'m> {
    /// The index: 4 bytes a slot; at least `table_slots(0)`.
    pub table: &'m mut [u32],
    /// One entry a segment.
    pub segments: &'m mut [Segment],
    /// Write buffer, aligned to `max(4, min(program unit, 32))`.
    pub block: &'m mut [u8],
    /// Read buffer, aligned like `block`.
    pub window: &'m mut [u8],
}

/// Choices of the caller.
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    /// Bytes of a segment; 0 chooses the largest sector, and at least 16 program units.
    pub segment_size: u32,
    /// Format a partition that holds nothing recognisable; see [`Error::Unformatted`].
    pub format_if_unrecognised: bool,
    /// When the newest value of a key is damaged, return the one before it where it is still there.
    pub previous_on_damage: bool,
    /// Do not read back what was programmed and erased.
    pub skip_verify: bool,
    /// Collect the segment with the least live, where that is little, however few segments are in
    /// use: not only where there are so many that a mount takes long.
    pub tidy_always: bool,
}

/// Size and flags of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Info {
    /// Bytes of the value.
    pub size: u32,
    /// The flags given when it was set (1 write-once, 2 confidential, 8 replay protected).
    pub flags: u8,
}

/// Counters and sizes. Bytes unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys that exist.
    pub keys: u32,
    /// Bytes of records that are needed, overhead and needed tombstones included, as they count for
    /// what still fits (`docs/format.md` section 7).
    pub live_bytes: u32,
    /// Bytes of superseded records.
    pub dead_bytes: u32,
    /// Bytes not programmed yet.
    pub free_bytes: u32,
    /// The largest value that a new key of 16 bytes could get now.
    pub largest_value: u32,
    /// Segments of the partition.
    pub segments: u32,
    /// Segments free, erased or not.
    pub segments_free: u32,
    /// Segments set aside because they cannot be erased or programmed.
    pub segments_bad: u32,
    /// Lowest erase count of a segment.
    pub erase_min: u32,
    /// Highest erase count of a segment.
    pub erase_max: u32,
    /// Torn or void records skipped since the mount.
    pub recovered_records: u32,
    /// Segments that the last mount dropped because what they were opened for was not completed.
    pub recovered_segments: u32,
    /// Reads since the mount that found a damaged record.
    pub damaged_records: u32,
    /// Programs and erases that failed since the mount.
    pub flash_errors: u32,
}

/// What [`Engine::check`] found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Records whose check holds.
    pub records_good: u32,
    /// Newest records of their keys whose check fails: these values are lost.
    pub records_damaged: u32,
    /// Places where a record could not be followed and reading resumed at the next block. Each
    /// power cut in a write leaves one until its segment is collected.
    pub gaps: u32,
}

/// What a store on a partition needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirements {
    /// Entries of [`Memory::segments`].
    pub segments: u32,
    /// Bytes of [`Memory::block`].
    pub block: u32,
    /// Bytes of [`Memory::window`].
    pub window: u32,
    /// Bytes of a segment.
    pub segment_size: u32,
}
