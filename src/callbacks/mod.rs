//! Calls out: the user's C functions as Rust traits.
//!
//! The rule for every call out: the function belongs to the user and may fail at any time; its
//! `context` is passed back untouched and never read; 0 means done, every other number is an
//! error. Buffers lent to it are valid only during the call. It must not call into the store it
//! serves: the handle is marked busy meanwhile and such a call is refused with
//! `MBED_ERROR_ALREADY_IN_USE`.
//!
//! Invariant: nothing here knows of keys or records; nothing here holds a lock.

mod flash;
mod lock;

mod backend;

pub use backend::{
    kv_backend_add_fn, kv_backend_close_fn, kv_backend_end_fn, kv_backend_get_fn,
    kv_backend_info_fn, kv_backend_key_fn, kv_backend_next_fn, kv_backend_open_fn,
    kv_backend_reset_fn, kv_backend_set_fn, kv_backend_start_fn, kv_backend_t,
};
pub(crate) use flash::CFlash;
pub use flash::{
    KV_ERASED_00, KV_ERASED_FF, KV_ERASED_UNKNOWN, kv_erase_fn, kv_flash_t, kv_program_fn,
    kv_read_fn, kv_sector_size_fn, kv_sync_fn,
};
pub(crate) use lock::{CLock, spin_obtain, spin_release};
pub use lock::{kv_lock_fn, kv_lock_t, kv_pause_fn, kv_spin_t, kv_thread_fn};
