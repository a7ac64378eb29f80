//! Every method of a store, over a driver whose work is done elsewhere. The panic handler is this
//! program's own; that no path leads to it, `cargo xtask test` looks.
#![no_std]

use nvkv::{
    Config, Error, Flags, NorStore, Reader, Store,
    embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash},
    flash::{
        Flash,
        nor::{Nor, ReadNor},
    },
};

const PARTITION: u32 = 64 * 1024;

type Memory = nvkv::memory_for!(Driver, PARTITION, 100);

unsafe extern "C" {
    fn flash_read(address: u32, buffer: *mut u8, size: usize) -> i32;
    fn flash_write(address: u32, data: *const u8, size: usize) -> i32;
    fn flash_erase(from: u32, to: u32) -> i32;
}

/// The flash of the device.
pub struct Driver;

fn done(status: i32) -> Result<(), NorFlashErrorKind> {
    match status {
        0 => Ok(()),
        _ => Err(NorFlashErrorKind::Other),
    }
}

impl ErrorType for Driver {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Driver {
    const READ_SIZE: usize = 4;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        // SAFETY: the buffer has so many bytes.
        done(unsafe { flash_read(offset, bytes.as_mut_ptr(), bytes.len()) })
    }

    fn capacity(&self) -> usize {
        512 * 1024
    }
}

impl NorFlash for Driver {
    const WRITE_SIZE: usize = 8;
    const ERASE_SIZE: usize = 2048;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        // SAFETY: any range may be given.
        done(unsafe { flash_erase(from, to) })
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        // SAFETY: `bytes` has so many.
        done(unsafe { flash_write(offset, bytes.as_ptr(), bytes.len()) })
    }
}

fn read<F: Flash>(reader: &mut Reader<'_, F>, buffer: &mut [u8]) -> Result<u32, Error> {
    let mut sum = reader.get_array("starts")?.map_or(0, u32::from_le_bytes);
    sum ^= reader
        .get("name", buffer)?
        .map_or(0, |name| name.len() as u32);
    sum ^= reader
        .get_at("name", 3, buffer)?
        .map_or(0, |name| name.len() as u32);
    sum ^= reader.info("name")?.map_or(0, |info| info.size);
    sum ^= u32::from(reader.exists("name")?);
    sum ^= reader
        .reserved_data(buffer)?
        .map_or(0, |data| data.len() as u32);
    sum ^= reader.check()?.records_good ^ reader.stats()?.keys;
    let mut keys = reader.keys("log/")?;
    while let Some(key) = keys.next(buffer)? {
        sum ^= key.len() as u32;
    }
    Ok(sum)
}

fn write(store: &mut NorStore<'_, Driver>, buffer: &mut [u8]) -> Result<(), Error> {
    store.set("starts", 1_u32.to_le_bytes())?;
    store.set_with("serial", "A-1", Flags::WRITE_ONCE)?;
    store.set_reserved_data(&[1; 16])?;
    store.remove("old")?;
    let mut writer = store.writer("certificate", 500)?;
    while writer.remaining() > 0 {
        writer.write(&[0x30; 50])?;
    }
    writer.finish()?;
    store.writer("certificate", 500)?.abort()?;
    store.for_each_key("log/", buffer, |store, key| store.remove(key).map(|_| ()))?;
    store.maintain(4)?;
    store.reset()
}

fn run(buffer: &mut [u8]) -> Result<u32, Error> {
    let mut memory = Memory::new();
    let range = 0x7_0000..0x7_0000 + PARTITION;
    let config = Config::new().format_if_unrecognised();
    let mut store = Store::open_range(Driver, range.clone(), &mut memory, config)?;
    write(&mut store, buffer)?;
    let sum = read(&mut store, buffer)?;
    let flash = store.free();
    let mut partition = Nor::range(flash, range.clone())?;
    let mut store = Store::format(&mut partition, &mut memory, config)?;
    store.set("name", "device")?;
    let partition = ReadNor::new(partition.free(), range, 8, 2048)?;
    let mut reader = Reader::mount(partition, &mut memory, config)?;
    Ok(sum ^ read(&mut reader, buffer)?)
}

/// The program: a number, or a negative one for an error.
#[unsafe(no_mangle)]
pub extern "C" fn firmware() -> i64 {
    let mut buffer = [0; 64];
    run(&mut buffer).map_or(-1, i64::from)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
