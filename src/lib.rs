//! nvkv: key-value storage for microcontrollers that survives any power cut.
//!
//! For a program in Rust, [`Store`] is the place to begin. With the feature `embedded-storage` it
//! opens on any `embedded_storage::nor_flash::NorFlash`:
//!
//! ```toml
//! nvkv = { version = "0.1", features = ["embedded-storage"] }
//! ```
//!
#![cfg_attr(
    feature = "embedded-storage",
    doc = r#"```
# include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rust_api/ram.inc"));
use nvkv::{Config, Memory, Store};

# fn main() -> Result<(), nvkv::Error> {
# let flash = Ram::<4, 4, 4096>::new(16);
// 16 sectors, and an index for 100 keys.
let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
let config = Config::new().format_if_unrecognised();
let mut store = Store::open(flash, &mut memory, config)?;

store.set("wifi/ssid", "harbour")?;
let mut buffer = [0; 32];
if let Some(ssid) = store.get("wifi/ssid", &mut buffer)? {
    // connect to it
#   assert_eq!(ssid, b"harbour");
}
# Ok(())
# }
```
"#
)]
//!
//! There is no heap; all memory is lent by the caller. Without that feature there are no
//! dependencies, and a program in Rust for a target without an operating system says
//! `default-features = false`, since the C archive brings its own panic handler. The feature
//! `defmt` lets [`Error`] be logged.
//!
//! # Layers
//!
//! Data goes down through the layers and back, and nothing points upwards:
//!
//! | layer | what it does |
//! |---|---|
//! | [`ffi`] | the C ABI: pointers and lengths checked, one safe call, a status number |
//! | [`store`] | the API for programs in Rust: [`Store`], [`Reader`], [`Writer`], [`Keys`] |
//! | [`engine`] | one partition: set, get, remove, iterate, collection, recovery |
//! | [`flash`] | the [`Flash`](flash::Flash) trait, drivers of Rust, the simulator (`sim`) |
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
/// A program in Rust, and so the feature for those, has one of its own.
#[cfg(all(
    target_os = "none",
    feature = "panic-handler",
    not(feature = "embedded-storage")
))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
