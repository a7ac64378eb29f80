//! littlefs, by the crate littlefs2: a file for each key, which is replaced as a whole. Its caches
//! are of 256 bytes, so that values of 128 bytes lie in the directory and not in a sector each.

use std::mem::size_of;

use littlefs2::{
    consts,
    driver::Storage,
    fs::{Allocation, File, Filesystem},
    io::{Error, Result as Done, Write as _},
    path::PathBuf,
};

use super::{
    Opening, Refusal, Session, Store,
    chip::{Chip, On, with_chip},
};
use crate::flash::Shared;

impl<C: Chip> Storage for On<C> {
    const READ_SIZE: usize = C::GEOMETRY.read as usize;
    const WRITE_SIZE: usize = C::GEOMETRY.program as usize;
    const BLOCK_SIZE: usize = C::GEOMETRY.sector as usize;
    const BLOCK_COUNT: usize = (C::GEOMETRY.size / C::GEOMETRY.sector) as usize;
    /// A block is given up after so many erases: the upper end of what littlefs recommends.
    const BLOCK_CYCLES: isize = 500;
    type CACHE_SIZE = consts::U256;
    type LOOKAHEAD_SIZE = consts::U1;

    fn read(&mut self, offset: usize, buffer: &mut [u8]) -> Done<usize> {
        let read = self.flash.borrow_mut().read(offset as u32, buffer);
        read.map(|()| buffer.len()).map_err(|_| Error::IO)
    }

    fn write(&mut self, offset: usize, data: &[u8]) -> Done<usize> {
        let done = self.flash.borrow_mut().program(offset as u32, data);
        done.map(|()| data.len()).map_err(|_| Error::IO)
    }

    fn erase(&mut self, offset: usize, size: usize) -> Done<usize> {
        let erased = self.flash.borrow_mut().erase(offset as u32, size as u32);
        erased.map(|()| size).map_err(|_| Error::IO)
    }
}

struct Littlefs<'f, 's, C: Chip>(&'f Filesystem<'s, On<C>>);

fn refusal(error: Error) -> Refusal {
    match error {
        // Where a directory has no room for one more name, littlefs says that the name is too long.
        Error::NO_SPACE | Error::FILENAME_TOO_LONG => Refusal::Full,
        Error::NO_SUCH_ENTRY => Refusal::NotFound,
        other => Refusal::Failed(format!("error {}", other.code())),
    }
}

/// All in one directory: names without their slashes.
fn path(key: &str) -> Result<PathBuf, Refusal> {
    PathBuf::try_from(key.replace('/', "_").as_str())
        .map_err(|error| Refusal::Failed(format!("{error:?}")))
}

impl<C: Chip> Store for Littlefs<'_, '_, C> {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        let done = File::create_and_then(self.0, &path(key)?, |file| file.write_all(value));
        done.map_err(refusal)
    }

    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal> {
        let read = File::open_and_then(self.0, &path(key)?, |file| {
            let mut size = 0;
            loop {
                let more = file.read(&mut buffer[size..])?;
                if more == 0 {
                    return Ok(size);
                }
                size += more;
            }
        });
        read.map_err(refusal)
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        self.0.remove(&path(key)?).map_err(refusal)
    }

    fn ram(&self) -> usize {
        // A file's memory is needed for each call only.
        size_of::<Allocation<On<C>>>()
    }
}

fn open_on<C: Chip>(
    shared: &Shared,
    opening: Opening,
    session: Session<'_>,
) -> Result<(), Refusal> {
    let mut storage = On::<C>::new(shared);
    if opening.format {
        Filesystem::format(&mut storage).map_err(refusal)?;
    }
    let used = Filesystem::mount_and_then(&mut storage, |files| {
        session(&mut Littlefs(files));
        Ok(())
    });
    used.map_err(refusal)
}

pub fn open(shared: &Shared, opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    with_chip!(shared, open_on(shared, opening, session))
}
