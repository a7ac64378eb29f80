//! The read buffer: what was read last of the flash, in two windows.
//!
//! Records that are read one after the other have the large one. A single record looked up on the
//! way goes to the small one, so that what is to be read next stays.
//!
//! Invariant: knows nothing of flash; whoever changes flash says so with [`Windows::forget_range`].
#![forbid(unsafe_code)]

use super::{
    bytes::{copy, divide_mut},
    layout::remainder,
};

/// Bytes of the small window, where the smallest read of the flash is not larger.
pub(crate) const SMALL: u32 = 64;
/// A buffer that is not larger is one window.
const LARGE_MIN: u32 = 128;
/// No address.
const NOTHING: u32 = u32::MAX;

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

/// Where bytes are read to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    which: Which,
    /// In the buffer.
    pub(crate) at: u32,
    pub(crate) address: u32,
    pub(crate) count: u32,
}

/// Both windows, and behind them what is set aside.
#[derive(Debug)]
pub(crate) struct Windows<'m> {
    buffer: &'m mut [u8],
    /// At most 256.
    read_size: u16,
    /// Bytes at the end that are used for something else: at most a block.
    aside: u16,
    /// From this address on what the large window holds stays, where that can be; or [`NOTHING`]:
    /// an `Option` would be larger.
    keep: u32,
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
            read_size: read_size as u16,
            aside: 0,
            keep: NOTHING,
            large: Held::default(),
            small: Held::default(),
            large_size: 0,
            has_small: false,
        };
        windows.divide();
        windows
    }

    fn divide(&mut self) {
        let left = (self.buffer.len() as u32).saturating_sub(self.aside.into());
        let unit = u32::from(self.read_size);
        let usable = left - remainder(left, unit);
        let fits = usable >= LARGE_MIN + SMALL && remainder(SMALL, unit) == 0;
        self.has_small = fits;
        self.large_size = if fits { usable - SMALL } else { usable };
    }

    /// Bytes of the large window.
    pub(crate) fn large_size(&self) -> u32 {
        self.large_size
    }

    /// From `address` on, what is held of records read one after the other stays when more of them
    /// are read: somebody looks back. `None`: nobody does.
    pub(crate) fn keep_from(&mut self, address: Option<u32>) {
        self.keep = address.unwrap_or(NOTHING);
    }

    /// The room for a read of `count` bytes at `address`, of which `len` are needed.
    pub(crate) fn room(&mut self, address: u32, count: u32, len: u32) -> Room {
        if self.has_small && count <= SMALL && self.large.len > 0 {
            return Room {
                which: Which::Small,
                at: self.large_size,
                address,
                count,
            };
        }
        if let Some(room) = self.room_behind(address, count, len) {
            return room;
        }
        Room {
            which: Which::Large,
            at: 0,
            address,
            count: count.min(self.large_size),
        }
    }

    /// The same behind what stays of the large window, which goes to its front.
    fn room_behind(&mut self, address: u32, count: u32, len: u32) -> Option<Room> {
        let held = self.large;
        let keep = self.keep & !(u32::from(self.read_size) - 1);
        let passed = keep.checked_sub(held.at)?;
        let kept = held.len.checked_sub(passed)?;
        let behind = held.at + held.len;
        // A quarter at least is for what is read, so that there are few reads.
        let follows = (keep..=behind).contains(&address) && kept <= self.large_size / 4 * 3;
        if !follows || address + len > keep + self.large_size {
            return None;
        }
        // In pieces that lie apart.
        let mut at = 0;
        while passed > 0 && at < kept {
            let (_, rest) = divide_mut(self.buffer, at as usize);
            let (to, from) = divide_mut(rest, passed as usize);
            copy(to, from);
            at += passed;
        }
        self.large = Held {
            at: keep,
            len: kept,
        };
        Some(Room {
            which: Which::Large,
            at: kept,
            address: behind,
            count: (address + count)
                .saturating_sub(behind)
                .min(self.large_size - kept),
        })
    }

    /// The bytes of `room`: what is read into them is held from now on.
    pub(crate) fn fill(&mut self, room: &Room) -> &mut [u8] {
        match room.which {
            Which::Large => {
                self.large = Held {
                    at: room.address - room.at,
                    len: room.at + room.count,
                };
            }
            Which::Small => {
                self.small = Held {
                    at: room.address,
                    len: room.count,
                };
            }
        }
        self.buffer
            .get_mut(room.at as usize..(room.at + room.count) as usize)
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
        self.aside = len as u16;
        self.divide();
    }

    /// The windows, and the bytes set aside.
    pub(crate) fn split_aside(&mut self) -> (&mut [u8], &mut [u8]) {
        let at = self.buffer.len().saturating_sub(self.aside.into());
        divide_mut(self.buffer, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `count` bytes at `address`, of which `len` are needed: each byte its address.
    fn read(windows: &mut Windows<'_>, address: u32, count: u32, len: u32) -> Room {
        let room = windows.room(address, count, len);
        for (at, byte) in (room.address..).zip(windows.fill(&room)) {
            *byte = at as u8;
        }
        room
    }

    /// Whether these bytes are held, and are those that were read.
    fn holds(windows: &Windows<'_>, address: u32, len: u32) -> bool {
        let found = windows.find(address, len);
        found.is_some_and(|bytes| (address..).zip(bytes).all(|(at, byte)| at as u8 == *byte))
    }

    #[test]
    fn a_small_read_leaves_the_large_window() {
        let mut buffer = [0; 320];
        let mut windows = Windows::new(&mut buffer, 1);
        let room = read(&mut windows, 1000, 1000, 9);
        assert_eq!((room.which, room.at, room.count), (Which::Large, 0, 256));
        let room = read(&mut windows, 5000, 64, 64);
        assert_eq!((room.which, room.at, room.count), (Which::Small, 256, 64));
        assert!(holds(&windows, 1200, 56) && holds(&windows, 5060, 4));
        assert_eq!(windows.held_from(1200), 56);
        assert_eq!(windows.held_from(999), 0);
        assert_eq!(windows.held_from(5060), 4);
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
    fn the_first_read_goes_to_the_large_window() {
        let mut buffer = [0; 320];
        let mut windows = Windows::new(&mut buffer, 1);
        assert_eq!(windows.room(9, 40, 40).which, Which::Large);
    }

    #[test]
    fn what_somebody_looks_back_at_stays() {
        let mut buffer = [0; 320];
        let mut windows = Windows::new(&mut buffer, 4);
        read(&mut windows, 1000, 1000, 12);
        windows.keep_from(Some(1147));
        // From a unit on: 1144 to 1256 stay, and what is not held yet is read behind them.
        let room = read(&mut windows, 1240, 1000, 60);
        assert_eq!((room.at, room.address, room.count), (112, 1256, 144));
        assert!(holds(&windows, 1144, 256) && windows.find(1143, 1).is_none());
        // Again, and no more than is asked for.
        windows.keep_from(Some(1300));
        let room = read(&mut windows, 1400, 80, 80);
        assert_eq!((room.at, room.address, room.count), (100, 1400, 80));
        assert!(holds(&windows, 1300, 180) && windows.find(1300, 181).is_none());
        // Nobody looks back any more.
        windows.keep_from(None);
        assert_eq!(read(&mut windows, 1480, 1000, 60).at, 0);
        assert!(holds(&windows, 1480, 256) && windows.find(1476, 4).is_none());
    }

    #[test]
    fn what_cannot_stay_does_not() {
        for (keep, address, len) in [
            // More than three quarters; what is needed has no room; a gap; before what is held;
            // what was held is not any more.
            (1060, 1256, 60),
            (1100, 1200, 200),
            (1200, 1260, 60),
            (996, 1256, 60),
            (1200, 1100, 60),
            (0, 1256, 60),
            (2000, 1256, 60),
        ] {
            let mut buffer = [0; 320];
            let mut windows = Windows::new(&mut buffer, 4);
            read(&mut windows, 1000, 1000, 12);
            windows.keep_from(Some(keep));
            let room = read(&mut windows, address, 1000, len);
            assert_eq!((room.at, room.address), (0, address), "{keep}");
            assert!(holds(&windows, address, 256));
        }
        let mut buffer = [0; 320];
        let mut windows = Windows::new(&mut buffer, 4);
        read(&mut windows, 1000, 1000, 12);
        windows.forget_range(1250, 4);
        windows.keep_from(Some(1200));
        assert_eq!(read(&mut windows, 1256, 1000, 60).at, 0);
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
        assert_eq!(windows.room(8, 64, 64).which, Which::Large);
    }
}
