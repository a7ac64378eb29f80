//! C pointers and lengths to Rust references: every check that needs no store.
//!
//! What cannot be checked (that a pointer which is not NULL points to as many bytes as the length
//! beside it says) is the contract at the top of nvkv.h, "Pointers".

use core::{
    ffi::{c_char, c_void},
    slice,
};

use crate::error::Error;

/// Longest key, without its NUL.
pub(super) const KEY_MAX: usize = 1024;
/// Longest value. A longer buffer is never touched beyond it.
pub(super) const VALUE_MAX: usize = 4 << 20;
/// All flags a value may have: write-once, confidential, replay protected.
const FLAGS: u32 = 1 | 2 | 8;

/// A structure of the caller.
///
/// # Safety
/// `pointer` is NULL or points to a `T` that nobody changes during `'a`.
pub(super) unsafe fn reference<'a, T>(pointer: *const T) -> Result<&'a T, Error> {
    if !pointer.is_aligned() {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: "Pointers": not NULL, then it points to what its type says. Aligned: just checked.
    unsafe { pointer.as_ref() }.ok_or(Error::InvalidArgument)
}

/// The bytes of a text without its NUL; nothing beyond the first 1025 is looked at.
///
/// # Safety
/// `text` is not NULL and points to a NUL-terminated text or to at least 1025 readable bytes, and
/// nobody changes it during `'a`.
#[inline(never)]
unsafe fn text<'a>(text: *const c_char) -> Result<&'a [u8], Error> {
    let text = text.cast::<u8>();
    for length in 0..=KEY_MAX {
        let end = text.wrapping_add(length);
        // SAFETY: "Pointers": a key ends with NUL, and no byte before this one was NUL.
        if unsafe { end.read() } == 0 {
            // SAFETY: the `length` bytes before the NUL were just read.
            return Ok(unsafe { slice::from_raw_parts(text, length) });
        }
    }
    Err(Error::InvalidArgument)
}

/// A key: 1 to 1024 bytes, each of any value but 0.
///
/// # Safety
/// As for [`text`], or NULL.
pub(super) unsafe fn key<'a>(key: *const c_char) -> Result<&'a [u8], Error> {
    if key.is_null() {
        return Err(Error::InvalidArgument);
    }
    // SAFETY: not NULL; the rest is this function's contract.
    match unsafe { text(key) }? {
        [] => Err(Error::InvalidArgument),
        key => Ok(key),
    }
}

/// A prefix of keys: NULL and "" are that of all keys.
///
/// # Safety
/// As for [`text`], or NULL.
pub(super) unsafe fn prefix<'a>(prefix: *const c_char) -> Result<&'a [u8], Error> {
    if prefix.is_null() {
        return Ok(&[]);
    }
    // SAFETY: not NULL; the rest is this function's contract.
    unsafe { text(prefix) }
}

/// Bytes to store.
///
/// # Safety
/// `buffer` is NULL or points to `size` bytes that nobody changes during `'a`.
pub(super) unsafe fn input<'a>(buffer: *const c_void, size: usize) -> Result<&'a [u8], Error> {
    match (buffer.is_null(), size) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::InvalidArgument),
        (false, 1..=VALUE_MAX) => {
            // SAFETY: "Pointers": not NULL, then it points to `size` bytes; `size` was bounded.
            Ok(unsafe { slice::from_raw_parts(buffer.cast(), size) })
        }
        (false, _) => Err(Error::TooLarge),
    }
}

/// Room for a value, or `None` for a NULL pointer with a size. No value is longer than
/// [`VALUE_MAX`], so no more of the buffer is taken.
///
/// # Safety
/// `buffer` is NULL or points to `size` bytes that nobody else uses during `'a`.
pub(super) unsafe fn output<'a>(buffer: *mut c_void, size: usize) -> Option<&'a mut [u8]> {
    if size == 0 {
        return Some(&mut []);
    }
    if buffer.is_null() {
        return None;
    }
    // SAFETY: "Pointers": not NULL, then it points to `size` bytes, of which no more are taken.
    Some(unsafe { slice::from_raw_parts_mut(buffer.cast(), size.min(VALUE_MAX)) })
}

/// Hands a result to the caller, who may not want it (NULL).
///
/// # Safety
/// `place` is NULL or points to room for a `T`, at any alignment.
pub(super) unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: "Pointers": not NULL, then it points to room for what its type says.
        unsafe { place.write_unaligned(value) };
    }
}

/// The flags of a value.
pub(super) fn flags(flags: u32) -> Result<u8, Error> {
    match u8::try_from(flags) {
        Ok(known) if flags & !FLAGS == 0 => Ok(known),
        _ => Err(Error::InvalidArgument),
    }
}
