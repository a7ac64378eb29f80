//! Choices, flags and facts of values, as programs in Rust see them.
//!
//! Invariant: plain data; the numbers of flags are those of the format.
#![forbid(unsafe_code)]

use core::ops::BitOr;

use crate::{engine, error::Error};

/// How to open a store. The default is the sensible choice, but never formats.
///
/// ```
/// use nvkv::Config;
///
/// let config = Config::new().format_if_unrecognised().segment_size(8192);
/// # let _ = config;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Config {
    pub(super) engine: engine::Config,
}

impl Config {
    /// No formatting, segments of the size of a sector, what is written is read back, and reading
    /// a damaged value is an error.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            engine: engine::Config {
                segment_size: 0,
                format_if_unrecognised: false,
                previous_on_damage: false,
                skip_verify: false,
                tidy_always: false,
            },
        }
    }

    /// Makes a store of a partition that holds nothing which any version of nvkv or of Mbed's
    /// stores would recognise as its own. Without it, that is [`Error::Unformatted`].
    #[must_use]
    pub const fn format_if_unrecognised(mut self) -> Self {
        self.engine.format_if_unrecognised = true;
        self
    }

    /// Bytes of a segment, which is what is erased and collected at a time: a multiple of the
    /// sector size. 0, the default: the sector size, but at least 16 program units and 256 bytes.
    /// A partition keeps the segment size that it was formatted with.
    #[must_use]
    pub const fn segment_size(mut self, bytes: u32) -> Self {
        self.engine.segment_size = bytes;
        self
    }

    /// Reading a damaged value returns the one that its key had before, where that is still
    /// there. [`Stats::damaged_records`](crate::store::Stats::damaged_records) counts such reads.
    #[must_use]
    pub const fn previous_on_damage(mut self) -> Self {
        self.engine.previous_on_damage = true;
        self
    }

    /// Does not read back what was programmed. For memories that verify by themselves: a write is
    /// faster, and a cell that did not take is found only when read.
    #[must_use]
    pub const fn skip_verify(mut self) -> Self {
        self.engine.skip_verify = true;
        self
    }
}

/// What was asked for a value when it was set. Combine them with `|`.
///
/// ```
/// use nvkv::Flags;
///
/// let flags = Flags::WRITE_ONCE | Flags::CONFIDENTIAL;
/// assert!(flags.contains(Flags::WRITE_ONCE));
/// assert!(!Flags::NONE.contains(Flags::WRITE_ONCE));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Flags(u8);

impl Flags {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// The key can never be set again or removed; only a reset of the store ends it.
    pub const WRITE_ONCE: Self = Self(1);
    /// The value is a secret. Kept with it and returned by `info`; nothing is encrypted.
    pub const CONFIDENTIAL: Self = Self(2);
    /// An older value must not come back. Kept with it and returned by `info`; who puts back an
    /// older image of the whole flash is not stopped.
    pub const REPLAY_PROTECTED: Self = Self(8);

    /// The bits, as they are on flash and in Mbed's API.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Flags from their bits.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there are others than those above.
    pub const fn from_bits(bits: u8) -> Result<Self, Error> {
        if bits & !(1 | 2 | 8) == 0 {
            Ok(Self(bits))
        } else {
            Err(Error::InvalidArgument)
        }
    }

    /// Whether all of `other` are among these.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Size and flags of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Info {
    /// Bytes of the value.
    pub size: u32,
    /// What was asked for it when it was set.
    pub flags: Flags,
}

impl From<engine::Info> for Info {
    fn from(info: engine::Info) -> Self {
        Self {
            size: info.size,
            flags: Flags(info.flags),
        }
    }
}
