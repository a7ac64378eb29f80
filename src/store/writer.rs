//! Values stored in pieces.
//!
//! Invariant: a stream of the engine ends with its [`Writer`].
#![forbid(unsafe_code)]

use core::ops::{Deref, DerefMut};

use super::Reader;
use crate::{error::Error, flash::Flash};

/// A value that is stored in pieces: [`Store::writer`](super::Store::writer).
///
/// It is seen only after [`finish`](Writer::finish). A writer that is dropped before leaves the key
/// as it was, and so does the loss of power; what was written of it costs space until it is
/// collected, nothing else. Meanwhile the store can be read through the writer, but not written:
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
/// # fn main() -> Result<(), nvkv::Error> {
/// # let (mut chip, mut memory) = lent();
/// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
/// store.set("page", "old")?;
///
/// let mut buffer = [0; 8];
/// let mut writer = store.writer("page", 8)?;
/// writer.write(b"not ")?;
/// assert_eq!(writer.get("page", &mut buffer)?, Some(&b"old"[..]));
/// drop(writer);
/// assert_eq!(store.get("page", &mut buffer)?, Some(&b"old"[..]));
///
/// let mut writer = store.writer("page", 3)?;
/// writer.write(b"new")?;
/// writer.finish()?;
/// assert_eq!(store.get("page", &mut buffer)?, Some(&b"new"[..]));
/// # Ok(())
/// # }
/// ```
///
/// The store itself is borrowed until the writer ends:
///
/// ```compile_fail,E0499
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
/// # fn main() -> Result<(), nvkv::Error> {
/// # let (mut chip, mut memory) = lent();
/// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
/// let mut writer = store.writer("page", 8)?;
/// store.set("name", "left")?;
/// writer.finish()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a writer that is dropped stores nothing"]
pub struct Writer<'s, 'm, F: Flash> {
    reader: &'s mut Reader<'m, F>,
    remaining: u32,
}

impl<'s, 'm, F: Flash> Writer<'s, 'm, F> {
    pub(super) fn new(reader: &'s mut Reader<'m, F>, size: u32) -> Self {
        Self {
            reader,
            remaining: size,
        }
    }

    /// Adds the next bytes of the value.
    ///
    /// # Errors
    /// * [`Error::InvalidSize`]: these are more than [`remaining`](Writer::remaining); nothing was
    ///   taken, and the writer can go on
    /// * [`Error::ReadFailed`], [`Error::WriteFailed`], [`Error::ReadOnly`]: the flash failed. The
    ///   value is dropped, the key keeps its old one, and all further calls return
    ///   [`Error::InvalidArgument`]
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let mut writer = store.writer("page", 4)?;
    /// writer.write(b"ab")?;
    /// assert_eq!(writer.write(b"cde"), Err(nvkv::Error::InvalidSize));
    /// writer.write(b"cd")?;
    /// writer.finish()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn write(&mut self, data: &[u8]) -> Result<(), Error> {
        self.reader.engine.set_add_data(data)?;
        let added = u32::try_from(data.len()).unwrap_or(u32::MAX);
        self.remaining = self.remaining.saturating_sub(added);
        Ok(())
    }

    /// Bytes that are still to come.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let mut writer = store.writer("page", 8)?;
    /// writer.write(b"abc")?;
    /// assert_eq!(writer.remaining(), 5);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.remaining
    }

    /// Makes the value current. When power fails meanwhile, the key has its old value or this one.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when bytes are missing; [`Error::ReadFailed`],
    /// [`Error::WriteFailed`], [`Error::ReadOnly`] when the flash fails; [`Error::InvalidArgument`]
    /// after one of these in [`write`](Writer::write). The key keeps its old value; where the flash
    /// fails at the last moment, it may have the new one.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let writer = store.writer("page", 8)?;
    /// assert_eq!(writer.finish(), Err(nvkv::Error::InvalidSize));
    /// assert!(!store.exists("page")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn finish(self) -> Result<(), Error> {
        self.reader.engine.set_finalize()
    }

    /// Drops the value. Dropping the writer does the same, but does not say whether the flash
    /// failed meanwhile; that changes nothing for any key.
    ///
    /// # Errors
    /// [`Error::ReadFailed`], [`Error::WriteFailed`] when the flash failed, and
    /// [`Error::InvalidArgument`] after that in [`write`](Writer::write). The value is dropped all
    /// the same.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// let mut writer = store.writer("page", 8)?;
    /// writer.write(b"abc")?;
    /// writer.abort()?;
    /// assert!(!store.exists("page")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn abort(self) -> Result<(), Error> {
        self.reader.engine.set_abort()
    }
}

impl<'m, F: Flash> Deref for Writer<'_, 'm, F> {
    type Target = Reader<'m, F>;

    fn deref(&self) -> &Reader<'m, F> {
        self.reader
    }
}

impl<'m, F: Flash> DerefMut for Writer<'_, 'm, F> {
    fn deref_mut(&mut self) -> &mut Reader<'m, F> {
        self.reader
    }
}

impl<F: Flash> Drop for Writer<'_, '_, F> {
    fn drop(&mut self) {
        // After `finish` and `abort`, and after a failure, there is none.
        if self.reader.engine.is_streaming() {
            let _ = self.reader.engine.set_abort();
        }
    }
}
