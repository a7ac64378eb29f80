//! Mbed's global API: keys by path, "/partition/key", and the names that partitions have.
//!
//! Each function finds the partition (`registry`) and the key (`path`) and calls the function of
//! the handle API that does the work, so that what both do is the same.
//!
//! Names for the linker. Mbed's own library may be in the same program, with functions of the same
//! names, and must not clash. So these functions are called `nvkv_kv_set` and so on, which nvkv.h
//! uses beside Mbed; `kv_set` is a second, weak name: taken where nobody else defines it.
//!
//! Invariant: no decision about stored data is taken here.

use core::ffi::{c_char, c_int};

use super::{args, status};
use crate::error::Error;

mod backend;
mod init;
mod path;
mod registry;

use registry::Target;

/// Second names for functions of the same module.
macro_rules! mbed_names {
    ($($name:literal)*) => {
        $(
            #[cfg(not(any(windows, target_vendor = "apple")))]
            core::arch::global_asm!(
                concat!(".weak ", $name),
                concat!(".set ", $name, ", nvkv_", $name),
            );
            // No Mbed to make way for; and C names begin with an underscore, but for one system.
            #[cfg(any(target_vendor = "apple", all(windows, target_arch = "x86")))]
            core::arch::global_asm!(
                concat!(".globl _", $name),
                concat!(".set _", $name, ", _nvkv_", $name),
            );
            #[cfg(all(windows, not(target_arch = "x86")))]
            core::arch::global_asm!(
                concat!(".globl ", $name),
                concat!(".set ", $name, ", nvkv_", $name),
            );
        )*
    };
}

// The header has them in this order, which the empty lines keep.
mod partitions;

mod value;

mod stream;

mod iterate;

pub use iterate::{nvkv_kv_iterator_close, nvkv_kv_iterator_next, nvkv_kv_iterator_open};
pub use partitions::{
    KV_PARTITION_NAME_LENGTH, KV_PARTITIONS, kv_attach, kv_attach_backend, kv_detach,
};
pub use stream::{kv_set_abort, kv_set_add_data, kv_set_finalize, kv_set_start};
pub use value::{
    kv_exists, kv_get_at, nvkv_kv_get, nvkv_kv_get_info, nvkv_kv_remove, nvkv_kv_reset, nvkv_kv_set,
};

/// A partition, and the path that led to it.
struct Place<'p> {
    found: registry::Found,
    path: path::Path<'p>,
    key: *const c_char,
}

impl Place<'_> {
    fn target(&self) -> Target {
        self.found.target
    }

    /// The key. It ends where the path ends: with NUL. In a store of this library it is one that
    /// Mbed's API allows; the program's own stores decide by themselves.
    fn key(&self) -> Result<*const c_char, c_int> {
        match self.target() {
            Target::Backend(_) if !self.key.is_null() => Ok(self.key),
            _ => path::check_key(self.path.key)
                .map(|()| self.key)
                .map_err(status::of_error),
        }
    }
}

/// Finds the partition that a path names, after the program attached its partitions.
///
/// # Safety
/// `text` is NULL, or "Pointers" holds for it as for a key.
unsafe fn place<'p>(text: *const c_char) -> Result<Place<'p>, c_int> {
    init::once()?;
    // SAFETY: this function's contract.
    let bytes = unsafe { args::prefix(text) }.map_err(status::of_error)?;
    let path = path::parse(bytes);
    let found = registry::find(&path).map_err(status::of_error)?;
    Ok(Place {
        found,
        path,
        key: text.wrapping_add(path.key_at),
    })
}

/// The same, with the key.
///
/// # Safety
/// As for [`place`].
unsafe fn keyed(text: *const c_char) -> Result<(Target, *const c_char), c_int> {
    // SAFETY: this function's contract.
    let place = unsafe { place(text) }?;
    Ok((place.target(), place.key()?))
}

/// The one number, whichever way it came.
fn status_of(result: Result<c_int, c_int>) -> c_int {
    match result {
        Ok(status) | Err(status) => status,
    }
}

/// Mbed has no number of its own for a value that can never fit: it answers as for one that does
/// not fit now.
fn never_is_full(status: c_int) -> c_int {
    match status {
        status::MBED_ERROR_INVALID_SIZE => status::of_error(Error::Full),
        other => other,
    }
}
