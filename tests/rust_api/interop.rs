//! What a program in Rust stored, a program in C reads, and the other way round: the functions of
//! `nvkv.h` on the same bytes of flash.
#![expect(unsafe_code, reason = "calls the functions of nvkv.h")]

use super::*;
use nvkv::{callbacks::kv_flash_t, ffi};
use std::{
    ffi::{CString, c_int, c_void},
    ptr,
    sync::Mutex,
};

/// The flash that the callbacks reach.
static CHIP: Mutex<Option<Chip>> = Mutex::new(None);

fn on_chip(call: impl FnOnce(&mut Chip) -> Result<(), NorFlashErrorKind>) -> c_int {
    let mut chip = CHIP.lock().unwrap();
    chip.as_mut().map_or(-1, |chip| match call(chip) {
        Ok(()) => 0,
        Err(_) => -1,
    })
}

unsafe extern "C" fn read(_: *mut c_void, at: u32, buffer: *mut c_void, size: u32) -> c_int {
    // SAFETY: kv_flash_t: the buffer has `size` bytes.
    let buffer = unsafe { std::slice::from_raw_parts_mut(buffer.cast::<u8>(), size as usize) };
    on_chip(|chip| chip.read(at, buffer))
}

unsafe extern "C" fn program(_: *mut c_void, at: u32, data: *const c_void, size: u32) -> c_int {
    // SAFETY: kv_flash_t: `data` has `size` bytes.
    let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size as usize) };
    on_chip(|chip| chip.write(at, data))
}

unsafe extern "C" fn erase(_: *mut c_void, at: u32, size: u32) -> c_int {
    on_chip(|chip| chip.erase(at, at + size))
}

/// Runs `work` with a handle of C on `chip`, and gives the chip back.
fn in_c(chip: Chip, format: u32, work: impl FnOnce(*mut ffi::kv_store_t)) -> Chip {
    let flash = kv_flash_t {
        context: ptr::null_mut(),
        read: Some(read),
        program: Some(program),
        erase: Some(erase),
        sync: None,
        size: chip.bytes.len() as u32,
        read_size: 1,
        program_size: 4,
        sector_size: 4096,
        erased: 0,
        sector_size_at: None,
    };
    let config = ffi::kv_store_config_t {
        flash: &raw const flash,
        lock: ptr::null(),
        keys: 100,
        segment_size: 0,
        format,
        on_damage: 0,
        flags: 0,
    };
    *CHIP.lock().unwrap() = Some(chip);
    let mut ram = vec![0_u8; 8192];
    let mut store = ptr::null_mut();
    // SAFETY: "Pointers" of nvkv.h: all of them are good, and `ram` outlives the store.
    let opened =
        unsafe { ffi::kv_store_open(&config, ram.as_mut_ptr().cast(), ram.len(), &mut store) };
    assert_eq!(opened, 0);
    work(store);
    // SAFETY: as above.
    assert_eq!(unsafe { ffi::kv_store_close(store) }, 0);
    CHIP.lock().unwrap().take().unwrap()
}

fn value(number: u32) -> Vec<u8> {
    Numbers(u64::from(number) + 1).bytes(u64::from(number % 120))
}

fn c_set(store: *mut ffi::kv_store_t, key: &str, value: &[u8], flags: u32) {
    let key = CString::new(key).unwrap();
    // SAFETY: "Pointers" of nvkv.h: key and value are what they should be.
    let status = unsafe {
        ffi::kv_store_set(
            store,
            key.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            flags,
        )
    };
    assert_eq!(status, 0);
}

fn c_get(store: *mut ffi::kv_store_t, key: &str) -> Option<Vec<u8>> {
    let key = CString::new(key).unwrap();
    let mut buffer = vec![0; 30_000];
    let mut size = 0;
    let room = buffer.len();
    // SAFETY: "Pointers" of nvkv.h: the buffer has `room` bytes.
    let status = unsafe {
        ffi::kv_store_get(
            store,
            key.as_ptr(),
            buffer.as_mut_ptr().cast(),
            room,
            &mut size,
        )
    };
    buffer.truncate(size);
    (status == 0).then_some(buffer)
}

#[test]
fn c_and_rust_read_what_the_other_wrote() {
    let large = Numbers(99).bytes(20_000);
    let mut memory = ChipMemory::new();

    // C formats and writes; Rust reads, and writes in its turn; C reads that.
    let chip = in_c(Chip::new(16), ffi::KV_FORMAT_IF_UNRECOGNISED, |store| {
        for number in 0..300 {
            c_set(store, &format!("c/{}", number % 70), &value(number), 0);
        }
        c_set(store, "large", &large, 0);
        c_set(store, "once", b"C", 1);
    });
    let mut store = Store::open(chip, &mut memory, Config::new()).unwrap();
    let mut buffer = vec![0; 30_000];
    for number in 230..300 {
        let read = store.get(format!("c/{}", number % 70), &mut buffer);
        assert_eq!(read, Ok(Some(&value(number)[..])));
    }
    assert_eq!(store.get("large", &mut buffer), Ok(Some(&large[..])));
    assert_eq!(store.set("once", "Rust"), Err(Error::WriteProtected));
    assert_eq!(store.stats().unwrap().keys, 72);
    for number in 0..300 {
        let key = format!("c/{}", number % 50);
        store.set(key, value(number + 1000)).unwrap();
    }
    let mut writer = store.writer("large", 10_000).unwrap();
    writer.write(&large[..10_000]).unwrap();
    writer.finish().unwrap();
    store.remove("c/69").unwrap();
    store.set_with("rust once", "r", Flags::WRITE_ONCE).unwrap();
    let chip = in_c(store.free(), ffi::KV_FORMAT_NEVER, |store| {
        for number in 250..300 {
            let read = c_get(store, &format!("c/{}", number % 50));
            assert_eq!(read, Some(value(number + 1000)));
        }
        for number in 260..279 {
            assert_eq!(
                c_get(store, &format!("c/{}", number % 70)),
                Some(value(number))
            );
        }
        assert_eq!(c_get(store, "c/69"), None);
        assert_eq!(c_get(store, "large"), Some(large[..10_000].to_vec()));
        assert_eq!(c_get(store, "once"), Some(b"C".to_vec()));
        let key = CString::new("rust once").unwrap();
        let byte = [0_u8];
        // SAFETY: "Pointers" of nvkv.h: key and value are what they should be.
        let status = unsafe { ffi::kv_store_set(store, key.as_ptr(), byte.as_ptr().cast(), 1, 0) };
        assert_eq!(status, ffi::status::MBED_ERROR_WRITE_PROTECTED);
    });
    let mut store = Store::open(chip, &mut memory, Config::new()).unwrap();
    assert_eq!(store.check().unwrap().records_damaged, 0);
    assert_eq!(store.stats().unwrap().keys, 72);
}
