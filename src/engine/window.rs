//! The read buffer: what was read last of the flash, in two windows.
//!
//! Records that are read one after the other have the large one. A single record looked up on the
//! way goes to the small one, so that what is to be read next stays.
//!
//! Invariant: knows nothing of flash; whoever changes flash says so with [`Windows::forget_range`].
#![forbid(unsafe_code)]

use super::{bytes::divide_mut, layout::remainder};

/// Bytes of the small window, where the smallest read of the flash is not larger.
pub(crate) const SMALL: u32 = 64;
/// A buffer that is not larger is one window.
const LARGE_MIN: u32 = 128;

/// What of the flash a window holds.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    at: u32,
    len: u32,
}

impl Held {
    fn holds(self, address: u32, end: u32) -> bool {
        address >= self.at && end <= self.at + self.len
    }
}

/// One of the two windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Large,
    Small,
}

/// Both windows, and behind them what is set aside.
#[derive(Debug)]
pub(crate) struct Windows<'m> {
    buffer: &'m mut [u8],
    read_size: u32,
    /// Bytes at the end that are used for something else.
    aside: u32,
    large: Held,
    small: Held,
    /// Bytes of either: every read asks for them.
    large_size: u32,
    has_small: bool,
}

impl<'m> Windows<'m> {
    pub(crate) fn new(buffer: &'m mut [u8], read_size: u32) -> Self {
        let usable = buffer.len() - remainder(buffer.len() as u32, read_size) as usize;
        let mut windows = Windows {
            buffer: buffer.get_mut(..usable).unwrap_or(&mut []),
            read_size,
            aside: 0,
            large: Held::default(),
            small: Held::default(),
            large_size: 0,
            has_small: false,
        };
        windows.divide();
        windows
    }

    fn divide(&mut self) {
        let left = (self.buffer.len() as u32).saturating_sub(self.aside);
        let usable = left - remainder(left, self.read_size);
        let fits = usable >= LARGE_MIN + SMALL && remainder(SMALL, self.read_size) == 0;
        self.has_small = fits;
        self.large_size = if fits { usable - SMALL } else { usable };
    }

    /// Bytes of the large window.
    pub(crate) fn large_size(&self) -> u32 {
        self.large_size
    }

    /// The window for a read of `count` bytes, and how many of them it has room for.
    pub(crate) fn choose(&self, count: u32) -> (Which, u32) {
        if self.has_small && count <= SMALL && self.large.len > 0 {
            (Which::Small, count)
        } else {
            (Which::Large, count.min(self.large_size()))
        }
    }

    /// Where `count` bytes from `address` on are to be put: they are held from now on.
    pub(crate) fn fill(&mut self, which: Which, address: u32, count: u32) -> &mut [u8] {
        let held = Held {
            at: address,
            len: count,
        };
        let from = match which {
            Which::Large => {
                self.large = held;
                0
            }
            Which::Small => {
                self.small = held;
                self.large_size() as usize
            }
        };
        self.buffer
            .get_mut(from..from + count as usize)
            .unwrap_or(&mut [])
    }

    /// The `len` bytes at `address`, where one of the windows has them.
    pub(crate) fn find(&self, address: u32, len: u32) -> Option<&[u8]> {
        let end = address.checked_add(len)?;
        let (held, start) = if self.large.holds(address, end) {
            (self.large, 0)
        } else if self.small.holds(address, end) {
            (self.small, self.large_size())
        } else {
            return None;
        };
        let from = (start + address - held.at) as usize;
        self.buffer.get(from..from + len as usize)
    }

    /// Bytes from `address` on that one of the windows has.
    pub(crate) fn held_from(&self, address: u32) -> u32 {
        let from = |held: Held| match address.checked_sub(held.at) {
            Some(at) => held.len.saturating_sub(at),
            None => 0,
        };
        from(self.large).max(from(self.small))
    }

    /// Forgets all.
    pub(crate) fn forget(&mut self) {
        self.large.len = 0;
        self.small.len = 0;
    }

    /// Forgets what a change of the `len` bytes at `address` concerns.
    pub(crate) fn forget_range(&mut self, address: u32, len: u32) {
        for held in [&mut self.large, &mut self.small] {
            let apart = address >= held.at + held.len || address + len <= held.at;
            if !apart {
                held.len = 0;
            }
        }
    }

    /// Sets `len` bytes aside, or none; forgets all.
    pub(crate) fn set_aside(&mut self, len: u32) {
        self.forget();
        self.aside = len;
        self.divide();
    }

    /// The windows, and the bytes set aside.
    pub(crate) fn split_aside(&mut self) -> (&mut [u8], &mut [u8]) {
        let at = (self.buffer.len() as u32).saturating_sub(self.aside) as usize;
        divide_mut(self.buffer, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_read_leaves_the_large_window() {
        let mut buffer = [0; 320];
        let mut windows = Windows::new(&mut buffer, 1);
        assert_eq!(windows.choose(40), (Which::Large, 40));
        windows.fill(Which::Large, 1000, 256).fill(7);
        assert_eq!(windows.choose(1000), (Which::Large, 256));
        assert_eq!(windows.choose(64), (Which::Small, 64));
        windows.fill(Which::Small, 5000, 64).fill(8);
        assert_eq!(windows.find(1200, 56), Some(&[7; 56][..]));
        assert_eq!(windows.held_from(1200), 56);
        assert_eq!(windows.held_from(999), 0);
        assert_eq!(windows.held_from(5060), 4);
        assert_eq!(windows.find(5060, 4), Some(&[8; 4][..]));
        assert_eq!(windows.find(5060, 5), None);
        windows.forget_range(1255, 10);
        assert_eq!(windows.find(1000, 1), None);
        assert!(windows.find(5000, 64).is_some());
        windows.forget_range(4990, 10);
        assert!(windows.find(5000, 64).is_some());
        windows.forget_range(4990, 11);
        assert_eq!(windows.find(5000, 64), None);
    }

    #[test]
    fn what_is_aside_is_no_window() {
        let mut buffer = [0; 325];
        let mut windows = Windows::new(&mut buffer, 4);
        assert_eq!(windows.large_size(), 324 - 64);
        windows.set_aside(64);
        assert_eq!(windows.large_size(), 260 - 64);
        let (rest, aside) = windows.split_aside();
        assert_eq!((rest.len(), aside.len()), (260, 64));
        windows.set_aside(200);
        assert_eq!(windows.large_size(), 124);
        assert_eq!(windows.choose(64), (Which::Large, 64));
    }
}
