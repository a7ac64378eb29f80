//! nvkv: key-value storage for microcontrollers that survives any power cut.
//!
//! Data goes down through the layers and back, and nothing points upwards:
//!
//! | layer | what it does |
//! |---|---|
//! | [`ffi`] | the C ABI: pointers and lengths checked, one safe call, a status number |
//! | [`engine`] | one partition: set, get, remove, iterate, collection, recovery |
//! | [`flash`] | the [`Flash`](flash::Flash) trait, and the simulator (feature `sim`) |
//! | [`callbacks`] | calls out to the user's C functions |
//! | `lock` | what is needed of locks without an operating system |
//!
//! `docs/format.md` is the normative description of what is on flash.
#![no_std]

// Not used by what ships: it brings the panic handler that an archive for a host needs.
#[cfg(not(target_os = "none"))]
extern crate std;

#[expect(unsafe_code, reason = "calls out: the user's C functions")]
pub mod callbacks;
pub mod engine;
pub mod error;
#[expect(unsafe_code, reason = "calls in: exported symbols and C pointers")]
pub mod ffi;
pub mod flash;
mod lock;
pub mod store;

#[cfg(feature = "embedded-storage")]
pub use embedded_storage;
pub use error::Error;
#[cfg(feature = "embedded-storage")]
pub use store::NorStore;
pub use store::{Config, Flags, Info, Keys, Memory, Reader, Sizes, Store, Writer, slots};

/// No code of the archive panics, so a linked image does not contain this; the linker wants it.
#[cfg(all(target_os = "none", feature = "panic-handler"))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
