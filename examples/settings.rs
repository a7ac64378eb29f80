//! Settings of a device, kept through restarts: a store over a flash driver, here one whose flash
//! is a file.
//!
//!     cargo run --example settings --features embedded-storage
//!
//! Run it again and it goes on where the last run ended. On a microcontroller the driver comes from
//! its HAL, and all but `FileFlash` and the printing stays as it is.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a device does not start so often"
)]

use std::{
    env,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
};

use nvkv::{
    Config, Flags, Store,
    embedded_storage::nor_flash::{
        ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase,
        check_read, check_write,
    },
};

/// Bytes of the partition.
const PARTITION: u32 = 32 * 1024;

/// The memory of the store: 8 sectors, an index for 50 keys. On a target without an operating
/// system it would be a `static`.
type Memory = nvkv::memory_for!(FileFlash, PARTITION, 50);

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).unwrap_or("settings.img".to_owned());
    run(Path::new(&path), &mut io::stdout())
}

/// One start of the device.
pub(crate) fn run(image: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let mut memory = Memory::new();
    let config = Config::new().format_if_unrecognised();
    let mut store = Store::open(FileFlash::open(image)?, &mut memory, config)?;

    // Set in production, once and for all.
    if !store.exists("serial")? {
        store.set_with("serial", "NV-000127", Flags::WRITE_ONCE)?;
    }

    // A number: an array of bytes.
    let starts = 1 + store.get_array("starts")?.map_or(0, u32::from_le_bytes);
    store.set("starts", starts.to_le_bytes())?;

    // Text, with a value for when there is none.
    let mut buffer = [0; 64];
    let name = store.get("name", &mut buffer)?.unwrap_or(b"nameless");
    let name = core::str::from_utf8(name)?;
    writeln!(out, "start {starts} of {name}")?;
    store.set("name", format!("device {starts}"))?;

    // A value larger than the RAM, in pieces as they come in. Power may fail at any moment: the
    // old certificate stays until this one is whole.
    let mut writer = store.writer("certificate", 2000)?;
    while writer.remaining() > 0 {
        writer.write(&[0x30; 100])?;
    }
    writer.finish()?;

    // A log of the last three starts: what is older is removed while it is listed.
    store.set(format!("log/{starts}"), "started")?;
    let mut removed = 0;
    store.for_each_key("log/", &mut buffer, |store, key| {
        let number = core::str::from_utf8(key)
            .ok()
            .and_then(|key| key[4..].parse().ok());
        if number.is_none_or(|number: u32| number + 3 <= starts) {
            store.remove(key)?;
            removed += 1;
        }
        Ok::<(), nvkv::Error>(())
    })?;

    // Idle time: no write has to wait for an erase later.
    while store.maintain(4)? == 4 {}
    let stats = store.stats()?;
    writeln!(out, "{} keys, {removed} log entries removed", stats.keys)?;
    Ok(())
}

/// A flash whose bytes are those of a file.
struct FileFlash(File);

impl FileFlash {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        if file.metadata()?.len() == 0 {
            file.write_all(&[0xFF; PARTITION as usize])?;
        }
        Ok(Self(file))
    }

    fn put(&mut self, offset: u32, bytes: &[u8]) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset.into()))?;
        self.0.write_all(bytes)?;
        // What is acknowledged survives the loss of power.
        self.0.sync_data()
    }
}

/// What the file said.
#[derive(Debug)]
enum FileError {
    Io(#[expect(dead_code, reason = "shown by Debug")] io::Error),
    Range(NorFlashErrorKind),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        FileError::Io(error)
    }
}

impl From<NorFlashErrorKind> for FileError {
    fn from(error: NorFlashErrorKind) -> Self {
        FileError::Range(error)
    }
}

impl NorFlashError for FileError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            FileError::Io(_) => NorFlashErrorKind::Other,
            FileError::Range(kind) => *kind,
        }
    }
}

impl ErrorType for FileFlash {
    type Error = FileError;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FileError> {
        check_read(self, offset, bytes.len())?;
        self.0.seek(SeekFrom::Start(offset.into()))?;
        Ok(self.0.read_exact(bytes)?)
    }

    fn capacity(&self) -> usize {
        PARTITION as usize
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FileError> {
        check_erase(self, from, to)?;
        for sector in (from..to).step_by(Self::ERASE_SIZE) {
            self.put(sector, &[0xFF; Self::ERASE_SIZE])?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FileError> {
        check_write(self, offset, bytes.len())?;
        Ok(self.put(offset, bytes)?)
    }
}
