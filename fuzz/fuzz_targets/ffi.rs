//! Fuzz target `ffi`; what it does is in `tests/fuzz_bodies/ffi`, which the tests run too.
#![no_main]

#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/fuzz_bodies/mod.rs"]
mod fuzz_bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_bodies::ffi::run(data));
