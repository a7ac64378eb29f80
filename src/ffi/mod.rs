//! The C ABI: calls in. `include/nvkv.h` is generated from this module and from `callbacks`.
//!
//! Every function does the same: the pointers and lengths become references (`args`), the
//! handle is checked, locked and marked busy (`handle`), one safe call goes to the engine, and its
//! result becomes a status number ([`status`]). What cannot be checked is the contract "Pointers"
//! at the top of the header, which each `SAFETY` comment here names.
//!
//! Invariant: no decision about stored data is taken here.

mod args;
mod handle;

// The header has them in this order, which the empty lines keep.
mod config;

mod store;

mod value;

mod stream;

mod iterate;

mod reserved;

mod report;

mod lock;

mod global;

pub mod status;

pub use config::{
    KV_FORMAT_IF_UNRECOGNISED, KV_FORMAT_NEVER, KV_ON_DAMAGE_ERROR, KV_ON_DAMAGE_PREVIOUS,
    KV_RAM_BUFFERS, KV_RAM_HANDLE_32, KV_RAM_HANDLE_64, KV_RAM_INDEX, KV_RAM_SEGMENT, KV_RAM_SLACK,
    KV_SKIP_VERIFY, kv_store_config_t, kv_store_required_ram,
};
pub use global::{
    KV_PARTITION_NAME_LENGTH, KV_PARTITIONS, kv_attach, kv_attach_backend, kv_detach, kv_exists,
    kv_get_at, kv_set_abort, kv_set_add_data, kv_set_finalize, kv_set_start, nvkv_kv_get,
    nvkv_kv_get_info, nvkv_kv_iterator_close, nvkv_kv_iterator_next, nvkv_kv_iterator_open,
    nvkv_kv_remove, nvkv_kv_reset, nvkv_kv_set,
};
pub use handle::kv_store_t;
pub use iterate::{
    _opaque_kv_key_iterator, kv_iterator_t, kv_store_iterator_close, kv_store_iterator_next,
    kv_store_iterator_open,
};
pub use lock::{kv_spin_lock, kv_spin_unlock};
pub use report::{
    kv_check_report_t, kv_stats_t, kv_store_check, kv_store_maintain, kv_store_stats,
};
pub use reserved::{KV_RESERVED_DATA_SIZE, kv_store_reserved_data_get, kv_store_reserved_data_set};
pub use status::kv_error_name;
pub use store::{kv_store_close, kv_store_format, kv_store_open, kv_store_reset};
pub use stream::{
    kv_set_handle, kv_set_handle_t, kv_store_set_abort, kv_store_set_add_data,
    kv_store_set_finalize, kv_store_set_start,
};
pub use value::{
    kv_info_t, kv_store_exists, kv_store_get, kv_store_get_at, kv_store_get_info, kv_store_remove,
    kv_store_set,
};
