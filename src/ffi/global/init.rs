//! The first call: the program's kv_init_storage_config, once, and again until it succeeds.
//!
//! Weak symbols are not in stable Rust; the assembler has them. Which object formats have them
//! in a static library is another matter: where it is not ELF, the function is not called.

use core::{
    ffi::c_int,
    sync::atomic::{AtomicU8, Ordering},
};

use crate::{ffi::status, lock::claim};

static STATE: AtomicU8 = AtomicU8::new(NEW);
const NEW: u8 = 0;
const RUNNING: u8 = 1;
const DONE: u8 = 2;
/// How often a thread waits for another one's first call, a millisecond each: longer than a store
/// takes to open.
const WAITS: u32 = 10_000;

/// Sees to it that the program had its chance to open stores and attach them. What the program's
/// function returns is passed on unchanged.
pub(super) fn once() -> Result<(), c_int> {
    for _ in 0..WAITS {
        if STATE.load(Ordering::Acquire) == DONE {
            return Ok(());
        }
        if claim::claim(&STATE, NEW, RUNNING) {
            return run();
        }
        // Another thread runs it, or it calls the global API itself; or it has ended just now.
        if !hook::wait() {
            break;
        }
    }
    match STATE.load(Ordering::Acquire) {
        DONE => Ok(()),
        _ => Err(status::MBED_ERROR_ALREADY_IN_USE),
    }
}

/// Calls it: this thread alone does.
fn run() -> Result<(), c_int> {
    let answer = hook::call();
    let next = if answer == status::MBED_SUCCESS {
        DONE
    } else {
        NEW
    };
    claim::release(&STATE, next);
    match answer {
        status::MBED_SUCCESS => Ok(()),
        error => Err(error),
    }
}

/// cbindgen:ignore
#[cfg(not(any(windows, target_vendor = "apple")))]
mod hook {
    use core::{arch::global_asm, ffi::c_int, ptr};

    use crate::ffi::{global::registry, status};

    // In one module with the functions that they name, since the assembler can give a second
    // name only to what is in the same object.
    global_asm!(
        ".weak kv_init_storage_config",
        ".set kv_init_storage_config, nvkv_init_nothing",
        ".weak nvkv_kv_init_storage_config",
        ".set nvkv_kv_init_storage_config, nvkv_init_default",
        // In no object at all where no C++ header of Mbed's names is included.
        ".weak nvkv_default_storage_config",
        ".weak nvkv_wait_for_init",
    );

    unsafe extern "C" {
        fn kv_init_storage_config() -> c_int;
        fn nvkv_kv_init_storage_config() -> c_int;
        /// As the linker resolved it: this library's, or that of Mbed OS.
        fn kv_set();
        fn nvkv_kv_set();
        /// Of include/mbed: makes the stores that the configuration asks for, and attaches them.
        fn nvkv_default_storage_config() -> c_int;
        /// Of include/mbed: waits a millisecond; 0 where that is not possible.
        fn nvkv_wait_for_init() -> c_int;
    }

    type Function = unsafe extern "C" fn() -> c_int;

    /// A function that the program may lack.
    fn present(function: Function) -> Option<Function> {
        // Volatile, and as a number: the compiler takes every function to be there.
        // SAFETY: a local variable of the size of a number.
        let address = unsafe { ptr::read_volatile((&raw const function).cast::<usize>()) };
        (address != 0).then_some(function)
    }

    /// Default of kv_init_storage_config: the program attached its stores by itself, or has a
    /// configuration for Mbed's classes, or attaches later.
    #[unsafe(no_mangle)]
    extern "C" fn nvkv_init_nothing() -> c_int {
        match present(nvkv_default_storage_config) {
            // SAFETY: include/mbed: "int nvkv_default_storage_config(void)".
            Some(configure) if registry::is_empty() => unsafe { configure() },
            _ => status::MBED_SUCCESS,
        }
    }

    /// Waits for the first call of another thread, if the program can.
    ///
    /// Not inlined: only in the object that holds the assembler's lines is the reference weak.
    #[inline(never)]
    pub(super) fn wait() -> bool {
        // SAFETY: include/mbed: "int nvkv_wait_for_init(void)".
        present(nvkv_wait_for_init).is_some_and(|wait| unsafe { wait() } != 0)
    }

    /// Default of what kv_init_storage_config is called beside Mbed OS. In a program that has
    /// Mbed's KVStore, the plain name is Mbed's function, which would make a store of its own in
    /// the flash.
    #[unsafe(no_mangle)]
    extern "C" fn nvkv_init_default() -> c_int {
        let plain: unsafe extern "C" fn() = kv_set;
        let own: unsafe extern "C" fn() = nvkv_kv_set;
        // Volatile: the compiler takes two names for two functions, and would not look.
        // SAFETY: a reference to a local variable.
        let plain = unsafe { ptr::read_volatile(&plain) };
        if (plain as usize) != (own as usize) {
            return nvkv_init_nothing();
        }
        // SAFETY: nvkv.h: "int kv_init_storage_config(void)"; its default is above.
        unsafe { kv_init_storage_config() }
    }

    pub(super) fn call() -> c_int {
        // SAFETY: nvkv.h: "int kv_init_storage_config(void)"; its default is above.
        unsafe { nvkv_kv_init_storage_config() }
    }
}

#[cfg(any(windows, target_vendor = "apple"))]
mod hook {
    use core::ffi::c_int;

    use crate::ffi::status;

    pub(super) fn call() -> c_int {
        status::MBED_SUCCESS
    }

    pub(super) fn wait() -> bool {
        false
    }
}
