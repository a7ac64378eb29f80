//! Stores of the user, which paths reach as they reach those of this library: a table of
//! functions, called with what the path led to.
#![expect(non_camel_case_types, reason = "names of the C header")]

use core::ffi::{c_char, c_int, c_void};

/// See `set` in kv_backend_t.
pub type kv_backend_set_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        key: *const c_char,
        buffer: *const c_void,
        size: usize,
        flags: u32,
    ) -> c_int,
>;

/// See `get` in kv_backend_t.
pub type kv_backend_get_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        key: *const c_char,
        buffer: *mut c_void,
        buffer_size: usize,
        actual_size: *mut usize,
        offset: usize,
    ) -> c_int,
>;

/// See `get_info` in kv_backend_t.
pub type kv_backend_info_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        key: *const c_char,
        size: *mut usize,
        flags: *mut u32,
    ) -> c_int,
>;

/// See `remove` in kv_backend_t.
pub type kv_backend_key_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, key: *const c_char) -> c_int>;

/// See `reset` in kv_backend_t.
pub type kv_backend_reset_fn = Option<unsafe extern "C" fn(context: *mut c_void) -> c_int>;

/// See `set_start` in kv_backend_t.
pub type kv_backend_start_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        handle: *mut *mut c_void,
        key: *const c_char,
        final_size: usize,
        flags: u32,
    ) -> c_int,
>;

/// See `set_add_data` in kv_backend_t.
pub type kv_backend_add_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        handle: *mut c_void,
        buffer: *const c_void,
        size: usize,
    ) -> c_int,
>;

/// See `set_finalize` in kv_backend_t.
pub type kv_backend_end_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, handle: *mut c_void) -> c_int>;

/// See `iterator_open` in kv_backend_t.
pub type kv_backend_open_fn = Option<
    unsafe extern "C" fn(context: *mut c_void, number: *mut u32, prefix: *const c_char) -> c_int,
>;

/// See `iterator_next` in kv_backend_t.
pub type kv_backend_next_fn = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        number: u32,
        key: *mut c_char,
        key_size: usize,
    ) -> c_int,
>;

/// See `iterator_close` in kv_backend_t.
pub type kv_backend_close_fn =
    Option<unsafe extern "C" fn(context: *mut c_void, number: u32) -> c_int>;

/// A store of the program's own, for kv_attach_backend: what the functions of the global API call
/// when a path leads to it.
///
/// Each function returns a status, which is passed on unchanged. Where one is NULL, the answer is
/// MBED_ERROR_UNSUPPORTED. Keys are what is left of the path, never NULL, and not checked: they
/// may be empty or hold bytes that Mbed does not allow. Flags, buffers and sizes are the caller's.
/// Where several threads use the paths, they come in here unhindered.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct kv_backend_t {
    /// Passed to every function as it is. May be NULL.
    pub context: *mut c_void,
    /// For kv_set.
    pub set: kv_backend_set_fn,
    /// For kv_get and kv_get_at. `actual_size`, never NULL, receives the bytes copied.
    pub get: kv_backend_get_fn,
    /// For kv_get_info and kv_exists. `size` and `flags` are never NULL.
    pub get_info: kv_backend_info_fn,
    /// For kv_remove.
    pub remove: kv_backend_key_fn,
    /// For kv_reset.
    pub reset: kv_backend_reset_fn,
    /// For kv_set_start. `handle`, never NULL, receives anything but NULL. While a value is open,
    /// a second one takes its place: its handle is refused from then on.
    pub set_start: kv_backend_start_fn,
    /// For kv_set_add_data, with what `set_start` gave.
    pub set_add_data: kv_backend_add_fn,
    /// For kv_set_finalize, with what `set_start` gave; it is not used again.
    pub set_finalize: kv_backend_end_fn,
    /// For kv_set_abort, and for a value that is open when its name is taken away.
    pub set_abort: kv_backend_end_fn,
    /// For kv_iterator_open. `number`, never NULL, receives 0 to 15, as no other open iterator of
    /// this store has. `prefix` is NULL where the path was.
    pub iterator_open: kv_backend_open_fn,
    /// For kv_iterator_next: writes the key and its NUL to `key`. Where `key_size` is 0, `key` is
    /// NULL. MBED_ERROR_INVALID_ARGUMENT for a number that is not open.
    pub iterator_next: kv_backend_next_fn,
    /// For kv_iterator_close. MBED_ERROR_INVALID_ARGUMENT for a number that is not open.
    pub iterator_close: kv_backend_close_fn,
}

/// Calls one function of the table; `None` where it is NULL.
macro_rules! calls {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`; `None` where it is NULL.")]
            ///
            /// # Safety
            /// The functions are NULL or what the fields say; the arguments are what they ask for.
            pub(crate) unsafe fn $name(&self, $($argument: $type),*) -> Option<c_int> {
                let function = self.$name?;
                // SAFETY: this function's contract.
                Some(unsafe { function(self.context, $($argument),*) })
            }
        )*
    };
}

impl kv_backend_t {
    calls! {
        set(key: *const c_char, buffer: *const c_void, size: usize, flags: u32);
        get(
            key: *const c_char, buffer: *mut c_void, buffer_size: usize,
            actual_size: *mut usize, offset: usize
        );
        get_info(key: *const c_char, size: *mut usize, flags: *mut u32);
        remove(key: *const c_char);
        reset();
        set_start(
            handle: *mut *mut c_void, key: *const c_char, final_size: usize, flags: u32
        );
        set_add_data(handle: *mut c_void, buffer: *const c_void, size: usize);
        set_finalize(handle: *mut c_void);
        set_abort(handle: *mut c_void);
        iterator_open(number: *mut u32, prefix: *const c_char);
        iterator_next(number: u32, key: *mut c_char, key_size: usize);
        iterator_close(number: u32);
    }
}
