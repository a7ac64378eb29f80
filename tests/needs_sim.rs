//! Says what a plain `cargo test` leaves out: the tests that need the simulator are compiled
//! only with `--features sim`, as `cargo xtask test` does.
#![cfg(not(feature = "sim"))]

#[test]
#[ignore = "the model, power-loss and simulator tests need --features sim: run `cargo xtask test`"]
fn tests_on_the_simulator() {}
