//! Iteration over keys.
//!
//! Invariant: an iterator of the engine is closed when its [`Keys`] is dropped.
#![forbid(unsafe_code)]

use super::{Reader, Store, reader};
use crate::{engine::IteratorId, error::Error, flash::Flash};

mod sealed {
    use crate::{engine::IteratorId, error::Error};

    /// What an iteration asks of a store.
    pub trait Iterate {
        fn iterator_open(&mut self, prefix: &[u8]) -> Result<IteratorId, Error>;
        fn iterator_next(&mut self, id: IteratorId, key: &mut [u8]) -> Result<usize, Error>;
        fn iterator_close(&mut self, id: IteratorId) -> Result<(), Error>;
    }
}

/// What has keys: a [`Store`] or a [`Reader`], and nothing else.
pub trait Listed: sealed::Iterate {}

impl<F: Flash> Listed for Reader<'_, F> {}
impl<F: Flash> Listed for Store<'_, F> {}

impl<F: Flash> sealed::Iterate for Reader<'_, F> {
    fn iterator_open(&mut self, prefix: &[u8]) -> Result<IteratorId, Error> {
        self.engine.iterator_open(prefix)
    }
    fn iterator_next(&mut self, id: IteratorId, key: &mut [u8]) -> Result<usize, Error> {
        self.engine.iterator_next(id, key)
    }
    fn iterator_close(&mut self, id: IteratorId) -> Result<(), Error> {
        self.engine.iterator_close(id)
    }
}

impl<F: Flash> sealed::Iterate for Store<'_, F> {
    fn iterator_open(&mut self, prefix: &[u8]) -> Result<IteratorId, Error> {
        self.reader.iterator_open(prefix)
    }
    fn iterator_next(&mut self, id: IteratorId, key: &mut [u8]) -> Result<usize, Error> {
        self.reader.iterator_next(id, key)
    }
    fn iterator_close(&mut self, id: IteratorId) -> Result<(), Error> {
        self.reader.iterator_close(id)
    }
}

/// The keys of a store that begin with a prefix: [`Store::keys`], [`Reader::keys`].
///
/// Each key that exists from the start to the end of the iteration comes exactly once, whatever is
/// set, removed or collected meanwhile; a key that comes or goes meanwhile, once or not at all. The
/// order is not defined. Keys go to a buffer of the caller, so that the store can be used in
/// between, through [`Keys::store`].
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
/// # fn main() -> Result<(), nvkv::Error> {
/// # let (mut chip, mut memory) = lent();
/// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
/// store.set("sensor/1", [20])?;
/// store.set("sensor/2", [21])?;
/// store.set("name", "left")?;
///
/// let mut count = 0;
/// let mut name = [0; 64];
/// let mut sensors = store.keys("sensor/")?;
/// while let Some(key) = sensors.next(&mut name)? {
///     sensors.store().set(key, [0])?;
///     count += 1;
/// }
/// assert_eq!(count, 2);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Keys<'s, S: Listed> {
    store: &'s mut S,
    id: IteratorId,
}

impl<'s, S: Listed> Keys<'s, S> {
    pub(super) fn open(store: &'s mut S, prefix: &[u8]) -> Result<Self, Error> {
        let id = store.iterator_open(prefix)?;
        Ok(Self { store, id })
    }

    /// Copies the next key to `name` and returns it; `None` at the end.
    ///
    /// # Errors
    /// [`Error::InvalidSize`] when the key is longer than `name`; the iteration did not move, and
    /// a call with more room (1024 bytes are enough) gets the same key. [`Error::ReadFailed`] when
    /// the flash failed.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// let mut keys = store.keys("")?;
    /// assert_eq!(keys.next(&mut [0; 3]), Err(nvkv::Error::InvalidSize));
    /// assert_eq!(keys.next(&mut [0; 64])?, Some(&b"name"[..]));
    /// assert_eq!(keys.next(&mut [0; 64])?, None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn next<'b>(&mut self, name: &'b mut [u8]) -> Result<Option<&'b [u8]>, Error> {
        let size = reader::found(self.store.iterator_next(self.id, name))?;
        Ok(size.and_then(|size| name.get(..size)))
    }

    /// The store, to use it in the middle of the iteration.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// store.set("name", "left")?;
    /// let mut keys = store.keys("")?;
    /// assert_eq!(keys.store().stats()?.keys, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn store(&mut self) -> &mut S {
        self.store
    }

    /// Calls `each` with the store and each further key; see [`Store::for_each_key`].
    ///
    /// # Errors
    /// As [`Keys::next`], and what `each` returns.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/doc.inc"));
    /// # fn main() -> Result<(), nvkv::Error> {
    /// # let (mut chip, mut memory) = lent();
    /// # let mut store = nvkv::Store::mount(&mut chip, &mut memory, config())?;
    /// # store.set("old/name", "left")?;
    /// store.keys("old/")?.for_each(&mut [0; 64], |store, key| {
    ///     store.remove(key).map(|_| ())
    /// })?;
    /// # assert!(!store.exists("old/name")?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn for_each<E: From<Error>>(
        mut self,
        name: &mut [u8],
        mut each: impl FnMut(&mut S, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(key) = self.next(name)? {
            each(self.store, key)?;
        }
        Ok(())
    }
}

impl<S: Listed> Drop for Keys<'_, S> {
    fn drop(&mut self) {
        // It fails only for an iterator that is not open.
        let _ = self.store.iterator_close(self.id);
    }
}
