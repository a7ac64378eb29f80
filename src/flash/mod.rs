//! What nvkv needs of a flash memory: the [`Flash`] trait is the whole contract.
//!
//! Invariant: nothing here knows of records or segments.
#![forbid(unsafe_code)]

#[cfg(feature = "embedded-storage")]
pub mod nor;
#[cfg(feature = "sim")]
pub mod sim;

/// The flash reported an error. What it was is the driver's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashError;

/// The fixed properties of a flash partition. Sizes are bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Size of the partition, at most 2 GiB.
    pub size: u32,
    /// Smallest readable unit: addresses and sizes of reads are multiples of it. A power of two,
    /// 1 to 256.
    pub read_size: u32,
    /// Smallest programmable unit. A power of two, 1 to 1024.
    pub program_size: u32,
    /// What an erased byte reads as, where that is known: `Some(0xFF)`, `Some(0x00)` or `None`.
    pub erased_byte: Option<u8>,
    /// `false` for memories that are overwritten in place (EEPROM, FRAM, RAM): then
    /// [`Flash::erase`] is never called.
    pub needs_erase: bool,
}

/// A flash partition. Addresses count from the start of the partition.
///
/// What the library relies on:
/// * `program` is only called with an address and a length that are multiples of the program
///   unit, with at most one block (1024 bytes) of data, and never twice for a unit between two
///   erases of its sector (memories without erase excepted).
/// * `erase` is only called for one whole sector, or where several sectors of a segment follow
///   each other, for one after the other.
/// * When power ends during a program, the units it touches may hold anything, may read
///   differently at every read and may read as erased; all else keeps its content. When power
///   ends during an erase, the sector may hold any mix of old and erased bytes.
/// * When a call returns `Ok`, what it did survives the loss of power.
pub trait Flash {
    /// The fixed properties; the answer never changes.
    fn shape(&self) -> Shape;
    /// Size of the sector that holds `address` (smallest erasable unit). For memories without
    /// erase any division of the partition serves.
    fn sector_size(&self, address: u32) -> u32;
    /// Fills `buffer` from `address`.
    ///
    /// # Errors
    /// When the flash reports one.
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError>;
    /// Programs `data` at `address`.
    ///
    /// # Errors
    /// When the flash reports one; the units touched may then hold anything.
    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError>;
    /// Erases the sector that starts at `address`; `size` is its size.
    ///
    /// # Errors
    /// When the flash reports one; the sector may then hold anything.
    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError>;
    /// Makes everything programmed so far survive the loss of power. Called once at the end of
    /// each operation that wrote.
    ///
    /// # Errors
    /// When the flash reports one.
    fn sync(&mut self) -> Result<(), FlashError> {
        Ok(())
    }
}

impl<F: Flash + ?Sized> Flash for &mut F {
    fn shape(&self) -> Shape {
        (**self).shape()
    }
    fn sector_size(&self, address: u32) -> u32 {
        (**self).sector_size(address)
    }
    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        (**self).read(address, buffer)
    }
    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        (**self).program(address, data)
    }
    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        (**self).erase(address, size)
    }
    fn sync(&mut self) -> Result<(), FlashError> {
        (**self).sync()
    }
}
