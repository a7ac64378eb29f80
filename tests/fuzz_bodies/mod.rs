//! What the fuzz targets do with their input. The ordinary tests run the same with fixed inputs.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each fuzz target uses a part of it"
)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

#[path = "../header/documented.rs"]
pub mod documented;
pub mod ffi;
pub mod forge;
pub mod image;
pub mod input;
pub mod ops;
