//! CRC-32 (the reflected polynomial 0xEDB88320), and the hash that places keys in the index.
//!
//! Invariant: format; `docs/format.md` section 2 pins both with test vectors.
#![forbid(unsafe_code)]

/// Bits that one look into the table takes in: four, and the table has 64 bytes, or eight, and it
/// has 1 KiB. docs/adr/0032 has what each costs.
const BITS: u32 = if cfg!(feature = "crc-table") { 8 } else { 4 };
const ENTRIES: usize = 1 << BITS;

/// The remainders of all values of so many bits.
static REMAINDERS: [u32; ENTRIES] = remainders();

#[expect(
    clippy::indexing_slicing,
    reason = "worked out by the compiler, which checks it"
)]
const fn remainders<const N: usize>() -> [u32; N] {
    let mut table = [0_u32; N];
    let mut index = 0;
    while index < N {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < N.trailing_zeros() {
            value = if value & 1 == 1 {
                (value >> 1) ^ 0xEDB8_8320
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

/// A running CRC-32 whose starting value binds what it covers to a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc(u32);

impl Crc {
    /// Starts from `seed`; the standard CRC-32 has seed 0.
    pub(crate) const fn new(seed: u32) -> Self {
        Crc(!seed)
    }

    /// Takes in `bytes`.
    #[inline(never)]
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        let mut crc = self.0;
        for &byte in bytes {
            crc ^= u32::from(byte);
            crc = (crc >> BITS) ^ remainder(crc);
            if BITS == 4 {
                crc = (crc >> BITS) ^ remainder(crc);
            }
        }
        self.0 = crc;
    }

    /// The checksum of all taken in so far.
    pub(crate) const fn value(self) -> u32 {
        !self.0
    }

    /// Whether the last four bytes taken in are the checksum of those before them, lowest first.
    pub(crate) const fn holds(self) -> bool {
        // What any register is after that: with such bytes it does not depend on it.
        self.0 == 0xDEBB_20E3
    }
}

fn remainder(crc: u32) -> u32 {
    let index = crc as usize & (ENTRIES - 1);
    REMAINDERS.get(index).copied().unwrap_or(0)
}

/// CRC-32 of `bytes` from `seed`.
pub(crate) fn crc32(seed: u32, bytes: &[u8]) -> u32 {
    let mut crc = Crc::new(seed);
    crc.add(bytes);
    crc.value()
}

/// The hash of a key in the index: FNV-1a with a final mix, so that keys which differ in their
/// last bytes only are spread over the whole table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hasher(u32);

impl Hasher {
    pub(crate) const fn new() -> Self {
        Hasher(0x811C_9DC5)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }

    pub(crate) const fn value(self) -> u32 {
        let mut hash = self.0;
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x7FEB_352D);
        hash ^= hash >> 15;
        hash = hash.wrapping_mul(0x846C_A68B);
        hash ^ (hash >> 16)
    }
}

#[cfg(test)]
mod tests {
    use super::{Crc, Hasher, crc32};

    #[test]
    fn a_checksum_behind_its_bytes_holds() {
        for seed in [0, 1, 0x766B_766E, u32::MAX] {
            let mut crc = Crc::new(seed);
            crc.add(b"123456789");
            let stored = crc.value().to_le_bytes();
            assert!(!crc.holds());
            crc.add(&stored);
            assert!(crc.holds());
            crc.add(&[0]);
            assert!(!crc.holds());
        }
    }

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32(0, b"123456789"), 0xCBF4_3926);
        assert_ne!(crc32(1, b"123456789"), 0xCBF4_3926);
    }

    /// As the polynomial defines it: bit by bit.
    fn bitwise(seed: u32, bytes: &[u8]) -> u32 {
        let mut crc = !seed;
        for &byte in bytes {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
            }
        }
        !crc
    }

    /// With either table, in one piece or several.
    #[test]
    fn the_table_gives_what_the_bits_give() {
        let mut bytes = [0_u8; 600];
        let mut state = 1_u32;
        for round in 0..200 {
            for byte in &mut bytes {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte = (state >> 24) as u8;
            }
            let (first, second) = bytes.split_at(round * 3);
            let mut crc = Crc::new(state);
            crc.add(first);
            crc.add(second);
            assert_eq!(crc.value(), bitwise(state, &bytes), "round {round}");
        }
    }

    /// Each byte once, so each entry of a table.
    #[test]
    fn every_byte_is_taken_in_rightly() {
        for byte in 0..=u8::MAX {
            assert_eq!(crc32(7, &[byte]), bitwise(7, &[byte]), "{byte}");
        }
    }

    #[test]
    fn hash_in_pieces_is_the_hash_of_the_whole() {
        let mut whole = Hasher::new();
        whole.add(b"app/cfg/00001");
        let mut pieces = Hasher::new();
        pieces.add(b"app/");
        pieces.add(b"cfg/00001");
        assert_eq!(whole.value(), pieces.value());
    }
}
