//! How much memory a store needs, and what it makes of the memory lent.
//!
//! Invariant: decides from the shape of the flash alone.
#![forbid(unsafe_code)]

use super::{
    Config, Memory, Requirements, WINDOW, index::slots_for, layout::Layout, segments::Segment,
};
use crate::{error::Error, flash::Flash};

/// Slots of the index that hold so many keys.
#[must_use]
pub const fn table_slots(keys: u32) -> u32 {
    slots_for(keys)
}

/// What a store on `flash` needs.
///
/// # Errors
/// [`Error::InvalidArgument`] when the shape of the flash or the segment size is not possible, or
/// there are fewer than two segments or more than 65,535.
pub fn requirements<F: Flash>(flash: &F, config: &Config) -> Result<Requirements, Error> {
    let layout = Layout::new(flash, config.segment_size)?;
    if layout.segments > u32::from(u16::MAX) {
        return Err(Error::InvalidArgument);
    }
    Ok(Requirements {
        segments: layout.segments,
        block: layout.block,
        window: (WINDOW as u32)
            .max(layout.block + 64)
            .max(layout.block + 4 * flash.shape().read_size),
        segment_size: layout.segment_size,
    })
}

/// The lent memory, as much of each part as the store takes, and how its flash is divided.
#[derive(Debug)]
pub(crate) struct Parts<'m> {
    pub(super) layout: Layout,
    pub(super) table: &'m mut [u32],
    pub(super) segments: &'m mut [Segment],
    pub(super) block: &'m mut [u8],
    pub(super) window: &'m mut [u8],
}

impl<'m> Parts<'m> {
    /// # Errors
    /// As [`requirements`]; [`Error::OutOfMemory`] when the memory is less than that.
    pub(crate) fn new<F: Flash>(
        flash: &F,
        memory: Memory<'m>,
        config: &Config,
    ) -> Result<Self, Error> {
        let needs = requirements(flash, config)?;
        let layout = Layout::new(flash, config.segment_size)?;
        let Memory {
            table,
            segments,
            block,
            window,
        } = memory;
        let segments = segments
            .get_mut(..needs.segments as usize)
            .ok_or(Error::OutOfMemory)?;
        let block = block
            .get_mut(..needs.block as usize)
            .ok_or(Error::OutOfMemory)?;
        if table.len() < table_slots(0) as usize || window.len() < needs.window as usize {
            return Err(Error::OutOfMemory);
        }
        Ok(Parts {
            layout,
            table,
            segments,
            block,
            window,
        })
    }
}
