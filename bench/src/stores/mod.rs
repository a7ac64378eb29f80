//! What the benchmark asks of a store, and the list of stores.

#[expect(unsafe_code, reason = "calls of the C ABI")]
pub mod nvkv;

#[cfg(feature = "peers")]
pub mod chip;
#[cfg(feature = "peers")]
pub mod ekv;
#[cfg(feature = "peers")]
pub mod littlefs;
#[cfg(feature = "peers")]
pub mod sequential;
#[cfg(feature = "peers")]
pub mod tickv;

use crate::flash::Shared;

/// Why an operation did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotFound,
    Full,
    /// The store cannot do that on this flash, or with a value of this size.
    Unsupported(String),
    Failed(String),
}

/// A store that is open.
pub trait Store {
    fn set(&mut self, key: &str, value: &[u8]) -> Result<(), Refusal>;
    /// Returns the bytes copied.
    fn get(&mut self, key: &str, buffer: &mut [u8]) -> Result<usize, Refusal>;
    fn remove(&mut self, key: &str) -> Result<(), Refusal>;
    /// Does ahead what later calls would have to do, where the store has a function for that.
    fn maintain(&mut self) -> Result<(), Refusal> {
        Ok(())
    }
    /// Bytes of RAM that the store holds while it is open: objects, tables, caches. Not what it
    /// borrows for the time of a call.
    fn ram(&self) -> usize;
}

/// How to open a store.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// The flash is erased, and an empty store is made of it.
    pub format: bool,
    /// Keys that there will be, for stores whose index or cache has a size.
    pub keys: u32,
    /// Bytes of a segment; 0 for the store's own choice.
    pub segment: u32,
}

/// What is done with an open store.
pub type Session<'w> = &'w mut dyn FnMut(&mut dyn Store);

/// A kind of store.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    /// Opens a store on the flash, calls the session once, and closes it.
    pub open: fn(&Shared, Opening, Session<'_>) -> Result<(), Refusal>,
}

/// The store that is developed here.
pub const OWN: &str = "nvkv";

/// All stores of this build.
pub fn all() -> Vec<Kind> {
    vec![
        Kind {
            name: OWN,
            open: nvkv::open,
        },
        #[cfg(feature = "peers")]
        Kind {
            name: "sequential-storage, key cache",
            open: sequential::open_cached,
        },
        #[cfg(feature = "peers")]
        Kind {
            name: "sequential-storage, no cache",
            open: sequential::open_uncached,
        },
        #[cfg(feature = "peers")]
        Kind {
            name: "ekv",
            open: ekv::open,
        },
        #[cfg(feature = "peers")]
        Kind {
            name: "littlefs2",
            open: littlefs::open,
        },
        #[cfg(feature = "peers")]
        Kind {
            name: "tickv",
            open: tickv::open,
        },
    ]
}
