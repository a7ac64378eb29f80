//! The store as programs in Rust use it: what is open is borrowed, what is begun ends when it is
//! dropped, what is not there is `None`.
//!
//! | file | what it owns |
//! |---|---|
//! | `reader` | a store that is only read |
//! | `writer` | values stored in pieces |
//! | `keys` | iteration |
//! | `config`, `memory` | choices, flags, lent memory |
//! | `nor` | opening over a flash driver (feature `embedded-storage`) |
//!
//! Invariant: no decision about stored data is taken here.
#![forbid(unsafe_code)]

mod config;
mod keys;
mod memory;
#[cfg(feature = "embedded-storage")]
mod nor;
mod reader;
mod writer;

use core::ops::{Deref, DerefMut};

pub use config::{Config, Flags, Info};
pub use keys::{Keys, Listed};
pub use memory::{Memory, Sizes, slots};
#[cfg(feature = "embedded-storage")]
pub use nor::NorStore;
pub use reader::Reader;
pub use writer::Writer;

pub use crate::engine::{CheckReport, Stats};
use crate::{
    engine::{self, Engine},
    error::Error,
    flash::Flash,
};

/// An open store.
///
/// Keys are 1 to 1024 bytes, text or not; values up to 4 MiB, or what fits. A key with a NUL byte
/// cannot be reached from C. Where a method takes a key, `"text"`, `b"bytes"` and `&key` all serve.
///
/// | to | there is |
/// |---|---|
/// | open | `Store::open`, `Store::open_range` over a driver, [`mount`] over any [`Flash`] |
/// | write | [`set`], [`set_with`], [`remove`], [`writer`], [`reset`], [`set_reserved_data`] |
/// | read | [`get`], [`get_array`], [`get_at`], [`info`], [`exists`], [`reserved_data`] |
/// | list | [`keys`], [`for_each_key`] |
/// | look after | [`maintain`], [`check`], [`stats`] |
///
/// [`mount`]: Store::mount
/// [`set`]: Store::set
/// [`set_with`]: Store::set_with
/// [`remove`]: Store::remove
/// [`writer`]: Store::writer
/// [`reset`]: Store::reset
/// [`set_reserved_data`]: Store::set_reserved_data
/// [`get`]: Reader::get
/// [`get_array`]: Reader::get_array
/// [`get_at`]: Reader::get_at
/// [`info`]: Reader::info
/// [`exists`]: Reader::exists
/// [`reserved_data`]: Reader::reserved_data
/// [`keys`]: Store::keys
/// [`for_each_key`]: Store::for_each_key
/// [`maintain`]: Store::maintain
/// [`check`]: Reader::check
/// [`stats`]: Reader::stats
///
/// Whatever returned `Ok` is on flash and survives the loss of power at any moment. A write that
/// power ends, or that returns [`Error::WriteFailed`] or [`Error::ReadFailed`], leaves the old
/// value or the new one, whole. There is nothing to flush: a store may be dropped at any time.
///
/// Calls block for as long as the flash takes, an erase included. To share a store between threads
/// or tasks, put it in a mutex.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
/// # fn main() -> Result<(), nvkv::Error> {
/// # let (mut chip, mut memory) = lent();
/// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
/// store.set("wifi/ssid", "harbour")?;
/// store.set("boots", 7_u32.to_le_bytes())?;
///
/// let mut buffer = [0; 32];
/// assert_eq!(store.get("wifi/ssid", &mut buffer)?, Some(&b"harbour"[..]));
/// assert_eq!(store.get_array("boots")?.map(u32::from_le_bytes), Some(7));
/// assert_eq!(store.get("wifi/key", &mut buffer)?, None);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Store<'m, F: Flash> {
    reader: Reader<'m, F>,
}

impl<'m, F: Flash> Deref for Store<'m, F> {
    type Target = Reader<'m, F>;

    fn deref(&self) -> &Reader<'m, F> {
        &self.reader
    }
}

impl<'m, F: Flash> DerefMut for Store<'m, F> {
    fn deref_mut(&mut self) -> &mut Reader<'m, F> {
        &mut self.reader
    }
}

impl<'m, F: Flash> Store<'m, F> {
    /// Opens the store on any [`Flash`]. Writes nothing, unless it formats: what a power cut left
    /// is skipped, and set right by the first write.
    ///
    /// `memory` is a `&mut` [`Memory`], or slices of your own ([`engine::Memory`]). To have the
    /// flash back when this fails, lend it: `&mut flash` is a [`Flash`], too.
    ///
    /// # Errors
    /// [`Error::Unformatted`] when there is no store and the configuration does not ask for one, or
    /// when there is something of an older store that must not be lost;
    /// [`Error::UnsupportedVersion`] and [`Error::GeometryMismatch`] when it was written by a newer
    /// version, or with another segment size or program unit. Nothing was changed, then.
    /// [`Error::OutOfMemory`] when the memory is too small, [`Error::InvalidArgument`] when the
    /// partition has fewer than two segments or units that no store can have,
    /// [`Error::ReadFailed`]; when it formats [`Error::WriteFailed`], too.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// use nvkv::{Config, Error, Memory, Store};
    ///
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let mut chip = Chip::new();
    /// let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
    /// let result = Store::mount(&mut chip, &mut memory, Config::new());
    /// assert_eq!(result.err(), Some(Error::Unformatted));
    ///
    /// let config = Config::new().format_if_unrecognised();
    /// let mut store = Store::mount(&mut chip, &mut memory, config)?;
    /// store.set("name", "left")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn mount(
        flash: F,
        memory: impl Into<engine::Memory<'m>>,
        config: Config,
    ) -> Result<Self, Error> {
        let engine = Engine::mount(flash, memory.into(), &config.engine)?;
        Ok(Self {
            reader: Reader { engine },
        })
    }

    /// Makes an empty store of the partition, whatever it held, and opens it. Write-once keys and
    /// reserved data are gone, too. To empty a store that is open there is [`Store::reset`].
    ///
    /// When power fails meanwhile, a partition that held a store holds all of it or an empty one;
    /// any other an empty store, or none that opens: format again.
    ///
    /// # Errors
    /// As [`Store::mount`] for memory, arguments and reading; [`Error::WriteFailed`] when fewer
    /// than two segments can be erased.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # use nvkv::{Config, Memory, Store};
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// let mut store = Store::format(&mut chip, &mut memory, Config::new())?;
    /// assert_eq!(store.stats()?.keys, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn format(
        mut flash: F,
        memory: impl Into<engine::Memory<'m>>,
        config: Config,
    ) -> Result<Self, Error> {
        let memory = memory.into();
        let lent = engine::Memory {
            table: &mut *memory.table,
            segments: &mut *memory.segments,
            block: &mut *memory.block,
            window: &mut *memory.window,
        };
        Engine::format(&mut flash, lent, &config.engine)?;
        Self::mount(flash, memory, config)
    }

    /// Stores `value` under `key`, in place of what it had. When power fails meanwhile, the key has
    /// its old value or this one.
    ///
    /// # Errors
    /// * [`Error::InvalidArgument`]: the key is empty, or longer than 1024 bytes
    /// * [`Error::WriteProtected`]: the key was stored write-once
    /// * [`Error::Full`]: there is no room now; nothing was written
    /// * [`Error::TooLarge`]: there never is, whatever is removed; or too few sectors are left
    /// * [`Error::ReadFailed`], [`Error::WriteFailed`]: the flash failed, and there was no other
    ///   place to write to
    /// * [`Error::ReadOnly`]: too many sectors failed; the store can only be read
    /// * [`Error::Damaged`]: a damaged record stands in the way of collection
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// store.set("offset", (-12_i32).to_le_bytes())?;
    /// store.set([0x01, 0x80], [1, 2, 3])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set(&mut self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<(), Error> {
        self.set_with(key, value, Flags::NONE)
    }

    /// As [`Store::set`], with flags.
    ///
    /// # Errors
    /// As [`Store::set`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// use nvkv::{Error, Flags};
    ///
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set_with("serial", "A-1017", Flags::WRITE_ONCE)?;
    /// assert_eq!(store.set("serial", "B"), Err(Error::WriteProtected));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_with(
        &mut self,
        key: impl AsRef<[u8]>,
        value: impl AsRef<[u8]>,
        flags: Flags,
    ) -> Result<(), Error> {
        let (key, value) = (key.as_ref(), value.as_ref());
        self.writing().set(key, value, flags.bits())
    }

    /// Removes `key`; `false` when there is none. Works in a full store. When power fails
    /// meanwhile, the key has its value or is gone.
    ///
    /// # Errors
    /// As [`Store::set`], [`Error::Full`] and [`Error::TooLarge`] excepted.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("draft", "hello")?;
    /// assert!(store.remove("draft")?);
    /// assert!(!store.remove("draft")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        let removed = self.writing().remove(key.as_ref());
        Ok(reader::found(removed)?.is_some())
    }

    /// Removes everything, write-once keys and reserved data, too. When power fails meanwhile,
    /// everything is there or nothing.
    ///
    /// # Errors
    /// [`Error::ReadFailed`], [`Error::WriteFailed`], [`Error::ReadOnly`] as [`Store::set`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set_with("serial", "A-1017", nvkv::Flags::WRITE_ONCE)?;
    /// store.reset()?;
    /// assert!(!store.exists("serial")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&mut self) -> Result<(), Error> {
        self.writing().reset()
    }

    /// Starts a value of exactly `size` bytes that is given in pieces, such as one larger than the
    /// RAM. Until [`Writer::finish`] the key keeps its old value; a writer that is dropped leaves
    /// it as it is.
    ///
    /// # Errors
    /// As [`Store::set`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let mut writer = store.writer("certificate", 300)?;
    /// for _ in 0..3 {
    ///     writer.write(&[0x30; 100])?; // as it comes in
    /// }
    /// writer.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn writer(&mut self, key: impl AsRef<[u8]>, size: u32) -> Result<Writer<'_, 'm, F>, Error> {
        self.writer_with(key, size, Flags::NONE)
    }

    /// As [`Store::writer`], with flags.
    ///
    /// # Errors
    /// As [`Store::set`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let mut writer = store.writer_with("key", 4, nvkv::Flags::CONFIDENTIAL)?;
    /// writer.write(&[1, 2, 3, 4])?;
    /// writer.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn writer_with(
        &mut self,
        key: impl AsRef<[u8]>,
        size: u32,
        flags: Flags,
    ) -> Result<Writer<'_, 'm, F>, Error> {
        self.writing().set_start(key.as_ref(), size, flags.bits())?;
        Ok(Writer::new(&mut self.reader, size))
    }

    /// The keys that begin with `prefix`; `""` is all of them. See [`Keys`].
    ///
    /// # Errors
    /// [`Error::OutOfResources`] when 16 iterations are under way, one within the other, or their
    /// prefixes have more than 256 bytes together.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// # store.set("log/1", "a")?;
    /// # store.set("log/2", "b")?;
    /// let mut name = [0; 64];
    /// let mut keys = store.keys("log/")?;
    /// while let Some(key) = keys.next(&mut name)? {
    ///     keys.store().remove(key)?;
    /// }
    /// # drop(keys);
    /// # assert_eq!(store.stats()?.keys, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn keys(&mut self, prefix: impl AsRef<[u8]>) -> Result<Keys<'_, Self>, Error> {
        Keys::open(self, prefix.as_ref())
    }

    /// Calls `each` with the store and each key that begins with `prefix`. `name` has room for the
    /// longest of them. An error of `each` ends it.
    ///
    /// # Errors
    /// As [`Store::keys`] and [`Keys::next`], and what `each` returns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// # store.set("limit/a", 70_u32.to_le_bytes())?;
    /// # store.set("limit/b", 30_u32.to_le_bytes())?;
    /// let mut sum = 0;
    /// store.for_each_key("limit/", &mut [0; 64], |store, key| {
    ///     sum += store.get_array(key)?.map_or(0, u32::from_le_bytes);
    ///     Ok::<(), nvkv::Error>(())
    /// })?;
    /// # assert_eq!(sum, 100);
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_each_key<E: From<Error>>(
        &mut self,
        prefix: impl AsRef<[u8]>,
        name: &mut [u8],
        each: impl FnMut(&mut Self, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.keys(prefix)?.for_each(name, each)
    }

    /// Stores up to 64 bytes of reserved data (Mbed's slot for the root of trust), once: only a
    /// reset clears them.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when they are longer; [`Error::ReservedDataExists`]; others as
    /// [`Store::set`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set_reserved_data(&[0xC0; 16])?;
    /// let mut buffer = [0; 64];
    /// assert_eq!(store.reserved_data(&mut buffer)?, Some(&[0xC0; 16][..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_reserved_data(&mut self, data: &[u8]) -> Result<(), Error> {
        self.writing().reserved_data_set(data)
    }

    /// Collects ahead of need, so that no [`set`](Store::set) has to wait for an erase: call it in
    /// idle time. Does at most `steps` steps, each at most one erase or one block copied, and
    /// returns how many; fewer mean that nothing is left to do now. The first after a start can be
    /// more: it settles what a power cut may have left.
    ///
    /// # Errors
    /// [`Error::ReadFailed`], [`Error::WriteFailed`], [`Error::ReadOnly`], [`Error::Damaged`] as
    /// [`Store::set`]. Nothing changes for any key.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let is_done = store.maintain(4)? < 4;
    /// # let _ = is_done;
    /// # Ok(())
    /// # }
    /// ```
    pub fn maintain(&mut self, steps: u32) -> Result<u32, Error> {
        self.writing().maintain(steps)
    }

    /// Closes the store and gives the flash back.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (chip, mut memory) = lent();
    /// let store = nvkv::Store::mount(chip, &mut memory, config())?;
    /// let chip = store.into_flash();
    /// # let _ = chip;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_flash(self) -> F {
        self.reader.into_flash()
    }

    /// The engine, for a call that writes. A value whose writer was leaked (`mem::forget`) is
    /// dropped here; that it could not be voided on flash does no harm, for it is not part of the
    /// store.
    fn writing(&mut self) -> &mut Engine<'m, F> {
        let engine = &mut self.reader.engine;
        if engine.is_streaming() {
            let _ = engine.set_abort();
        }
        engine
    }
}
