//! Stores of the program's own, behind a path: calls into its `kv_backend_t`.

use core::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use crate::{
    callbacks::kv_backend_t,
    ffi::{args, status, value::kv_info_t},
};

/// The most iterators that may be open; what is kept of one is its number and this.
const ITERATORS: u32 = 16;

/// The answer where the program has no such function.
fn or_unsupported(answer: Option<c_int>) -> c_int {
    answer.unwrap_or(status::MBED_ERROR_UNSUPPORTED)
}

/// The number of an iterator, of what was kept of it.
fn number(token: usize) -> u32 {
    let [low, ..] = token.to_le_bytes();
    u32::from(low) & (ITERATORS - 1)
}

/// The table of the program.
///
/// # Safety
/// `user` was given to kv_attach_backend, and lives.
unsafe fn table(user: *mut kv_backend_t) -> kv_backend_t {
    // SAFETY: this function's contract; kv_attach_backend checked NULL and alignment.
    unsafe { user.read() }
}

/// Functions that pass their arguments on.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            /// # Safety
            /// As for [`table`]; the arguments are what [`kv_backend_t`] says.
            pub(super) unsafe fn $name(user: *mut kv_backend_t, $($argument: $type),*) -> c_int {
                // SAFETY: this function's contract.
                let table = unsafe { table(user) };
                // SAFETY: this function's contract.
                or_unsupported(unsafe { table.$name($($argument),*) })
            }
        )*
    };
}

pass_on! {
    set(key: *const c_char, buffer: *const c_void, size: usize, flags: u32);
    remove(key: *const c_char);
    reset();
}

/// # Safety
/// As for [`set`].
pub(super) unsafe fn get(
    user: *mut kv_backend_t,
    key: *const c_char,
    buffer: *mut c_void,
    buffer_size: usize,
    actual_size: *mut usize,
    offset: usize,
) -> c_int {
    let mut actual = 0;
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract; `actual` is here.
    let answer =
        or_unsupported(unsafe { table.get(key, buffer, buffer_size, &mut actual, offset) });
    if answer == status::MBED_SUCCESS {
        // SAFETY: "Pointers": NULL, or room for a size.
        unsafe { args::put(actual_size, actual) };
    }
    answer
}

/// # Safety
/// As for [`set`].
pub(super) unsafe fn get_info(
    user: *mut kv_backend_t,
    key: *const c_char,
    info: *mut kv_info_t,
) -> c_int {
    let mut found = kv_info_t { size: 0, flags: 0 };
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract; both places are here.
    let answer = or_unsupported(unsafe { table.get_info(key, &mut found.size, &mut found.flags) });
    if answer == status::MBED_SUCCESS {
        // SAFETY: "Pointers": NULL, or room for one.
        unsafe { args::put(info, found) };
    }
    answer
}

/// The handle as a number, not 0, or the status.
///
/// # Safety
/// As for [`set`].
pub(super) unsafe fn set_start(
    user: *mut kv_backend_t,
    key: *const c_char,
    final_size: usize,
    flags: u32,
) -> Result<usize, c_int> {
    let mut handle = ptr::null_mut();
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract; `handle` is here.
    match or_unsupported(unsafe { table.set_start(&mut handle, key, final_size, flags) }) {
        // NULL would be no open value.
        status::MBED_SUCCESS if handle.is_null() => Err(status::MBED_ERROR_FAILED_OPERATION),
        status::MBED_SUCCESS => Ok(handle.expose_provenance()),
        error => Err(error),
    }
}

/// # Safety
/// As for [`set`]; `token` is what [`set_start`] gave.
pub(super) unsafe fn set_add_data(
    user: *mut kv_backend_t,
    token: usize,
    buffer: *const c_void,
    size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    let handle = ptr::with_exposed_provenance_mut(token);
    // SAFETY: this function's contract.
    or_unsupported(unsafe { table.set_add_data(handle, buffer, size) })
}

/// # Safety
/// As for [`set_add_data`].
pub(super) unsafe fn set_finalize(user: *mut kv_backend_t, token: usize) -> c_int {
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    let handle = ptr::with_exposed_provenance_mut(token);
    // SAFETY: this function's contract.
    or_unsupported(unsafe { table.set_finalize(handle) })
}

/// # Safety
/// As for [`set_add_data`].
pub(super) unsafe fn set_abort(user: *mut kv_backend_t, token: usize) -> c_int {
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    let handle = ptr::with_exposed_provenance_mut(token);
    // SAFETY: this function's contract.
    or_unsupported(unsafe { table.set_abort(handle) })
}

/// What to keep of the iterator, not 0, or the status.
///
/// # Safety
/// As for [`set`].
pub(super) unsafe fn iterator_open(
    user: *mut kv_backend_t,
    prefix: *const c_char,
) -> Result<usize, c_int> {
    let mut number = ITERATORS;
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract; `number` is here.
    match or_unsupported(unsafe { table.iterator_open(&mut number, prefix) }) {
        status::MBED_SUCCESS => match u8::try_from(number) {
            Ok(number) if u32::from(number) < ITERATORS => {
                Ok(usize::from(number) | ITERATORS as usize)
            }
            _ => Err(status::MBED_ERROR_FAILED_OPERATION),
        },
        error => Err(error),
    }
}

/// # Safety
/// As for [`set`]; `token` is what [`iterator_open`] gave.
pub(super) unsafe fn iterator_next(
    user: *mut kv_backend_t,
    token: usize,
    key: *mut c_char,
    key_size: usize,
) -> c_int {
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract.
    or_unsupported(unsafe { table.iterator_next(number(token), key, key_size) })
}

/// # Safety
/// As for [`iterator_next`].
pub(super) unsafe fn iterator_close(user: *mut kv_backend_t, token: usize) -> c_int {
    // SAFETY: this function's contract.
    let table = unsafe { table(user) };
    // SAFETY: this function's contract.
    or_unsupported(unsafe { table.iterator_close(number(token)) })
}
