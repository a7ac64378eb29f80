//! Opening a store over a flash driver of the Rust ecosystem.
//!
//! Invariant: what a driver is like is known in `flash/nor.rs` alone.
#![forbid(unsafe_code)]

use core::ops::Range;

use embedded_storage::nor_flash::NorFlash;

use super::{Config, Sizes, Store};
use crate::{
    engine,
    error::Error,
    flash::{Shape, nor::Nor},
};

/// A store over a flash driver: what [`Store::open`] returns.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
/// # type Driver = Ram<1, 4, 4096>;
/// struct Settings {
///     store: nvkv::NorStore<'static, Driver>,
/// }
/// # fn main() {}
/// ```
pub type NorStore<'m, F> = Store<'m, Nor<F>>;

impl<'m, F: NorFlash> Store<'m, Nor<F>> {
    /// Opens the store on a whole flash, such as the partition that a driver gave. Writes nothing,
    /// unless it formats. To keep the driver, lend it: `&mut driver` is a driver, too.
    ///
    /// # Errors
    /// As [`Store::mount`] and [`Nor::new`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
    /// use nvkv::{Config, Memory, Store};
    ///
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let driver = Ram::<1, 4, 4096>::new(16);
    /// let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
    /// let config = Config::new().format_if_unrecognised();
    /// let mut store = Store::open(driver, &mut memory, config)?;
    /// store.set("name", "left")?;
    /// let driver = store.free();
    /// # let _ = driver;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(
        flash: F,
        memory: impl Into<engine::Memory<'m>>,
        config: Config,
    ) -> Result<Self, Error> {
        Self::mount(Nor::new(flash)?, memory, config)
    }

    /// Opens the store on a part of a flash. Nothing outside is ever touched.
    ///
    /// # Errors
    /// As [`Store::mount`] and [`Nor::range`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
    /// use nvkv::{Config, Memory, Store};
    ///
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let driver = Ram::<1, 4, 4096>::new(256);
    /// let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
    /// let config = Config::new().format_if_unrecognised();
    /// let store = Store::open_range(driver, 0xF_0000..0x10_0000, &mut memory, config)?;
    /// # let _ = store;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_range(
        flash: F,
        range: Range<u32>,
        memory: impl Into<engine::Memory<'m>>,
        config: Config,
    ) -> Result<Self, Error> {
        Self::mount(Nor::range(flash, range)?, memory, config)
    }

    /// Closes the store and gives the driver back.
    pub fn free(self) -> F {
        self.into_flash().free()
    }
}

impl Sizes {
    /// The sizes for a partition of `bytes` bytes of a flash with this driver, and an index for
    /// `keys` keys, with the segment size that a store chooses by itself.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
    /// use nvkv::Sizes;
    ///
    /// # type Driver = Ram<1, 4, 4096>;
    /// const SIZES: Sizes = Sizes::of::<Driver>(64 * 1024, 100);
    /// # fn main() {
    /// assert_eq!(SIZES.segments, 16);
    /// # }
    /// ```
    #[must_use]
    pub const fn of<F: NorFlash>(bytes: u32, keys: usize) -> Self {
        let shape = Shape {
            size: bytes,
            read_size: narrow(F::READ_SIZE),
            program_size: narrow(F::WRITE_SIZE),
            erased_byte: Some(0xFF),
            needs_erase: true,
        };
        Self::new(&shape, narrow(F::ERASE_SIZE), &Config::new(), keys)
    }
}

/// A constant of a driver; one that is too large for a store is found when it is opened.
#[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
const fn narrow(size: usize) -> u32 {
    if size > 1 << 31 {
        return 1 << 31;
    }
    size as u32
}

/// The type of the [`Memory`](crate::Memory) that a store wants: for this driver, a partition of
/// so many bytes, and an index for so many keys. The driver must be a type without parameters that
/// are not known.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
/// # type Driver = Ram<1, 4, 4096>;
/// type Memory = nvkv::memory_for!(Driver, 64 * 1024, 100);
///
/// # fn main() -> Result<(), nvkv::Error> {
/// # let driver = Driver::new(16);
/// let mut memory = Memory::new();
/// let config = nvkv::Config::new().format_if_unrecognised();
/// let store = nvkv::Store::open(driver, &mut memory, config)?;
/// # let _ = store;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! memory_for {
    ($driver:ty, $bytes:expr, $keys:expr) => {
        $crate::store::Memory<
            { $crate::store::Sizes::of::<$driver>($bytes, $keys).segments },
            { $crate::store::Sizes::of::<$driver>($bytes, $keys).slots },
            { $crate::store::Sizes::of::<$driver>($bytes, $keys).block },
            { $crate::store::Sizes::of::<$driver>($bytes, $keys).window },
        >
    };
}
