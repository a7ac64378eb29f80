//! A store that is only read.
//!
//! Invariant: calls nothing of the engine that programs or erases.
#![forbid(unsafe_code)]

use super::{Config, Info, Keys};
use crate::{
    engine::{self, CheckReport, Engine, Stats},
    error::Error,
    flash::Flash,
};

/// A store that is only read: for a bootloader, or for flash that nobody may write to. Every
/// [`Store`](super::Store) is one, too, so that a function which only reads can take a
/// `&mut Reader`.
///
/// After a power cut a reader finds what a store would find: opening and reading set nothing right
/// on flash. A value that was being written then is the old or the new one, and a later reader may
/// find the other one, until a store writes.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
/// use nvkv::{Config, Error, Reader, Store, flash::Flash};
///
/// fn channel<F: Flash>(settings: &mut Reader<'_, F>) -> Result<u8, Error> {
///     Ok(settings.get_array("channel")?.map_or(1, u8::from_le_bytes))
/// }
///
/// # fn main() -> Result<(), nvkv::Error> {
/// # let (mut chip, mut memory) = lent();
/// let mut store = Store::mount(&mut chip, &mut memory, config())?;
/// store.set("channel", [11])?;
/// assert_eq!(channel(&mut store)?, 11);
///
/// let mut reader = Reader::mount(&mut chip, &mut memory, Config::new())?;
/// assert_eq!(channel(&mut reader)?, 11);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Reader<'m, F: Flash> {
    pub(super) engine: Engine<'m, F>,
}

/// `None` for what is not there.
pub(super) fn found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

impl<'m, F: Flash> Reader<'m, F> {
    /// Opens the store on any [`Flash`] for reading only. Never writes: that the configuration asks
    /// for formatting is ignored.
    ///
    /// # Errors
    /// As [`Store::mount`](super::Store::mount), [`Error::WriteFailed`] excepted.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() {
    /// # let (mut chip, mut memory) = lent();
    /// let reader = nvkv::Reader::mount(&mut chip, &mut memory, nvkv::Config::new());
    /// assert_eq!(reader.err(), Some(nvkv::Error::Unformatted));
    /// # }
    /// ```
    pub fn mount(
        flash: F,
        memory: impl Into<engine::Memory<'m>>,
        config: Config,
    ) -> Result<Self, Error> {
        let config = engine::Config {
            format_if_unrecognised: false,
            ..config.engine
        };
        let engine = Engine::mount(flash, memory.into(), &config)?;
        Ok(Self { engine })
    }

    /// Copies the value of `key` to `buffer` and returns that part of it; `None` when the key does
    /// not exist.
    ///
    /// # Errors
    /// * [`Error::InvalidSize`]: the value is longer than the buffer. [`Reader::info`] says how
    ///   long it is, [`Reader::get_at`] reads it in pieces
    /// * [`Error::Damaged`]: what is stored fails its check; the buffer was cleared
    /// * [`Error::InvalidArgument`]: the key is empty, or longer than 1024 bytes
    /// * [`Error::ReadFailed`]: the flash failed
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// let mut buffer = [0; 16];
    /// assert_eq!(store.get("name", &mut buffer)?, Some(&b"left"[..]));
    /// assert_eq!(store.get("name", &mut [0; 3]), Err(nvkv::Error::InvalidSize));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get<'b>(
        &mut self,
        key: impl AsRef<[u8]>,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, Error> {
        let Some(size) = found(self.engine.get(key.as_ref(), 0, buffer))? else {
            return Ok(None);
        };
        buffer
            .get(..size as usize)
            .map(Some)
            .ok_or(Error::InvalidSize)
    }

    /// The value of `key` as an array of its exact size: for numbers, with `from_le_bytes`. `None`
    /// when the key does not exist.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when the value has another size; others as [`Reader::get`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let boots = store.get_array("boots")?.map_or(0, u32::from_le_bytes);
    /// store.set("boots", (boots + 1).to_le_bytes())?;
    /// # assert_eq!(store.get_array("boots")?.map(u32::from_le_bytes), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_array<const N: usize>(
        &mut self,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<[u8; N]>, Error> {
        let mut value = [0; N];
        let size = self.get(key, &mut value)?.map(<[u8]>::len);
        match size {
            None => Ok(None),
            Some(size) if size == N => Ok(Some(value)),
            Some(_) => Err(Error::InvalidSize),
        }
    }

    /// Copies the value of `key` from `offset` on: what is left of it, or as much as the buffer
    /// holds. At its end that is nothing. `None` when the key does not exist.
    ///
    /// A value that is read in pieces, one after the other, is verified with the first of them.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when `offset` is behind the end; others as [`Reader::get`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("page", "a long text")?;
    /// let (mut at, mut piece) = (0, [0; 4]);
    /// while let Some(bytes) = store.get_at("page", at, &mut piece)?.filter(|b| !b.is_empty()) {
    ///     at += bytes.len() as u32; // send them
    /// }
    /// assert_eq!(at, 11);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_at<'b>(
        &mut self,
        key: impl AsRef<[u8]>,
        offset: u32,
        buffer: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, Error> {
        let left = found(self.engine.get(key.as_ref(), offset, buffer))?;
        Ok(left.and_then(|left| buffer.get(..buffer.len().min(left as usize))))
    }

    /// Size and flags of the value of `key`; `None` when it does not exist.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::Damaged`], [`Error::ReadFailed`] as [`Reader::get`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// assert_eq!(store.info("name")?.map(|info| info.size), Some(4));
    /// # Ok(())
    /// # }
    /// ```
    pub fn info(&mut self, key: impl AsRef<[u8]>) -> Result<Option<Info>, Error> {
        let info = found(self.engine.info(key.as_ref()))?;
        Ok(info.map(Info::from))
    }

    /// Whether `key` has a value. That of a key which exists may be damaged all the same.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`], [`Error::ReadFailed`] as [`Reader::get`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// assert!(!store.exists("name")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exists(&mut self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        self.engine.exists(key.as_ref())
    }

    /// The keys that begin with `prefix`, as [`Store::keys`](super::Store::keys).
    ///
    /// # Errors
    /// As [`Store::keys`](super::Store::keys).
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # nvkv::Store::mount(&mut chip, &mut memory, config())?.set("name", "left")?;
    /// let mut reader = nvkv::Reader::mount(&mut chip, &mut memory, config())?;
    /// let (mut name, mut value) = ([0; 64], [0; 64]);
    /// let mut keys = reader.keys("")?;
    /// while let Some(key) = keys.next(&mut name)? {
    ///     let value = keys.store().get(key, &mut value)?;
    /// #   assert_eq!((key, value), (&b"name"[..], Some(&b"left"[..])));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn keys(&mut self, prefix: impl AsRef<[u8]>) -> Result<Keys<'_, Self>, Error> {
        Keys::open(self, prefix.as_ref())
    }

    /// The reserved data, copied to `buffer`; `None` when there are none. 64 bytes are enough.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when the buffer is too small; [`Error::Damaged`],
    /// [`Error::ReadFailed`] as [`Reader::get`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// assert_eq!(store.reserved_data(&mut [0; 64])?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reserved_data<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, Error> {
        let size = found(self.engine.reserved_data_get(buffer))?;
        Ok(size.and_then(|size| buffer.get(..size)))
    }

    /// Reads and verifies everything that is stored, which takes as long as reading the partition.
    /// Damage is no error here: the report counts it.
    ///
    /// # Errors
    /// [`Error::ReadFailed`].
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// assert_eq!(store.check()?.records_damaged, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn check(&mut self) -> Result<CheckReport, Error> {
        self.engine.check()
    }

    /// Figures of the store: room, wear, what was repaired. Costs no flash operation.
    ///
    /// Where the flash has failed, what was written since is counted with the next write.
    ///
    /// # Errors
    /// None now; kept for figures that would have to be read.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let room = store.stats()?.largest_value;
    /// assert!(room > 1000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stats(&mut self) -> Result<Stats, Error> {
        self.engine.stats()
    }

    /// Gives the flash back.
    pub fn into_flash(self) -> F {
        self.engine.into_flash()
    }
}
