//! nvkv, through the functions of its C ABI.

use std::{
    cell::RefCell,
    ffi::{CString, c_int, c_void},
    ptr, slice,
};

use nvkv::{
    callbacks::{KV_ERASED_FF, kv_flash_t},
    ffi::{
        KV_ON_DAMAGE_ERROR, kv_store_close, kv_store_config_t, kv_store_format, kv_store_get,
        kv_store_maintain, kv_store_open, kv_store_remove, kv_store_required_ram, kv_store_set,
        kv_store_t, status,
    },
};

use super::{Opening, Refusal, Session, Store};
use crate::flash::{Flash, Shared};

struct Nvkv {
    handle: *mut kv_store_t,
    ram: usize,
}

fn result(status: c_int) -> Result<(), Refusal> {
    match status {
        status::MBED_SUCCESS => Ok(()),
        status::MBED_ERROR_ITEM_NOT_FOUND => Err(Refusal::NotFound),
        status::MBED_ERROR_MEDIA_FULL => Err(Refusal::Full),
        status::MBED_ERROR_INVALID_SIZE => {
            Err(Refusal::Unsupported("a value of this size".to_owned()))
        }
        other => Err(Refusal::Failed(format!("status {other}"))),
    }
}

fn c_text(key: &str) -> Result<CString, Refusal> {
    CString::new(key).map_err(|error| Refusal::Failed(error.to_string()))
}

/// Calls the flash that `context` points to.
///
/// # Safety
/// `context` is that of [`open`], which keeps the flash while the store is open.
unsafe fn with_flash(
    context: *mut c_void,
    work: impl FnOnce(&mut Flash) -> Result<(), crate::flash::Refused>,
) -> c_int {
    // SAFETY: this function's contract.
    let flash = unsafe { &*context.cast::<RefCell<Flash>>() };
    match work(&mut flash.borrow_mut()) {
        Ok(()) => 0,
        Err(crate::flash::Refused) => -1,
    }
}

unsafe extern "C" fn read(
    context: *mut c_void,
    address: u32,
    buffer: *mut c_void,
    size: u32,
) -> c_int {
    // SAFETY: `read` of kv_flash_t: `size` bytes at `buffer`.
    let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast::<u8>(), size as usize) };
    // SAFETY: the context is the one of `open`.
    unsafe { with_flash(context, |flash| flash.read(address, buffer)) }
}

unsafe extern "C" fn program(
    context: *mut c_void,
    address: u32,
    data: *const c_void,
    size: u32,
) -> c_int {
    // SAFETY: `program` of kv_flash_t: `size` bytes at `data`.
    let data = unsafe { slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    // SAFETY: the context is the one of `open`.
    unsafe { with_flash(context, |flash| flash.program(address, data)) }
}

unsafe extern "C" fn erase(context: *mut c_void, address: u32, size: u32) -> c_int {
    // SAFETY: the context is the one of `open`.
    unsafe { with_flash(context, |flash| flash.erase(address, size)) }
}

impl Store for Nvkv {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal> {
        let key = c_text(key)?;
        // SAFETY: an open store, a C string, and a value of that size.
        result(unsafe {
            kv_store_set(
                self.handle,
                key.as_ptr(),
                value.as_ptr().cast(),
                value.len(),
                0,
            )
        })
    }

    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal> {
        let key = c_text(key)?;
        let mut size = 0;
        // SAFETY: an open store, a C string, a buffer of that size, and room for a size.
        result(unsafe {
            kv_store_get(
                self.handle,
                key.as_ptr(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                &mut size,
            )
        })?;
        Ok(size)
    }

    fn remove(&mut self, key: &str) -> Result<(), Refusal> {
        let key = c_text(key)?;
        // SAFETY: an open store and a C string.
        result(unsafe { kv_store_remove(self.handle, key.as_ptr()) })
    }

    fn maintain(&mut self) -> Result<(), Refusal> {
        // SAFETY: an open store.
        let steps = unsafe { kv_store_maintain(self.handle, u32::MAX) };
        result(steps.min(0))
    }

    fn ram(&self) -> usize {
        self.ram
    }
}

pub fn open(shared: &Shared, opening: Opening, session: Session<'_>) -> Result<(), Refusal> {
    let geometry = shared.borrow().geometry;
    let flash = kv_flash_t {
        context: (&raw const **shared).cast_mut().cast(),
        read: Some(read),
        program: Some(program),
        erase: Some(erase),
        sync: None,
        size: geometry.size,
        read_size: geometry.read,
        program_size: geometry.program,
        sector_size: geometry.sector,
        erased: KV_ERASED_FF,
        sector_size_at: None,
    };
    let config = kv_store_config_t {
        flash: &flash,
        lock: ptr::null(),
        keys: opening.keys,
        segment_size: opening.segment,
        format: 0,
        on_damage: KV_ON_DAMAGE_ERROR,
        flags: 0,
    };
    // SAFETY: a configuration whose pointers are NULL or valid.
    let needed = unsafe { kv_store_required_ram(&config) };
    let mut ram = vec![0_u8; needed];
    if opening.format {
        // SAFETY: the same, and memory of that size.
        result(unsafe { kv_store_format(&config, ram.as_mut_ptr().cast(), ram.len()) })?;
    }
    let mut handle = ptr::null_mut();
    // SAFETY: the same; the memory and the flash outlive the store, which is closed below.
    result(unsafe { kv_store_open(&config, ram.as_mut_ptr().cast(), ram.len(), &mut handle) })?;
    session(&mut Nvkv {
        handle,
        ram: needed,
    });
    // SAFETY: an open store.
    result(unsafe { kv_store_close(handle) })
}
