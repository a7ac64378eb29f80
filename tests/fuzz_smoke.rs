//! The bodies of the fuzz targets with inputs that never change: what runs of the fuzzer found,
//! and pseudo-random bytes.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;
mod fuzz_bodies;

use std::{
    any::Any,
    cell::RefCell,
    fmt::Write as _,
    sync::{
        Once,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use common::{env_number, in_parallel, panic_text};
use nvkv::flash::sim::Rng;

/// Failures printed before a run ends.
const FAILURES_MAX: u32 = 10;

/// A random input, shorter ones likelier.
fn draw(seed: u64, longest: u64) -> Vec<u8> {
    let mut rng = Rng::new(seed);
    let size = 3 + rng.below(longest) * rng.below(longest) / longest;
    let mut bytes = vec![0; size as usize];
    rng.fill(&mut bytes);
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ok = write!(text, "{byte:02x}");
        text
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap_or(0))
        .collect()
}

thread_local! {
    /// Where the last panic was.
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

fn fails(body: fn(&[u8]), data: &[u8]) -> Option<String> {
    static HOOK: Once = Once::new();
    // Thousands of failures on the way to the smallest input are not to be printed.
    HOOK.call_once(|| {
        let print = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| match panic.location() {
            Some(place) if !place.file().ends_with("fuzz_smoke.rs") => {
                PLACE.set(format!("{}:{}", place.file(), place.line()));
            }
            _ => print(panic),
        }));
    });
    let result = std::panic::catch_unwind(|| body(data));
    let text = |panic: Box<dyn Any + Send>| format!("{}: {}", PLACE.take(), panic_text(&*panic));
    result.err().map(text)
}

/// Drops bytes and zeros them as long as it still fails, at the same place.
fn minimise(body: fn(&[u8]), data: &[u8]) -> Vec<u8> {
    let place = |error: &String| error.split(": ").next().map(str::to_owned);
    let Some(first) = fails(body, data).as_ref().map(place) else {
        return data.to_vec();
    };
    let fails = |body, data: &[u8]| fails(body, data).filter(|error| place(error) == first);
    let mut best = data.to_vec();
    let mut changed = true;
    while changed {
        changed = false;
        for size in [16, 4, 1] {
            let mut at = 0;
            while at + size <= best.len() {
                let mut shorter = best.clone();
                shorter.drain(at..at + size);
                if fails(body, &shorter).is_some() {
                    best = shorter;
                    changed = true;
                } else {
                    at += size;
                }
            }
        }
        for at in 0..best.len() {
            for value in [0, best[at] & 0x0F, best[at] & 0xF0] {
                let mut simpler = best.clone();
                simpler[at] = value;
                if value < best[at] && fails(body, &simpler).is_some() {
                    best = simpler;
                    changed = true;
                }
            }
        }
    }
    best
}

fn smoke(name: &str, body: fn(&[u8]), runs: u64, longest: u64) {
    let first = env_number("NVKV_SEED").unwrap_or(1) << 32;
    let runs = env_number("NVKV_FUZZ_RUNS").unwrap_or(runs);
    let failed = AtomicU32::new(0);
    in_parallel(runs as usize, |at| {
        if failed.load(Relaxed) >= FAILURES_MAX {
            return;
        }
        let data = draw(first + at as u64, longest);
        if fails(body, &data).is_some() {
            failed.fetch_add(1, Relaxed);
            let least = minimise(body, &data);
            let error = fails(body, &least).unwrap_or_default();
            println!(
                "NVKV_REPLAY='{name}/{}' cargo test --features sim --test fuzz_smoke replay -- \
                 --nocapture # {error}",
                hex(&least)
            );
        }
    });
    let failed = failed.load(Relaxed);
    println!("{name}: {runs} runs, {failed} failed");
    assert_eq!(failed, 0, "the lines above replay the runs that failed");
}

#[test]
fn images() {
    smoke("image", fuzz_bodies::image::run, 20_000, 200);
}

#[test]
fn operations() {
    smoke("ops", fuzz_bodies::ops::run, 2_000, 120);
}

#[test]
fn c_calls() {
    smoke("ffi", fuzz_bodies::ffi::run, 20_000, 300);
}

fn body_of(name: &str) -> fn(&[u8]) {
    match name {
        "image" => fuzz_bodies::image::run,
        "ops" => fuzz_bodies::ops::run,
        "ffi" => fuzz_bodies::ffi::run,
        _ => panic!("{name:?} is not image, ops or ffi"),
    }
}

/// Inputs that once failed, one a line as `replay` takes it.
#[test]
fn what_was_found_before() {
    let mut failed = 0;
    for line in include_str!("fuzz_bodies/found.txt").lines() {
        let (name, input) = line.split_once('/').unwrap_or_default();
        if let Some(error) = fails(body_of(name), &bytes(input)) {
            println!("{line}: {error}");
            failed += 1;
        }
    }
    assert_eq!(failed, 0, "the lines above fail again");
}

/// The line that a failure printed; or `image/`, `ops/` or `ffi/` and a file that the fuzzer
/// left. With `NVKV_MINIMISE` it prints the shortest line that fails likewise.
#[test]
fn replay() {
    let Ok(line) = std::env::var("NVKV_REPLAY") else {
        return;
    };
    let (name, input) = line.split_once('/').unwrap_or_default();
    let body = body_of(name);
    let data = std::fs::read(input).unwrap_or_else(|_| bytes(input));
    if std::env::var_os("NVKV_MINIMISE").is_some() {
        println!("{name}/{}", hex(&minimise(body, &data)));
    } else {
        body(&data);
    }
}
