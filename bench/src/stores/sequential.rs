//! sequential-storage: its map, with names of up to 16 bytes as keys.
//!
//! With the cache it is at its best: the places of all keys, and what is known of each page. The
//! data buffer that each call borrows is not counted as RAM.

use std::{mem::size_of, num::NonZeroU32};

use arrayvec::ArrayString;
use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use sequential_storage::{
    Error,
    cache::{
        Cache, CacheImpl, key_pointers::HeapKeyPointers, page_pointers::HeapPagePointers,
        page_states::CalculatedPageStates,
    },
    map::{MapConfig, MapStorage},
};

use super::{
    Opening, Refusal, Session, Store,
    chip::{Chip, On, block_on, with_chip},
};
use crate::flash::{Refused, Shared};

type Name = ArrayString<16>;

impl NorFlashError for Refused {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl<C: Chip> ErrorType for On<C> {
    type Error = Refused;
}

impl<C: Chip> ReadNorFlash for On<C> {
    const READ_SIZE: usize = C::GEOMETRY.read as usize;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Refused> {
        self.flash.borrow_mut().read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        C::GEOMETRY.size as usize
    }
}

impl<C: Chip> NorFlash for On<C> {
    const WRITE_SIZE: usize = C::GEOMETRY.program as usize;
    const ERASE_SIZE: usize = C::GEOMETRY.sector as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Refused> {
        self.flash.borrow_mut().erase(from, to - from)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refused> {
        self.flash.borrow_mut().program(offset, bytes)
    }
}

// Removing needs it; `remove` below refuses where the flash does not allow it.
impl<C: Chip> MultiwriteNorFlash for On<C> {}

struct Sequential<C: Chip, M: CacheImpl<Name>> {
    map: MapStorage<Name, On<C>, M>,
    buffer: Vec<u8>,
    /// Bytes of the caches that are not in `map`.
    heap: usize,
}

fn refusal(error: Error<Refused>) -> Refusal {
    match error {
        Error::FullStorage => Refusal::Full,
        Error::ItemTooBig => Refusal::Unsupported("a value that a page does not hold".to_owned()),
        other => Refusal::Failed(format!("{other:?}")),
    }
}

fn name(key: &str) -> Result<Name, Refusal> {
    Name::from(key).map_err(|_| Refusal::Unsupported("a name longer than 16 bytes".to_owned()))
}

impl<C: Chip, M: CacheImpl<Name>> Store for Sequential<C, M> {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        let name = name(key)?;
        block_on(self.map.store_item(&mut self.buffer, &name, &value)).map_err(refusal)
    }

    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal> {
        let name = name(key)?;
        let found = block_on(self.map.fetch_item::<&[u8]>(&mut self.buffer, &name));
        let value = found.map_err(refusal)?.ok_or(Refusal::NotFound)?;
        let target = buffer
            .get_mut(..value.len())
            .ok_or_else(|| Refusal::Failed("longer than the buffer".to_owned()))?;
        target.copy_from_slice(value);
        Ok(value.len())
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        if !C::GEOMETRY.overwrite {
            return Err(Refusal::Unsupported(
                "removing where a unit is programmed once".to_owned(),
            ));
        }
        let name = name(key)?;
        block_on(self.map.remove_item(&mut self.buffer, &name)).map_err(refusal)
    }

    fn ram(&self) -> usize {
        // The handle of the flash is the benchmark's.
        size_of::<MapStorage<Name, On<C>, M>>() - size_of::<On<C>>() + self.heap
    }
}

fn open_with<C: Chip, M: CacheImpl<Name>>(
    shared: &Shared,
    cache: M,
    heap: usize,
    session: Session<'_>,
) -> Result<(), Refusal> {
    let config = MapConfig::try_new(0..C::GEOMETRY.size)
        .map_err(|error| Refusal::Unsupported(format!("{error:?}")))?;
    session(&mut Sequential {
        map: MapStorage::new(On::<C>::new(shared), config, cache),
        buffer: vec![0; 1 << 16],
        heap,
    });
    Ok(())
}

fn cached<C: Chip>(shared: &Shared, opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    let pages = (C::GEOMETRY.size / C::GEOMETRY.sector) as usize;
    let keys = opening.keys as usize;
    let cache = Cache::new(
        CalculatedPageStates::new(pages),
        HeapPagePointers::new(pages),
        HeapKeyPointers::<Name>::new(keys),
    );
    let pointer = size_of::<Option<NonZeroU32>>();
    let heap = 2 * pages * pointer + keys * size_of::<Option<(Name, NonZeroU32)>>();
    open_with::<C, _>(shared, cache, heap, session)
}

fn uncached<C: Chip>(shared: &Shared, session: Session<'_>) -> Result<(), Refusal> {
    open_with::<C, _>(shared, Cache::new_uncached(), 0, session)
}

pub fn open_cached(shared: &Shared, opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    with_chip!(shared, cached(shared, opening, session))
}

pub fn open_uncached(
    shared: &Shared,
    _opening: Opening,
    session: Session<'_>,
) -> Result<(), Refusal> {
    with_chip!(shared, uncached(shared, session))
}
