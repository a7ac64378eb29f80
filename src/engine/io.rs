//! The flash as the engine uses it: a read window, a write block, read-back, counters of failures.
//!
//! Invariant: nothing else in the engine calls the flash.
#![forbid(unsafe_code)]

use super::{
    bytes::copy,
    layout::{HEAD_SIZE, Layout, round_up},
    window::{Room, SMALL, Windows},
};
use crate::{
    error::Error,
    flash::{Flash, Shape},
};

/// Bytes read at once when a single record is wanted: the small window.
pub(crate) const AHEAD: u32 = SMALL;
/// Bytes read at once when records are read one after the other.
pub(crate) const SCAN: u32 = u32::MAX;

/// A range of the flash that reads from RAM: what a power cut may have left reading differently at
/// every look has one content for as long as it is here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pinned {
    address: u32,
    len: u32,
    /// At the start of the write block; else aside of the windows.
    in_block: bool,
}

/// Flash, buffers and layout.
#[derive(Debug)]
pub(crate) struct Io<'m, F: Flash> {
    flash: F,
    pub(crate) shape: Shape,
    pub(crate) layout: Layout,
    windows: Windows<'m>,
    block: &'m mut [u8],
    pinned: Option<Pinned>,
    verify: bool,
    /// Programs and erases that failed or read back wrong.
    pub(crate) failures: u32,
    unsynced: bool,
}

impl<'m, F: Flash> Io<'m, F> {
    pub(crate) fn new(
        flash: F,
        layout: Layout,
        window: &'m mut [u8],
        block: &'m mut [u8],
        verify: bool,
    ) -> Self {
        let shape = flash.shape();
        Io {
            flash,
            shape,
            layout,
            windows: Windows::new(window, shape.read_size),
            block,
            pinned: None,
            verify,
            failures: 0,
            unsynced: false,
        }
    }

    pub(crate) fn into_flash(self) -> F {
        self.flash
    }

    pub(crate) fn sector_size(&self, address: u32) -> u32 {
        self.flash.sector_size(address)
    }

    /// Forgets what was read, so that the next read asks the flash.
    pub(crate) fn forget(&mut self) {
        self.windows.forget();
    }

    /// `len` bytes at `address`, reading up to `ahead` bytes where the window does not have them.
    /// `len` is at most [`Io::piece_max`].
    pub(crate) fn fetch(&mut self, address: u32, len: u32, ahead: u32) -> Result<&[u8], Error> {
        let end = address.checked_add(len).ok_or(Error::ReadFailed)?;
        if end > self.shape.size {
            return Err(Error::ReadFailed);
        }
        if self.windows.find(address, len).is_none() {
            self.load(address, len, ahead)?;
        }
        self.windows.find(address, len).ok_or(Error::ReadFailed)
    }

    /// Reads `len` bytes at `address` into a window, and up to `ahead` where it has room for them.
    #[inline(never)]
    fn load(&mut self, address: u32, len: u32, ahead: u32) -> Result<(), Error> {
        let unit = self.shape.read_size;
        let start = address & !(unit - 1);
        let wanted = |count: u32| address.saturating_add(count).saturating_sub(start);
        let rounded = wanted(len.max(ahead)).checked_add(unit - 1);
        let rest = self.shape.size - start;
        let count = rounded.map_or(rest, |end| end & !(unit - 1)).min(rest);
        let room = self.windows.room(start, count, wanted(len));
        let buffer = self.windows.fill(&room);
        if self.flash.read(room.address, buffer).is_err() {
            self.windows.forget();
            return Err(Error::ReadFailed);
        }
        self.lay_pinned_over(&room);
        Ok(())
    }

    /// From `address` on, what records read one after the other were read into stays while more of
    /// them are read, where there is room; `None`: no more.
    pub(crate) fn keep_from(&mut self, address: Option<u32>) {
        self.windows.keep_from(address);
    }

    /// Hands the bytes of a record, from `offset` of the segment at `base` on, to `each` in pieces,
    /// block heads left out. Returns the offset behind them.
    pub(crate) fn visit(
        &mut self,
        base: u32,
        mut offset: u32,
        mut count: u32,
        ahead: u32,
        mut each: impl FnMut(&[u8]),
    ) -> Result<u32, Error> {
        while count > 0 {
            each(self.piece(base, &mut offset, &mut count, ahead)?);
        }
        Ok(offset)
    }

    /// The next piece of what is visited, of `count` bytes at `offset`, which then go on behind it.
    /// Apart from [`Io::visit`], of which there is one for each that it hands pieces to.
    fn piece(
        &mut self,
        base: u32,
        offset: &mut u32,
        count: &mut u32,
        ahead: u32,
    ) -> Result<&[u8], Error> {
        let skipped = if *offset == self.layout.block_start(*offset) {
            // The byte before was the last of its block. The head is looked at later.
            HEAD_SIZE
        } else {
            0
        };
        let address = base + *offset;
        // Of a single record no more than a window still has: no byte is read twice. One of many is
        // read again as a whole, as it is looked at more than once.
        let held = self.windows.held_from(address).saturating_sub(skipped);
        let most = match held {
            1.. if ahead != SCAN => held,
            _ => self.piece_max() - skipped,
        };
        let piece = (self.layout.block_end(*offset) - *offset - skipped)
            .min(*count)
            .min(most);
        let more = self.layout.advance(*offset, *count) - *offset;
        // What is behind the segment is of no interest.
        let ahead = ahead.min(self.layout.end.saturating_sub(*offset));
        *offset += skipped + piece;
        *count -= piece;
        let found = self.fetch(address, skipped + piece, ahead.max(more))?;
        Ok(found.get(skipped as usize..).unwrap_or(&[]))
    }

    /// Reads bytes of a record into `out`; returns the offset behind them.
    pub(crate) fn read(
        &mut self,
        base: u32,
        offset: u32,
        out: &mut [u8],
        ahead: u32,
    ) -> Result<u32, Error> {
        let mut filled = 0;
        self.visit(base, offset, out.len() as u32, ahead, |piece| {
            if let Some(place) = out.get_mut(filled..filled + piece.len()) {
                copy(place, piece);
            }
            filled += piece.len();
        })
    }

    /// The longest piece that fits the window wherever it starts.
    #[inline(never)]
    fn piece_max(&self) -> u32 {
        self.windows
            .large_size()
            .saturating_sub(2 * self.shape.read_size)
            .max(1)
    }

    /// Reads `len` bytes at `address`, at most a block, once and for all: until [`Io::unpin`] they
    /// come from RAM. The write block holds them until it is needed, then a part of the window.
    pub(crate) fn pin(&mut self, address: u32, len: u32) -> Result<(), Error> {
        self.unpin();
        let mut done = 0;
        while done < len {
            let count = (len - done).min(self.piece_max());
            self.fetch(address + done, count, count)?;
            if let Some(piece) = self.windows.find(address + done, count)
                && let Some(place) = self.block.get_mut(done as usize..(done + count) as usize)
            {
                copy(place, piece);
            }
            done += count;
        }
        self.pinned = Some(Pinned {
            address,
            len,
            in_block: true,
        });
        self.forget();
        Ok(())
    }

    /// Reads come from the flash again.
    pub(crate) fn unpin(&mut self) {
        self.pinned = None;
        self.windows.set_aside(0);
    }

    /// Replaces what was read of a pinned range by what RAM has of it.
    fn lay_pinned_over(&mut self, room: &Room) {
        let Some(pinned) = self.pinned else {
            return;
        };
        let from = pinned.address.max(room.address);
        let to = (pinned.address + pinned.len).min(room.address + room.count);
        if from >= to {
            return;
        }
        let (windows, aside) = self.windows.split_aside();
        let kept = if pinned.in_block {
            &*self.block
        } else {
            &*aside
        };
        let source = (from - pinned.address) as usize..(to - pinned.address) as usize;
        let place = |address: u32| (room.at + address - room.address) as usize;
        let place = place(from)..place(to);
        if let (Some(source), Some(place)) = (kept.get(source), windows.get_mut(place)) {
            copy(place, source);
        }
    }

    /// Makes the write block free for writing.
    fn free_block(&mut self) {
        let Some(pinned) = &mut self.pinned else {
            return;
        };
        if !pinned.in_block {
            return;
        }
        pinned.in_block = false;
        let len = pinned.len;
        self.windows.set_aside(len);
        let (_, aside) = self.windows.split_aside();
        if let Some(kept) = self.block.get(..len as usize) {
            copy(aside, kept);
        }
    }

    /// Puts `bytes` into the write block at `at`.
    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) {
        self.free_block();
        if let Some(place) = self.block.get_mut(at as usize..at as usize + bytes.len()) {
            copy(place, bytes);
        }
    }

    /// Fills the write block from `from` to `to` with what costs the flash least.
    #[inline(never)]
    pub(crate) fn pad(&mut self, from: u32, to: u32) {
        self.free_block();
        if let Some(place) = self.block.get_mut(from as usize..to as usize) {
            place.fill(self.shape.erased_byte.unwrap_or(0xFF));
        }
    }

    /// Programs the first `count` bytes of the write block at `address`, and reads `used` of them
    /// back: what is behind is padding. The write block is what drivers may count on to be aligned,
    /// so data always begin at its start.
    pub(crate) fn program(&mut self, address: u32, count: u32, used: u32) -> Result<(), Error> {
        self.windows.forget_range(address, count);
        self.unsynced = true;
        let data = self.block.get(..count as usize).ok_or(Error::WriteFailed)?;
        if self.flash.program(address, data).is_err() {
            self.failures += 1;
            return Err(Error::WriteFailed);
        }
        if self.verify && !self.reads_back(address, used.min(count)) {
            self.failures += 1;
            self.forget();
            return Err(Error::WriteFailed);
        }
        Ok(())
    }

    fn reads_back(&mut self, address: u32, len: u32) -> bool {
        let step = self.piece_max();
        let mut at = 0;
        while at < len {
            let count = step.min(len - at);
            let fetch = |io: &mut Self| io.fetch(address + at, count, count).is_err();
            if fetch(self) && fetch(self) {
                return false;
            }
            let read = self.windows.find(address + at, count);
            if read != self.block.get(at as usize..(at + count) as usize) {
                return false;
            }
            at += count;
        }
        true
    }

    /// Programs small bytes of their own (a header) at `address`, padded to whole units.
    pub(crate) fn program_bytes(&mut self, address: u32, bytes: &[u8]) -> Result<(), Error> {
        let unit = self.layout.program_size;
        let len = bytes.len() as u32;
        let padded = round_up(len, unit);
        let mut done = 0;
        while done < padded {
            let count = (padded - done).min(self.block.len() as u32);
            self.pad(0, count);
            let rest = bytes.get(done as usize..).unwrap_or(&[]);
            self.put(0, rest.get(..rest.len().min(count as usize)).unwrap_or(&[]));
            self.program(address + done, count, len.saturating_sub(done))?;
            done += count;
        }
        Ok(())
    }

    /// Erases all sectors of a segment and looks whether they read as erased.
    #[inline(never)]
    pub(crate) fn erase(&mut self, segment: u16) -> Result<(), Error> {
        let start = self.layout.address(segment);
        let end = start + self.layout.segment_size;
        if !self.shape.needs_erase {
            return self.overwrite(start, end);
        }
        self.forget();
        self.unsynced = true;
        let mut address = start;
        while address < end {
            let sector = self.flash.sector_size(address);
            if sector == 0 || self.flash.erase(address, sector).is_err() {
                self.failures += 1;
                return Err(Error::WriteFailed);
            }
            address = address.saturating_add(sector);
        }
        // One read that fails says nothing of what was written: it is made again.
        let looks = |io: &mut Self| io.is_blank(start, end);
        if !self.verify || looks(self).or_else(|_| looks(self)) == Ok(true) {
            return Ok(());
        }
        self.failures += 1;
        Err(Error::WriteFailed)
    }

    /// Where nothing is erased old records would stay, and count again with an old number.
    fn overwrite(&mut self, start: u32, end: u32) -> Result<(), Error> {
        let mut address = start;
        while address < end {
            let count = self.layout.block.min(end - address);
            self.pad(0, count);
            self.program(address, count, count)?;
            address += count;
        }
        Ok(())
    }

    /// Whether everything from `start` to `end` reads as erased; so it does where what erased bytes
    /// read as is not known.
    pub(crate) fn is_blank(&mut self, start: u32, end: u32) -> Result<bool, Error> {
        let Some(erased) = self.shape.erased_byte else {
            return Ok(true);
        };
        let step = self.piece_max();
        let mut at = start;
        while at < end {
            let count = step.min(end - at);
            if self
                .fetch(at, count, count)?
                .iter()
                .any(|&byte| byte != erased)
            {
                return Ok(false);
            }
            at += count;
        }
        Ok(true)
    }

    /// Makes what was programmed since the last call last.
    #[inline(never)]
    pub(crate) fn sync(&mut self) -> Result<(), Error> {
        if self.unsynced {
            self.flash.sync().map_err(|_| Error::WriteFailed)?;
            self.unsynced = false;
        }
        Ok(())
    }
}
