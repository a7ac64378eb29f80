//! The kinds of flash that every test runs on.

use nvkv::flash::sim::Geometry;

const K: u32 = 1024;
const ZERO: Option<u8> = Some(0x00);

/// A kind of flash.
pub struct Class {
    pub name: &'static str,
    pub geometry: Geometry,
}

impl Class {
    pub fn size(&self) -> u32 {
        self.geometry.sectors.iter().sum()
    }

    pub fn smallest_two_sectors(&self) -> u32 {
        self.geometry
            .sectors
            .iter()
            .max()
            .map_or(0, |size| 2 * size)
    }

    /// Small enough to try all pairs of cuts.
    pub fn is_tiny(&self) -> bool {
        self.size() <= 2 * K
    }
}

fn nor(count: usize, size: u32, unit: u32) -> Geometry {
    Geometry::uniform(count, size, unit)
}

/// Every class. The number of a class is part of the line that replays a case: add at the end.
pub fn classes() -> Vec<Class> {
    let named = |(name, geometry)| Class { name, geometry };
    small().into_iter().chain(large()).map(named).collect()
}

fn small() -> Vec<(&'static str, Geometry)> {
    let eeprom = |geometry| Geometry {
        needs_erase: false,
        ..geometry
    };
    vec![
        ("two of 256", nor(2, 256, 1)),
        ("two of 256, unit 8", nor(2, 256, 8)),
        ("four of 512, unit 4", nor(4, 512, 4)),
        (
            "two of 1K, unit 4, erased 0",
            Geometry {
                erased_byte: ZERO,
                ..nor(2, K, 4)
            },
        ),
        ("EEPROM 1K", eeprom(nor(4, 256, 1))),
        (
            "FRAM 2K",
            Geometry {
                erased_byte: None,
                ..eeprom(nor(8, 256, 1))
            },
        ),
        ("three of 512, unit 16", nor(3, 512, 16)),
        ("two of 4K, unit 32", nor(2, 4 * K, 32)),
        (
            "two of 2K, unit 64, unknown",
            Geometry {
                erased_byte: None,
                ..nor(2, 2 * K, 64)
            },
        ),
        ("EEPROM with pages of 64", eeprom(nor(2, 2 * K, 64))),
        ("24 of 1K, unit 4, no erase", eeprom(nor(24, K, 4))),
        (
            "eight of 1K, unit 8, unknown, read 4",
            Geometry {
                erased_byte: None,
                read_size: 4,
                ..nor(8, K, 8)
            },
        ),
    ]
}

fn large() -> Vec<(&'static str, Geometry)> {
    let f4 = [[16 * K; 4].as_slice(), &[64 * K, 128 * K, 128 * K]].concat();
    let mixed = vec![2 * K, 4 * K, 2 * K, 2 * K, 4 * K, K, K, 2 * K];
    vec![
        ("eight of 4K", nor(8, 4 * K, 1)),
        ("twenty of 4K, unit 4", nor(20, 4 * K, 4)),
        ("64 of 512, unit 2", nor(64, 512, 2)),
        ("256 of 256", nor(256, 256, 1)),
        (
            "STM32F4",
            Geometry {
                sectors: f4,
                ..nor(0, 0, 4)
            },
        ),
        (
            "mixed, unit 8",
            Geometry {
                sectors: mixed,
                ..nor(0, 0, 8)
            },
        ),
        (
            "16 of 4K, unit 256, read 16",
            Geometry {
                read_size: 16,
                ..nor(16, 4 * K, 256)
            },
        ),
        ("six of 16K, unit 1024", nor(6, 16 * K, 1024)),
        (
            "four of 8K, unit 512, read 4",
            Geometry {
                read_size: 4,
                ..nor(4, 8 * K, 512)
            },
        ),
        ("two of 128K, unit 32", nor(2, 128 * K, 32)),
        ("four of 256K, unit 64", nor(4, 256 * K, 64)),
        (
            "24 of 1K, unit 16, erased 0, read 16",
            Geometry {
                erased_byte: ZERO,
                read_size: 16,
                ..nor(24, K, 16)
            },
        ),
    ]
}
