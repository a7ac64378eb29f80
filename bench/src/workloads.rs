//! The workloads: what is done with a store, and the numbers it is done with.

use crate::flash::{COMPARED, Geometry, larger};

/// xorshift32.
pub struct Random(pub u32);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }

    /// Four fifths of the updates go to one fifth of the keys.
    pub fn skewed(&mut self, keys: u32) -> u32 {
        if self.below(10) < 8 {
            self.below((keys / 5).max(1))
        } else {
            self.below(keys)
        }
    }
}

/// A key of 13 bytes.
pub fn key(id: u32) -> String {
    format!("app/cfg/{id:05}")
}

/// The value of a version of a key.
pub fn value(size: u32, id: u32, version: u32) -> Vec<u8> {
    let state = id.wrapping_mul(2_654_435_761) ^ version.wrapping_mul(40_503) ^ 0x9E37_79B9;
    let mut random = Random(if state == 0 { 1 } else { state });
    (0..size).map(|_| (random.next() >> 11) as u8).collect()
}

/// What is done.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// `keys` values of `size` bytes are set once, then updated, four in five updates to one key
    /// in five; then 2,000 gets, 500 misses, a mount, and every key verified.
    /// With `idle`, the store does work ahead between the updates.
    Update {
        keys: u32,
        size: u32,
        updates: u32,
        idle: bool,
    },
    /// 10,000 operations on 100 names, values of 1 to 200 bytes, one operation in four removes.
    Churn { idle: bool },
    /// Three values of `size` bytes, replaced 50 times in all, each read back.
    Blob { size: u32 },
    /// New keys with values of `size` bytes until there is no room.
    Capacity { size: u32 },
}

/// A workload on a flash.
#[derive(Clone, Debug)]
pub struct Plan {
    pub name: String,
    pub geometry: Geometry,
    pub work: Work,
    /// Bytes of a segment of nvkv; 0 for its own choice.
    pub segment: u32,
    /// Only nvkv is measured.
    pub alone: bool,
}

/// Names of the flashes of [`scaling`], smallest first.
pub const SCALES: [&str; 4] = ["1 MiB", "4 MiB", "16 MiB", "8 MiB"];

/// What a workload is called in which the store does work ahead.
pub fn idle(name: &str) -> String {
    format!("{name}, idle")
}

/// Updates in which the store may do work ahead between two of them, or not.
fn updates(geometry: Geometry, idle: bool) -> Vec<(String, Work)> {
    let update = |keys, size, updates| Work::Update {
        keys,
        size,
        updates,
        idle,
    };
    let many = if geometry.name == "nrf52" { 150 } else { 1000 };
    let mut works = vec![
        ("counter".to_owned(), update(1, 4, 50_000)),
        ("config".to_owned(), update(64, 32, 20_000)),
        ("many".to_owned(), update(many, 32, 20_000)),
    ];
    if geometry.name != "h7" {
        for percent in [20, 40, 60, 80] {
            let keys = u64::from(geometry.size) * percent / 100 / (13 + 128);
            works.push((format!("util{percent}"), update(keys as u32, 128, 20_000)));
        }
        works.push(("churn".to_owned(), Work::Churn { idle }));
    }
    works
}

/// The workloads on which stores are compared, and those with work ahead, which only nvkv does.
fn compared(geometry: Geometry) -> Vec<Plan> {
    let plan = |name, work, alone| Plan {
        name,
        geometry,
        work,
        segment: 0,
        alone,
    };
    let mut works = updates(geometry, false);
    if geometry.name != "h7" {
        let churn = works.pop();
        works.push(("capacity 32".into(), Work::Capacity { size: 32 }));
        works.push(("capacity 4".into(), Work::Capacity { size: 4 }));
        works.extend(churn);
        works.push(("blob 3000".into(), Work::Blob { size: 3000 }));
        works.push(("blob 10000".into(), Work::Blob { size: 10_000 }));
        if geometry.name != "nrf52" {
            works.push(("blob 40000".into(), Work::Blob { size: 40_000 }));
        }
    }
    let ahead = updates(geometry, true);
    let ahead = ahead
        .into_iter()
        .map(|(name, work)| plan(idle(&name), work, true));
    let works = works
        .into_iter()
        .map(|(name, work)| plan(name, work, false));
    works.chain(ahead).collect()
}

/// The same figures where everything is larger: as many keys a MiB, values of 128 bytes, 40 updates
/// of each key, which is several times what the flash holds; segments are a 256th of the flash. And
/// 400 keys in 8 MiB after 200,000 updates: the case in which TDBStore took 15 s to start.
fn scaling() -> Vec<Plan> {
    let plan = |name, text, mib: u32, segment, work| Plan {
        name: "scale".into(),
        geometry: larger(name, text, mib << 20),
        work,
        segment,
        alone: true,
    };
    let [one, four, sixteen, eight] = SCALES;
    let keys = |keys| Work::Update {
        keys,
        size: 128,
        updates: 40 * keys,
        idle: false,
    };
    let aged = Work::Update {
        keys: 400,
        size: 32,
        updates: 200_000,
        idle: false,
    };
    let many = "16 MiB, segments of 64 KiB, 10,000 keys";
    let mut plans = vec![
        plan(
            one,
            "1 MiB, segments of 4 KiB, 625 keys",
            1,
            4 << 10,
            keys(625),
        ),
        plan(
            four,
            "4 MiB, segments of 16 KiB, 2,500 keys",
            4,
            16 << 10,
            keys(2500),
        ),
        plan(sixteen, many, 16, 64 << 10, keys(10_000)),
    ];
    plans.push(Plan {
        name: "aged".into(),
        ..plan(eight, "8 MiB, 400 keys, 200,000 updates", 8, 32 << 10, aged)
    });
    plans
}

/// All workloads.
pub fn plans() -> Vec<Plan> {
    let mut plans: Vec<Plan> = COMPARED.into_iter().flat_map(compared).collect();
    plans.extend(scaling());
    plans
}

impl Plan {
    /// Keys that there will be, at most.
    pub fn keys(&self) -> u32 {
        match self.work {
            Work::Update { keys, .. } => keys,
            Work::Churn { .. } => 100,
            // Large values are kept in pieces, which count as keys.
            Work::Blob { size } => 3 + 3 * size / 300,
            Work::Capacity { size } => self.geometry.size / (13 + size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `fill_value` and `rng_next` of the C driver give, computed with that driver.
    #[test]
    fn numbers_are_those_of_the_driver_in_c() {
        let mut random = Random(12_345);
        let drawn: Vec<u32> = (0..3).map(|_| random.next()).collect();
        assert_eq!(drawn, [3_336_926_330, 1_697_253_807, 2_816_511_904]);
        assert_eq!(value(4, 7, 3), [31, 112, 114, 198]);
        assert_eq!(key(42), "app/cfg/00042");
    }
}
