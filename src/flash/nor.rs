//! Flash drivers of the Rust ecosystem as a [`Flash`]: whatever implements the traits of the crate
//! `embedded-storage`.
//!
//! `MultiwriteNorFlash`, which allows to program a word twice, gets no way of its own: the store
//! programs each unit once between two erases on all flash, since that is what ECC asks for, and
//! a format that did otherwise on some flash could not be read on others.
//!
//! Invariant: no call leaves the range that was given.
#![forbid(unsafe_code)]

use core::ops::Range;

use embedded_storage::nor_flash::{NorFlash, ReadNorFlash};

use super::{Flash, FlashError, Shape};
use crate::error::Error;

/// Bytes of the largest partition: offsets then fit 31 bits.
const SIZE_MAX: u32 = 1 << 31;

/// A constant of a driver. Used only while the program is compiled, where it ends the build.
#[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
const fn constant(size: usize) -> u32 {
    assert!(size <= 1 << 31, "the driver has a unit of more than 2 GiB");
    size as u32
}

/// A flash driver, or a part of what it drives, as a [`Flash`].
///
/// Takes any [`NorFlash`]. What nvkv asks of its constants is checked when the program is
/// compiled: `WRITE_SIZE` is a power of two up to 1024, `READ_SIZE` one up to 256, and
/// `ERASE_SIZE` a multiple of both. Erased bytes read as 0xFF, as [`NorFlash::erase`] says.
///
/// `WRITE_SIZE` must be what can be programmed once between two erases. Where the hardware keeps
/// ECC over more bytes than the driver names, wrap the driver in one that names those.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
/// use nvkv::flash::nor::Nor;
///
/// # fn main() -> Result<(), nvkv::Error> {
/// // The last 64 KiB of a chip with 1 MiB and sectors of 4 KiB.
/// let chip = Ram::<1, 4, 4096>::new(256);
/// let partition = Nor::range(chip, 0xF_0000..0x10_0000)?;
/// # let _chip = partition.free();
/// # Ok(())
/// # }
/// ```
///
/// A driver that programs units of 3 bytes is refused by the compiler:
///
/// ```compile_fail,E0080
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
/// # fn main() {
/// let partition = nvkv::flash::nor::Nor::new(Ram::<1, 3, 768>::new(4));
/// # }
/// ```
#[derive(Debug)]
pub struct Nor<F: ReadNorFlash> {
    read: ReadNor<F>,
}

impl<F: NorFlash> Nor<F> {
    const WRITE_SIZE: u32 = constant(F::WRITE_SIZE);
    const ERASE_SIZE: u32 = constant(F::ERASE_SIZE);
    const IS_SUPPORTED: () = {
        assert!(
            F::WRITE_SIZE.is_power_of_two() && F::WRITE_SIZE <= 1024,
            "nvkv needs a WRITE_SIZE that is a power of two up to 1024"
        );
        assert!(
            F::ERASE_SIZE != 0
                && F::ERASE_SIZE.is_multiple_of(F::WRITE_SIZE)
                && F::ERASE_SIZE.is_multiple_of(F::READ_SIZE),
            "nvkv needs an ERASE_SIZE that is a multiple of WRITE_SIZE and READ_SIZE"
        );
    };

    /// All of the flash. A rest that is no whole sector is left unused.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when its capacity is less than a sector or more than 2 GiB.
    pub fn new(flash: F) -> Result<Self, Error> {
        let capacity = u32::try_from(flash.capacity()).map_err(|_| Error::InvalidArgument)?;
        let sectors = capacity.checked_div(Self::ERASE_SIZE).unwrap_or(0);
        let end = sectors.saturating_mul(Self::ERASE_SIZE);
        Self::range(flash, 0..end)
    }

    /// The part of the flash from `range.start` to `range.end`, in bytes. Nothing outside is ever
    /// read, programmed or erased.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the range is empty, goes beyond the capacity, does not begin
    /// and end with a sector (`ERASE_SIZE`), or has more than 2 GiB.
    pub fn range(flash: F, range: Range<u32>) -> Result<Self, Error> {
        const { Self::IS_SUPPORTED };
        let read = ReadNor::new(flash, range, Self::WRITE_SIZE, Self::ERASE_SIZE)?;
        Ok(Self { read })
    }
}

impl<F: ReadNorFlash> Nor<F> {
    /// What the driver said when it failed the last time. The errors of a store only say whether
    /// reading or writing failed; this says why. To look at it, lend the store the partition
    /// (`&mut`) and keep it.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
    /// use nvkv::{Config, Error, Memory, Store, flash::nor::Nor};
    ///
    /// # fn main() -> Result<(), nvkv::Error> {
    /// let mut chip = Ram::<1, 4, 4096>::new(16);
    /// # chip.fail_reads = true;
    /// let mut partition = Nor::new(chip)?;
    /// let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
    /// if let Err(Error::ReadFailed) = Store::mount(&mut partition, &mut memory, Config::new()) {
    ///     eprintln!("no settings: {:?}", partition.last_error());
    /// #   assert!(partition.last_error().is_some());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn last_error(&self) -> Option<&F::Error> {
        self.read.last_error()
    }

    /// Gives the driver back.
    pub fn free(self) -> F {
        self.read.free()
    }
}

impl<F: NorFlash> Flash for Nor<F> {
    fn shape(&self) -> Shape {
        self.read.shape()
    }

    fn sector_size(&self, address: u32) -> u32 {
        self.read.sector_size(address)
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        self.read.read(address, buffer)
    }

    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        let length = u32::try_from(data.len()).map_err(|_| FlashError)?;
        let (from, _) = self.read.place(address, length)?;
        let done = self.read.flash.write(from, data);
        self.read.note(done)
    }

    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        let (from, to) = self.read.place(address, size)?;
        let done = self.read.flash.erase(from, to);
        self.read.note(done)
    }
}

/// A flash that can only be read, or should only be, as a [`Flash`] for a
/// [`Reader`](crate::store::Reader).
///
/// Takes any [`ReadNorFlash`]; its `READ_SIZE` must be a power of two up to 256, which is checked
/// when the program is compiled. Such a driver does not say how the flash is programmed and
/// erased, so this is told. All attempts to program or erase fail.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
/// use nvkv::{Config, Memory, Reader, flash::nor::ReadNor};
///
/// # fn main() -> Result<(), nvkv::Error> {
/// # let mut chip = Ram::<1, 4, 4096>::new(16);
/// # let mut memory = Memory::<16, { nvkv::slots(9) }>::new();
/// # let config = Config::new().format_if_unrecognised();
/// # nvkv::Store::open(&mut chip, &mut memory, config)?.set("name", "left")?;
/// let mut memory = Memory::<16, { nvkv::slots(9) }>::new();
/// let partition = ReadNor::new(chip, 0..0x1_0000, 4, 4096)?;
/// let mut reader = Reader::mount(partition, &mut memory, Config::new())?;
/// let mut buffer = [0; 16];
/// assert_eq!(reader.get("name", &mut buffer)?, Some(&b"left"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ReadNor<F: ReadNorFlash> {
    flash: F,
    start: u32,
    shape: Shape,
    sector_size: u32,
    last_error: Option<F::Error>,
}

impl<F: ReadNorFlash> ReadNor<F> {
    const READ_SIZE: u32 = constant(F::READ_SIZE);
    const IS_SUPPORTED: () = assert!(
        F::READ_SIZE.is_power_of_two() && F::READ_SIZE <= 256,
        "nvkv needs a READ_SIZE that is a power of two up to 256"
    );

    /// The part of the flash from `range.start` to `range.end`, which a store was made on that
    /// programs units of `write_size` bytes and erases sectors of `erase_size` bytes.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the range is empty, goes beyond the capacity, does not begin
    /// and end with a sector, or has more than 2 GiB. Whether a store can have these sizes is
    /// answered when it is opened.
    pub fn new(
        flash: F,
        range: Range<u32>,
        write_size: u32,
        erase_size: u32,
    ) -> Result<Self, Error> {
        const { Self::IS_SUPPORTED };
        let size = range.end.saturating_sub(range.start);
        // What does not fit this target's addresses is beyond any capacity.
        let end = usize::try_from(range.end).map_err(|_| Error::InvalidArgument)?;
        let sectors = erase_size != 0
            && range.start.is_multiple_of(erase_size)
            && range.end.is_multiple_of(erase_size);
        if size == 0 || size > SIZE_MAX || !sectors || end > flash.capacity() {
            return Err(Error::InvalidArgument);
        }
        Ok(Self {
            flash,
            start: range.start,
            shape: Shape {
                size,
                read_size: Self::READ_SIZE,
                program_size: write_size,
                erased_byte: Some(0xFF),
                needs_erase: true,
            },
            sector_size: erase_size,
            last_error: None,
        })
    }

    /// What the driver said when it failed the last time; see [`Nor::last_error`].
    pub fn last_error(&self) -> Option<&F::Error> {
        self.last_error.as_ref()
    }

    /// Gives the driver back.
    pub fn free(self) -> F {
        self.flash
    }

    /// Where a range of the partition begins and ends on the flash.
    fn place(&self, address: u32, length: u32) -> Result<(u32, u32), FlashError> {
        let end = address.checked_add(length).ok_or(FlashError)?;
        if end > self.shape.size {
            return Err(FlashError);
        }
        let from = self.start.checked_add(address).ok_or(FlashError)?;
        let to = self.start.checked_add(end).ok_or(FlashError)?;
        Ok((from, to))
    }

    fn note(&mut self, result: Result<(), F::Error>) -> Result<(), FlashError> {
        result.map_err(|error| {
            self.last_error = Some(error);
            FlashError
        })
    }
}

impl<F: ReadNorFlash> Flash for ReadNor<F> {
    fn shape(&self) -> Shape {
        self.shape
    }

    fn sector_size(&self, _: u32) -> u32 {
        self.sector_size
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        let length = u32::try_from(buffer.len()).map_err(|_| FlashError)?;
        let (from, _) = self.place(address, length)?;
        let done = self.flash.read(from, buffer);
        self.note(done)
    }

    fn program(&mut self, _: u32, _: &[u8]) -> Result<(), FlashError> {
        Err(FlashError)
    }

    fn erase(&mut self, _: u32, _: u32) -> Result<(), FlashError> {
        Err(FlashError)
    }
}
