//! Says what a plain `cargo test` leaves out: the tests that need the simulator are compiled
//! only with `--features sim`, those of the API for Rust with `--features embedded-storage`; `cargo
//! xtask test` has both.
#![cfg(not(all(feature = "sim", feature = "embedded-storage")))]

#[cfg(not(feature = "sim"))]
#[test]
#[ignore = "the model, power-loss and simulator tests need --features sim: run `cargo xtask test`"]
fn tests_on_the_simulator() {}

#[cfg(not(feature = "embedded-storage"))]
#[test]
#[ignore = "the tests of the API for Rust need --features embedded-storage: run `cargo xtask test`"]
fn tests_over_drivers_of_rust() {}
