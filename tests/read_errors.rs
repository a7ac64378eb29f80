//! Sectors that cannot be read for a while: what is acknowledged meanwhile is there afterwards.
#![cfg(feature = "sim")]
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use common::{IndexSize, Lent};
use nvkv::{
    engine::{Config, Engine},
    flash::sim::{Fault, Geometry, Sim},
};

/// Calls after which a sector stops being readable.
const CALLS: u64 = 24;

/// Formats, stores one value if `filled`, then two more while `sector` fails after `calls` reads;
/// returns how many of the two were acknowledged. Panics when one of those is gone.
fn run(geometry: &Geometry, sector: usize, calls: u64, filled: bool) -> usize {
    let mut sim = Sim::new(geometry.clone(), 1);
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(4));
    Engine::format(&mut sim, lent.memory(), &config).unwrap();
    if filled {
        let mut store = lent.mount(&mut sim, &config).unwrap();
        store.set(b"first", b"1", 0).unwrap();
    }
    sim.fail(sector, Fault::ReadError, calls);
    let keys: [&[u8]; 2] = [b"a", b"key4"];
    let mut stored = [false; 2];
    if let Ok(mut store) = lent.mount(&mut sim, &config) {
        for (key, stored) in keys.into_iter().zip(&mut stored) {
            *stored = store.set(key, b"value", 0).is_ok();
        }
    }
    sim.heal();
    sim.power_off();
    sim.power_on();
    let mut store = lent.mount(&mut sim, &config).unwrap();
    let mut expected: Vec<&[u8]> = Vec::new();
    expected.extend(filled.then_some(&b"first"[..]));
    expected.extend(
        keys.into_iter()
            .zip(stored)
            .filter_map(|(key, stored)| stored.then_some(key)),
    );
    for key in &expected {
        if store.exists(key) != Ok(true) {
            let sectors = geometry.sectors.len();
            panic!("{key:?} is gone: {sectors} sectors, {sector} fails after {calls} calls");
        }
    }
    stored.into_iter().filter(|stored| *stored).count()
}

#[test]
fn what_is_stored_while_a_sector_does_not_read_is_there_later() {
    let mut outcomes = [0_u32; 3];
    for geometry in [
        Geometry::uniform(2, 256, 1),
        Geometry::uniform(2, 256, 8),
        Geometry::uniform(4, 256, 4),
        Geometry::uniform(2, 4096, 4),
        Geometry::uniform(8, 4096, 4),
    ] {
        for sector in 0..geometry.sectors.len() {
            for calls in 0..CALLS {
                for filled in [false, true] {
                    if let Some(count) = outcomes.get_mut(run(&geometry, sector, calls, filled)) {
                        *count += 1;
                    }
                }
            }
        }
    }
    // Both ways out were met: a write that is refused, and one that goes on elsewhere.
    assert!(outcomes.iter().all(|&count| count > 0), "{outcomes:?}");
}
