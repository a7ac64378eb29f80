//! Wear is level: on a steady workload every segment is erased about as often as any other, also
//! those that hold what never changes.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;
mod workloads;

use std::cell::RefCell;

use common::{IndexSize, Lent};
use nvkv::{
    engine::{Config, Engine},
    error::Error,
    flash::sim::{Geometry, Rng, Sim},
};
use workloads::{Random, Shared, key, value};

/// Erases that the segments are to have on average.
const MEAN: u32 = 60;
/// Erases by which two segments may differ whatever the mean is.
const SPREAD: u32 = 4;
/// And in hundredths of the mean.
const PERCENT: u32 = 15;

/// What changes and what stays.
struct Load {
    name: &'static str,
    /// Hundredths of the partition that static and changing records take.
    fixed: u32,
    changing: u32,
    /// Four fifths of the writes go to one fifth of the keys.
    is_skewed: bool,
    /// Operations between two mounts; 0: never.
    mount_each: u32,
}

const LOADS: [Load; 6] = [
    Load {
        name: "one counter",
        fixed: 0,
        changing: 0,
        is_skewed: false,
        mount_each: 0,
    },
    Load {
        name: "a counter beside static data",
        fixed: 50,
        changing: 0,
        is_skewed: false,
        mount_each: 0,
    },
    Load {
        name: "a counter, mounted often",
        fixed: 30,
        changing: 0,
        is_skewed: false,
        mount_each: 40,
    },
    Load {
        name: "all keys alike",
        fixed: 0,
        changing: 40,
        is_skewed: false,
        mount_each: 0,
    },
    Load {
        name: "skewed",
        fixed: 0,
        changing: 50,
        is_skewed: true,
        mount_each: 0,
    },
    Load {
        name: "skewed beside static data",
        fixed: 40,
        changing: 15,
        is_skewed: true,
        mount_each: 500,
    },
];

const SIZE: u32 = 32;

/// The erases of the segments; or what went wrong.
fn erases(geometry: &Geometry, load: &Load) -> Result<Vec<u32>, Error> {
    let sim = Sim::new(geometry.clone(), 1);
    let (size, sectors) = (sim.size(), geometry.sectors.len() as u32);
    let record = (13 + SIZE + 9).next_multiple_of(geometry.program_size);
    let fixed = size / 100 * load.fixed / record;
    let keys = fixed + (size / 100 * load.changing / record).max(1);
    let config = Config::default();
    let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(keys));
    let sim = RefCell::new(sim);
    let flash = Shared(&sim);
    Engine::format(flash, lent.memory(), &config)?;
    let mut store = Engine::mount(flash, lent.memory(), &config)?;
    for id in 0..keys {
        store.set(&key(id), &value(SIZE, id, 0), 0)?;
    }
    let mut skewed = Random(12345);
    let mut alike = Rng::new(1);
    let goal = u64::from(MEAN * sectors);
    let mut at = 0;
    while sim.borrow().counters().erases < goal {
        at += 1;
        if load.mount_each > 0 && at % load.mount_each == 0 {
            store = Engine::mount(flash, lent.memory(), &config)?;
        }
        let id = if load.is_skewed {
            skewed.skewed(keys - fixed)
        } else {
            alike.below(u64::from(keys - fixed)) as u32
        };
        store.set(&key(fixed + id), &value(SIZE, id, at), 0)?;
    }
    assert_eq!(sim.borrow().breaches(), []);
    let erases = sim.borrow().sector_erases();
    Ok(erases)
}

#[test]
fn segments_wear_alike() {
    let mut failures = 0;
    for geometry in [
        Geometry::uniform(64, 4096, 1),
        Geometry::uniform(8, 4096, 4),
        Geometry::uniform(24, 1024, 16),
        Geometry::uniform(8, 1024, 8),
    ] {
        for load in &LOADS {
            let shape = (
                geometry.sectors.len(),
                geometry.sectors[0],
                geometry.program_size,
            );
            let erases = match erases(&geometry, load) {
                Ok(erases) => erases,
                Err(error) => {
                    println!("{shape:?}, {}: {error}", load.name);
                    failures += 1;
                    continue;
                }
            };
            let least = erases.iter().min().copied().unwrap_or(0);
            let most = erases.iter().max().copied().unwrap_or(0);
            let mean = erases.iter().sum::<u32>() / erases.len() as u32;
            let allowed = SPREAD.max(mean * PERCENT / 100);
            println!("{shape:?}, {}: {least}..{most}, mean {mean}", load.name);
            if most - least > allowed {
                println!("    differs by more than {allowed}: {erases:?}");
                failures += 1;
            }
        }
    }
    assert_eq!(failures, 0, "the lines above say which");
}
