//! TicKV, of Tock: a set is an invalidation of the old object and a new object; where there is no
//! room, its garbage collection runs and the object is written again. Names are hashed to 64 bits.
//!
//! Its collection erases regions in which nothing is valid and never moves what is: that is its
//! design, for keys that rarely change. An invalidation clears a bit of what is programmed, so
//! that it cannot be on flash that allows a unit to be programmed once.

use std::mem::size_of;

use tickv::{ErrorCode, FlashController, MAIN_KEY, TicKV};

use super::{Opening, Refusal, Session, Store};
use crate::flash::{Refused, Shared};

const REGION: usize = 4096;

struct Controller(Shared);

impl FlashController<REGION> for Controller {
    fn read_region(&self, region: usize, buffer: &mut [u8; REGION]) -> Result<(), ErrorCode> {
        let address = (region * REGION) as u32;
        let read = self.0.borrow_mut().read(address, buffer);
        read.map_err(|Refused| ErrorCode::ReadFail)
    }

    /// Where the range does not begin and end between units, what is beside it is read and written
    /// back, as the trait asks.
    fn write(&self, address: usize, data: &[u8]) -> Result<(), ErrorCode> {
        let mut flash = self.0.borrow_mut();
        let unit = flash.geometry.program as usize;
        let before = address % unit;
        let start = (address - before) as u32;
        let mut whole = vec![0; (before + data.len()).next_multiple_of(unit)];
        if whole.len() > data.len() {
            let read = flash.read(start, &mut whole);
            read.map_err(|Refused| ErrorCode::ReadFail)?;
        }
        whole[before..before + data.len()].copy_from_slice(data);
        let written = flash.program(start, &whole);
        written.map_err(|Refused| ErrorCode::WriteFail)
    }

    fn erase_region(&self, region: usize) -> Result<(), ErrorCode> {
        let address = (region * REGION) as u32;
        let erased = self.0.borrow_mut().erase(address, REGION as u32);
        erased.map_err(|Refused| ErrorCode::EraseFail)
    }
}

type Base<'b> = TicKV<'b, Controller, REGION>;

struct Tickv {
    flash: Shared,
    buffer: Box<[u8; REGION]>,
}

impl Tickv {
    /// A new object for each call, which asks nothing of the flash: one that met certain errors
    /// panics at the next call.
    fn base(&mut self) -> Base<'_> {
        let size = self.flash.borrow().geometry.size as usize;
        Base::new(Controller(self.flash.clone()), &mut self.buffer, size)
    }
}

/// FNV-1a.
fn hash(name: &[u8]) -> u64 {
    name.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

fn refusal(error: ErrorCode) -> Refusal {
    match error {
        ErrorCode::KeyNotFound => Refusal::NotFound,
        ErrorCode::FlashFull | ErrorCode::RegionFull => Refusal::Full,
        ErrorCode::ObjectTooLarge => Refusal::Unsupported("a value over 4 KiB".to_owned()),
        other => Refusal::Failed(format!("{other:?}")),
    }
}

impl Store for Tickv {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        let key = hash(key.as_bytes());
        match self.base().invalidate_key(key) {
            Ok(_) | Err(ErrorCode::KeyNotFound) => {}
            Err(error) => return Err(refusal(error)),
        }
        match self.base().append_key(key, value) {
            Ok(_) => return Ok(()),
            Err(ErrorCode::FlashFull | ErrorCode::RegionFull) => {}
            Err(error) => return Err(refusal(error)),
        }
        self.base().garbage_collect().map_err(refusal)?;
        self.base()
            .append_key(key, value)
            .map(|_| ())
            .map_err(refusal)
    }

    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal> {
        let got = self.base().get_key(hash(key.as_bytes()), buffer);
        got.map(|(_, size)| size).map_err(refusal)
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        let removed = self.base().invalidate_key(hash(key.as_bytes()));
        removed.map(|_| ()).map_err(refusal)
    }

    fn ram(&self) -> usize {
        size_of::<Base<'_>>() + REGION
    }
}

pub fn open(shared: &Shared, _opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    let geometry = shared.borrow().geometry;
    if !geometry.overwrite {
        let what = "a flash on which a unit is programmed once";
        return Err(Refusal::Unsupported(what.to_owned()));
    }
    let mut store = Tickv {
        flash: shared.clone(),
        buffer: Box::new([0; REGION]),
    };
    store.base().initialise(hash(MAIN_KEY)).map_err(refusal)?;
    session(&mut store);
    Ok(())
}
