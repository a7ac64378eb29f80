//! The configuration of a store, and what memory it asks for.

use core::mem::size_of;

use super::{args, handle::kv_store_t};
use crate::{
    callbacks::{CFlash, CLock, kv_flash_t, kv_lock_t},
    engine::{self, Segment},
    error::Error,
};

/// `format` of kv_store_config_t: never format when opening. The default.
pub const KV_FORMAT_NEVER: u32 = 0;
/// `format` of kv_store_config_t: format when opening, if the partition holds nothing that any
/// version of this library or of Mbed's stores would recognise as its own.
pub const KV_FORMAT_IF_UNRECOGNISED: u32 = 1;

/// `on_damage` of kv_store_config_t: reading a damaged value is an error. The default.
pub const KV_ON_DAMAGE_ERROR: u32 = 0;
/// `on_damage` of kv_store_config_t: reading a damaged value returns the one that its key had
/// before, where that is still there. `damaged_records` of kv_stats_t counts such reads.
pub const KV_ON_DAMAGE_PREVIOUS: u32 = 1;

/// Bit of `flags` of kv_store_config_t: do not read back what was programmed. For memories that
/// verify by themselves: a write is faster, and a cell that did not take is found only when read.
pub const KV_SKIP_VERIFY: u32 = 1;

/// How to open a store. Zero is the sensible choice for all but `flash`.
///
/// The structure and what `flash` and `lock` point to are copied: none of them need outlive the
/// call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_store_config_t {
    /// The partition. Required.
    pub flash: *const kv_flash_t,
    /// The mutex of the threads that share the store. NULL: one thread.
    pub lock: *const kv_lock_t,
    /// For how many keys to keep an index in RAM, 5 bytes each. A lookup then reads the flash
    /// once. With more keys than that, or with 0, all works the same, only slower.
    pub keys: u32,
    /// Bytes of a segment, which is what is erased and collected at a time: a multiple of the
    /// sector size. 0: the largest sector, at least 16 program units. A partition keeps the
    /// segment size that it was formatted with.
    pub segment_size: u32,
    /// What to do with a partition that holds no store: KV_FORMAT_NEVER (0) or
    /// KV_FORMAT_IF_UNRECOGNISED.
    pub format: u32,
    /// What reading a damaged value does: KV_ON_DAMAGE_ERROR (0) or KV_ON_DAMAGE_PREVIOUS.
    pub on_damage: u32,
    /// Bits: KV_SKIP_VERIFY. All others are reserved and must be 0.
    pub flags: u32,
}

/// Bytes reserved for a handle of this target.
pub(super) const HANDLE_SIZE: usize = match size_of::<usize>() {
    8 => KV_RAM_HANDLE_64,
    _ => KV_RAM_HANDLE_32,
} as usize;

/// Part of KV_STORE_RAM: bytes of a handle where pointers have 32 bits or fewer.
pub const KV_RAM_HANDLE_32: u32 = 1152;
/// Part of KV_STORE_RAM: bytes of a handle where pointers have 64 bits.
pub const KV_RAM_HANDLE_64: u32 = 1280;
/// Part of KV_STORE_RAM: bytes for each segment.
pub const KV_RAM_SEGMENT: u32 = 8;
/// Part of KV_STORE_RAM: bytes of the read buffer and of the write buffer for program units up
/// to 256.
pub const KV_RAM_BUFFERS: u32 = 576;
/// Part of KV_STORE_RAM: bytes lost to aligning the memory, at most.
pub const KV_RAM_SLACK: u32 = 31;
/// Part of KV_STORE_RAM: bytes of an index with room for no key.
pub const KV_RAM_INDEX: u32 = 128;

// The macros of nvkv.h are these numbers; a lent memory of that size is always enough.
const _: () = {
    assert!(
        size_of::<kv_store_t>() <= HANDLE_SIZE,
        "the handle grew: KV_RAM_HANDLE_32 or KV_RAM_HANDLE_64 is too small"
    );
    assert!(HANDLE_SIZE.is_multiple_of(32));
    assert!(size_of::<Segment>() == KV_RAM_SEGMENT as usize);
    assert!(engine::WINDOW + engine::MAX_BLOCK_SMALL_UNITS == KV_RAM_BUFFERS as usize);
    assert!(engine::table_slots(0) * 4 == KV_RAM_INDEX);
    assert!(engine::table_slots(1000) * 4 == KV_RAM_INDEX + 5000);
};

/// More keys than any partition of 2 GiB can hold; what index sizes are calculated with stays
/// within 32 bits.
const KEYS_MAX: u32 = 1 << 28;

/// A checked configuration.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) flash: CFlash,
    pub(super) lock: CLock,
    pub(super) engine: engine::Config,
    pub(super) layout: Layout,
}

/// Where things are in the lent memory, in this order: handle, write buffer, read buffer,
/// segments, index. Sizes are bytes or numbers of elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Alignment of the handle and of both buffers.
    pub(super) align: usize,
    pub(super) block: usize,
    pub(super) window: usize,
    pub(super) segments: usize,
    pub(super) slots: usize,
    /// All of it, and what aligning memory that begins anywhere may cost.
    pub(super) total: usize,
}

/// Checks a configuration.
///
/// # Safety
/// `config` is NULL or keeps the contract "Pointers" of nvkv.h, and its functions that of
/// `kv_flash_t` and `kv_lock_t` until the result is dropped.
pub(super) unsafe fn check(config: *const kv_store_config_t) -> Result<Checked, Error> {
    // SAFETY: this function's contract.
    let config = unsafe { args::reference(config) }?;
    // SAFETY: kv_store_config_t: `flash` points to a kv_flash_t, or is NULL, which is refused.
    let flash = unsafe { args::reference(config.flash) }?;
    // SAFETY: this function's contract.
    let flash = unsafe { CFlash::new(flash) }?;
    let lock = if config.lock.is_null() {
        CLock::NONE
    } else {
        // SAFETY: kv_store_config_t: `lock` points to a kv_lock_t where it is not NULL.
        let lock = unsafe { args::reference(config.lock) }?;
        // SAFETY: this function's contract.
        unsafe { CLock::new(lock) }?
    };
    let engine = engine::Config {
        segment_size: config.segment_size,
        format_if_unrecognised: choice(config.format, KV_FORMAT_IF_UNRECOGNISED)?,
        previous_on_damage: choice(config.on_damage, KV_ON_DAMAGE_PREVIOUS)?,
        skip_verify: choice(config.flags, KV_SKIP_VERIFY)?,
        tidy_always: false,
    };
    let layout = layout(&flash, &engine, config.keys)?;
    Ok(Checked {
        flash,
        lock,
        engine,
        layout,
    })
}

/// 0 is no, `yes` is yes, all else is a mistake.
const fn choice(value: u32, yes: u32) -> Result<bool, Error> {
    match value {
        0 => Ok(false),
        value if value == yes => Ok(true),
        _ => Err(Error::InvalidArgument),
    }
}

/// Sizes of all parts; `OutOfMemory` where they do not fit the address space.
fn layout(flash: &CFlash, engine: &engine::Config, keys: u32) -> Result<Layout, Error> {
    use crate::flash::Flash;

    if keys > KEYS_MAX {
        return Err(Error::InvalidArgument);
    }
    let needs = engine::requirements(flash, engine)?;
    let bytes = |n: u32| usize::try_from(n).map_err(|_| Error::OutOfMemory);
    let align = align_of::<kv_store_t>().max(bytes(flash.shape().program_size.min(32))?);
    let (block, window) = (bytes(needs.block)?, bytes(needs.window)?);
    let (segments, slots) = (bytes(needs.segments)?, bytes(engine::table_slots(keys))?);
    let total = HANDLE_SIZE
        .checked_add(align)
        .and_then(|sum| sum.checked_sub(1))
        .and_then(|sum| sum.checked_add(block))
        .and_then(|sum| sum.checked_add(window))
        .and_then(|sum| sum.checked_add(segments.checked_mul(size_of::<Segment>())?))
        .and_then(|sum| sum.checked_add(slots.checked_mul(size_of::<u32>())?))
        .ok_or(Error::OutOfMemory)?;
    Ok(Layout {
        align,
        block,
        window,
        segments,
        slots,
        total,
    })
}

/// Bytes of RAM that kv_store_open wants for this configuration, at any alignment. At most
/// KV_STORE_RAM for the same keys and segments.
///
/// Of `config`, everything counts but `lock`. Calls `sector_size_at` of the flash, no other
/// function of it. Touches no store: may be called at any time.
///
/// Returns
/// - 0: the configuration is NULL or not valid; kv_store_open then says what is wrong
/// - any positive number: the bytes
///
/// # Safety
/// The contract "Pointers" at the top of nvkv.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kv_store_required_ram(config: *const kv_store_config_t) -> usize {
    // SAFETY: this function's contract.
    unsafe { check(config) }.map_or(0, |checked| checked.layout.total)
}
