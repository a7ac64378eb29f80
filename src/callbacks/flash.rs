//! The user's flash functions as a [`Flash`].
//!
//! Invariant: a call goes out only with an address and a size that lie inside the partition,
//! whatever the layers above make of the bytes they read.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::ffi::{c_int, c_void};

use crate::{
    error::Error,
    flash::{Flash, FlashError, Shape},
};

/// `erased` of kv_flash_t: an erased byte reads as 0xFF. The default.
pub const KV_ERASED_FF: u32 = 0;
/// `erased` of kv_flash_t: an erased byte reads as 0x00.
pub const KV_ERASED_00: u32 = 1;
/// `erased` of kv_flash_t: what an erased byte reads as is unknown, or differs from read to read
/// (flash behind an encrypting controller).
pub const KV_ERASED_UNKNOWN: u32 = 2;

/// See `read` in kv_flash_t.
pub type kv_read_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        address: u32,
        buffer: *mut c_void,
        size: u32,
    ) -> c_int,
>;
/// See `program` in kv_flash_t.
pub type kv_program_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        address: u32,
        data: *const c_void,
        size: u32,
    ) -> c_int,
>;
/// See `erase` in kv_flash_t.
pub type kv_erase_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, address: u32, size: u32) -> c_int>;
/// See `sync` in kv_flash_t.
pub type kv_sync_fn = Option<unsafe extern "C" fn(context: *mut c_void) -> c_int>;
/// See `sector_size_at` in kv_flash_t.
pub type kv_sector_size_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, address: u32) -> u32>;

/// A flash partition: what it looks like and the functions that reach it.
///
/// Addresses count from the start of the partition. The functions return 0 when what they were
/// asked is done and survives the loss of power (for `program` and `erase`: at the latest when
/// `sync` returns), and any other number, usually a negative one, when it failed; the library
/// then reports MBED_ERROR_READ_FAILED, or writes elsewhere and reports MBED_ERROR_WRITE_FAILED
/// when there is no other place. They must not call into the store they serve.
///
/// The structure is copied by kv_store_open and need not outlive the call; what `context` points
/// at must live until kv_store_close.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_flash_t {
    /// Passed to every function as it is. May be NULL.
    pub context: *mut c_void,
    /// Copies `size` bytes at `address` to `buffer`. Address and size are multiples of
    /// `read_size`. Required.
    pub read: kv_read_fn,
    /// Programs `size` bytes at `address`. Both are multiples of `program_size`, at most 1024
    /// bytes a call. `data` is in RAM and aligned to max(4, min(program_size, 32)). No unit is
    /// programmed twice between two erases of its sector. Required.
    pub program: kv_program_fn,
    /// Erases the one sector that begins at `address`; `size` is its size. NULL: a memory that
    /// is overwritten in place without erase (EEPROM, FRAM, RAM).
    pub erase: kv_erase_fn,
    /// Makes all that was programmed and erased so far survive the loss of power; for drivers
    /// that write behind. Called at the end of each operation that wrote. NULL: not needed.
    pub sync: kv_sync_fn,
    /// Bytes of the partition, at most 2 GiB.
    pub size: u32,
    /// Smallest readable unit: a power of two, 1 to 256. 0 means 1.
    pub read_size: u32,
    /// Smallest programmable unit: a power of two, 1 to 1024. 0 means 1. Where the hardware
    /// checks ECC over more bytes than it needs for one program, this is the ECC unit.
    pub program_size: u32,
    /// Bytes of a sector, the smallest erasable unit. Not used where `sector_size_at` is given.
    /// 0 is allowed for memories without erase: a sixteenth of the partition, rounded down to a
    /// power of two, within 256 to 4096 bytes.
    pub sector_size: u32,
    /// What an erased byte reads as: KV_ERASED_FF (0), KV_ERASED_00 or KV_ERASED_UNKNOWN. Not
    /// used for memories without erase.
    pub erased: u32,
    /// For partitions with sectors of different sizes: the size of the sector that holds
    /// `address`. The answers must never change. NULL: all sectors are of `sector_size`.
    pub sector_size_at: kv_sector_size_fn,
}

/// Highest `size`: offsets then fit 31 bits.
const SIZE_MAX: u32 = 1 << 31;
const READ_SIZE_MAX: u32 = 256;
const PROGRAM_SIZE_MAX: u32 = 1024;

/// A checked [`kv_flash_t`].
#[derive(Debug)]
pub(crate) struct CFlash {
    context: *mut c_void,
    read: unsafe extern "C" fn(*mut c_void, u32, *mut c_void, u32) -> c_int,
    program: unsafe extern "C" fn(*mut c_void, u32, *const c_void, u32) -> c_int,
    erase: kv_erase_fn,
    sync: kv_sync_fn,
    sector_size_at: kv_sector_size_fn,
    sector_size: u32,
    shape: Shape,
}

impl CFlash {
    /// Checks the description and takes it over.
    ///
    /// # Safety
    /// The functions are NULL or what the fields of [`kv_flash_t`] say, and stay callable with
    /// this `context` for as long as the result lives.
    #[inline(never)]
    pub(crate) unsafe fn new(flash: &kv_flash_t) -> Result<Self, Error> {
        let (Some(read), Some(program)) = (flash.read, flash.program) else {
            return Err(Error::InvalidArgument);
        };
        let needs_erase = flash.erase.is_some();
        let shape = Shape {
            size: flash.size,
            read_size: flash.read_size.max(1),
            program_size: flash.program_size.max(1),
            erased_byte: match (needs_erase, flash.erased) {
                (_, KV_ERASED_UNKNOWN) | (false, KV_ERASED_FF | KV_ERASED_00) => None,
                (true, KV_ERASED_FF) => Some(0xFF),
                (true, KV_ERASED_00) => Some(0x00),
                _ => return Err(Error::InvalidArgument),
            },
            needs_erase,
        };
        let sector_size = match flash.sector_size {
            0 if !needs_erase => sector_without_erase(flash.size).max(shape.program_size),
            given => given,
        };
        let units = shape.read_size.is_power_of_two()
            && shape.read_size <= READ_SIZE_MAX
            && shape.program_size.is_power_of_two()
            && shape.program_size <= PROGRAM_SIZE_MAX;
        let sectors = flash.sector_size_at.is_some() || sector_size != 0;
        if !units || !sectors || shape.size == 0 || shape.size > SIZE_MAX {
            return Err(Error::InvalidArgument);
        }
        Ok(Self {
            context: flash.context,
            read,
            program,
            erase: flash.erase,
            sync: flash.sync,
            sector_size_at: flash.sector_size_at,
            sector_size,
            shape,
        })
    }

    /// Whether `length` bytes at `address` lie inside the partition; their number as C wants it.
    fn inside(&self, address: u32, length: usize) -> Result<u32, FlashError> {
        let length = u32::try_from(length).map_err(|_| FlashError)?;
        match address.checked_add(length) {
            Some(end) if end <= self.shape.size => Ok(length),
            _ => Err(FlashError),
        }
    }
}

/// The division of a memory without erase into segments: enough of them for an even wear, none so
/// small that headers take a notable share.
const fn sector_without_erase(size: u32) -> u32 {
    match size / 16 {
        0..=511 => 256,
        512..=1023 => 512,
        1024..=2047 => 1024,
        2048..=4095 => 2048,
        _ => 4096,
    }
}

/// What a C function returned: 0 is done, all else is an error.
fn done(status: c_int) -> Result<(), FlashError> {
    match status {
        0 => Ok(()),
        _ => Err(FlashError),
    }
}

impl Flash for CFlash {
    fn shape(&self) -> Shape {
        self.shape
    }

    #[inline(never)]
    fn sector_size(&self, address: u32) -> u32 {
        match self.sector_size_at {
            // SAFETY: kv_flash_t: "the size of the sector that holds address"; callable by the
            // contract of `new`.
            Some(sector_size_at) => unsafe { sector_size_at(self.context, address) },
            None => self.sector_size,
        }
    }

    fn read(&mut self, address: u32, buffer: &mut [u8]) -> Result<(), FlashError> {
        let size = self.inside(address, buffer.len())?;
        // SAFETY: kv_flash_t: "Copies size bytes at address to buffer"; the buffer has that many.
        done(unsafe { (self.read)(self.context, address, buffer.as_mut_ptr().cast(), size) })
    }

    fn program(&mut self, address: u32, data: &[u8]) -> Result<(), FlashError> {
        let size = self.inside(address, data.len())?;
        // SAFETY: kv_flash_t: "Programs size bytes at address"; `data` has that many.
        done(unsafe { (self.program)(self.context, address, data.as_ptr().cast(), size) })
    }

    fn erase(&mut self, address: u32, size: u32) -> Result<(), FlashError> {
        let length = usize::try_from(size).map_err(|_| FlashError)?;
        let size = self.inside(address, length)?;
        let Some(erase) = self.erase else {
            return Err(FlashError);
        };
        // SAFETY: kv_flash_t: "Erases the one sector that begins at address"; it is inside.
        done(unsafe { erase(self.context, address, size) })
    }

    fn sync(&mut self) -> Result<(), FlashError> {
        match self.sync {
            // SAFETY: kv_flash_t: `sync` takes the context alone.
            Some(sync) => done(unsafe { sync(self.context) }),
            None => Ok(()),
        }
    }
}
