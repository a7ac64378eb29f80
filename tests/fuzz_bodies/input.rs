//! The bytes a fuzzer gives, taken one by one; and the partitions it chooses from. They are tiny:
//! what counts is how many images and cuts are tried, and few units are hit more often.

use nvkv::{
    engine::{Config, Engine},
    flash::sim::{Geometry, Rng, Sim},
};

use crate::common::{IndexSize, Lent};

/// The input. Behind its end there are zeros.
pub struct Input<'d> {
    rest: &'d [u8],
}

impl<'d> Input<'d> {
    pub fn new(data: &'d [u8]) -> Self {
        Self { rest: data }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or(0)
    }

    pub fn word(&mut self) -> u16 {
        u16::from(self.byte()) | u16::from(self.byte()) << 8
    }

    /// A number below `limit`; one byte of the input is enough where the limit is small.
    pub fn below(&mut self, limit: u32) -> u32 {
        let drawn = if limit <= 256 {
            u32::from(self.byte())
        } else {
            u32::from(self.word())
        };
        drawn % limit.max(1)
    }

    /// At most so many bytes, as many as there are.
    pub fn bytes(&mut self, most: usize) -> &'d [u8] {
        let (now, later) = self.rest.split_at(most.min(self.rest.len()));
        self.rest = later;
        now
    }

    pub fn rest(&mut self) -> &'d [u8] {
        self.bytes(usize::MAX)
    }
}

/// A partition, and stores on it.
pub struct Seed {
    pub sim: Sim,
    /// Segments of a store on it, each this long and right behind the other.
    pub segment_size: u32,
    pub segments: u32,
    /// A store: empty, with a few keys, well filled.
    pub stores: [Sim; 3],
}

/// Keys of the seeds; the fuzzed operations use the same.
pub fn key(id: u32) -> Vec<u8> {
    match id % 8 {
        0 => b"a".to_vec(),
        1 => b"ab".to_vec(),
        5 => vec![b'l'; 40],
        id => format!("key{id}").into_bytes(),
    }
}

fn geometries() -> Vec<Geometry> {
    let nor = Geometry::uniform;
    let in_place = |geometry| Geometry {
        needs_erase: false,
        ..geometry
    };
    vec![
        nor(2, 256, 1),
        nor(2, 256, 8),
        nor(4, 256, 4),
        Geometry {
            erased_byte: Some(0),
            read_size: 4,
            ..nor(2, 512, 16)
        },
        in_place(nor(4, 256, 1)),
        in_place(Geometry {
            erased_byte: None,
            ..nor(2, 512, 1)
        }),
        Geometry {
            erased_byte: None,
            ..nor(2, 1024, 64)
        },
        nor(8, 256, 2),
        Geometry {
            read_size: 16,
            ..nor(3, 512, 32)
        },
        Geometry {
            erased_byte: None,
            read_size: 2,
            ..nor(4, 512, 8)
        },
        Geometry {
            sectors: vec![512, 256, 256, 512],
            ..nor(0, 0, 4)
        },
        nor(5, 256, 1),
    ]
}

/// One for each kind of flash.
pub fn seeds() -> &'static [Seed] {
    static SEEDS: std::sync::OnceLock<Vec<Seed>> = std::sync::OnceLock::new();
    SEEDS.get_or_init(|| geometries().into_iter().map(seed).collect())
}

fn seed(geometry: Geometry) -> Seed {
    let sim = Sim::new(geometry, 1);
    let needs = nvkv::engine::requirements(&sim, &Config::default()).expect("it is supported");
    let store = |writes: u32, keys: u32| {
        let config = Config::default();
        let mut sim = sim.clone();
        let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(8));
        Engine::format(&mut sim, lent.memory(), &config).expect("it can be formatted");
        let mut store = lent.mount(&mut sim, &config).expect("it mounts");
        let mut rng = Rng::new(u64::from(writes));
        for at in 0..writes {
            let mut value = vec![0; rng.below(24) as usize];
            rng.fill(&mut value);
            // What does not fit is not there: no seed needs it.
            let _full = store.set(&key(at % keys), &value, u8::from(at % 16 == 15));
            if at % 5 == 4 {
                let _absent = store.remove(&key(rng.below(u64::from(keys)) as u32));
            }
        }
        sim
    };
    Seed {
        segment_size: needs.segment_size,
        segments: needs.segments,
        stores: [store(0, 1), store(6, 3), store(60, 7)],
        sim,
    }
}
