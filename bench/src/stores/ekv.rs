//! ekv: one transaction for each set, get or remove. Its sizes are fixed when it is compiled: pages
//! of 4 KiB, at most 64 of them, none kept free beyond what it must, or nothing would fit on 8;
//! units of 4 bytes; values of up to 1 KiB; what is read is checked.

use std::mem::size_of;

use ekv::{Config, Database, ReadError, WriteError, config, flash::PageID};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;

use super::{Opening, Refusal, Session, Store, chip::block_on};
use crate::flash::{Refused, Shared};

struct Pages(Shared);

impl Pages {
    fn at(page: PageID, offset: usize) -> u32 {
        (page.index() * config::PAGE_SIZE + offset) as u32
    }
}

impl ekv::flash::Flash for Pages {
    type Error = Refused;

    fn page_count(&self) -> usize {
        self.0.borrow().geometry.size as usize / config::PAGE_SIZE
    }

    async fn erase(&mut self, page: PageID) -> Result<(), Refused> {
        let size = config::PAGE_SIZE as u32;
        self.0.borrow_mut().erase(Self::at(page, 0), size)
    }

    async fn read(&mut self, page: PageID, offset: usize, data: &mut [u8]) -> Result<(), Refused> {
        self.0.borrow_mut().read(Self::at(page, offset), data)
    }

    async fn write(&mut self, page: PageID, offset: usize, data: &[u8]) -> Result<(), Refused> {
        self.0.borrow_mut().program(Self::at(page, offset), data)
    }
}

type Base = Database<Pages, NoopRawMutex>;

struct Ekv(Base);

fn failed(error: impl std::fmt::Debug) -> Refusal {
    Refusal::Failed(format!("{error:?}"))
}

fn refusal(error: WriteError<Refused>) -> Refusal {
    match error {
        WriteError::Full => Refusal::Full,
        WriteError::ValueTooBig => Refusal::Unsupported("a value over 1 KiB".to_owned()),
        other => failed(other),
    }
}

impl Store for Ekv {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        block_on(async {
            let mut transaction = self.0.write_transaction().await;
            let written = transaction.write(key.as_bytes(), value).await;
            written.map_err(refusal)?;
            transaction.commit().await.map_err(failed)
        })
    }

    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal> {
        block_on(async {
            let transaction = self.0.read_transaction().await;
            match transaction.read(key.as_bytes(), buffer).await {
                Ok(size) => Ok(size),
                Err(ReadError::KeyNotFound) => Err(Refusal::NotFound),
                Err(other) => Err(failed(other)),
            }
        })
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        block_on(async {
            let mut transaction = self.0.write_transaction().await;
            let removed = transaction.delete(key.as_bytes()).await;
            removed.map_err(refusal)?;
            transaction.commit().await.map_err(failed)
        })
    }

    fn ram(&self) -> usize {
        size_of::<Base>()
    }
}

pub fn open(shared: &Shared, opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    let geometry = shared.borrow().geometry;
    if geometry.sector as usize != config::PAGE_SIZE || config::ALIGN < geometry.program as usize {
        let what = "sectors over 64 KiB, or units over 4 bytes";
        return Err(Refusal::Unsupported(what.to_owned()));
    }
    let base = Base::new(Pages(shared.clone()), Config::default());
    if opening.format {
        block_on(base.format()).map_err(failed)?;
    }
    block_on(base.mount()).map_err(failed)?;
    session(&mut Ekv(base));
    Ok(())
}
