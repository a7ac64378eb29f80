//! The sequence of operations of the soak, as `tests/firmware/sequence.c` has it: which key, and
//! whether it is removed.

/// As in `sequence.h`.
pub(super) const KEYS: usize = 48;

/// What an operation does to its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    pub(super) key: usize,
    pub(super) removes: bool,
}

/// A number that has nothing to do with its neighbours'.
pub(super) fn mix(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85EB_CA6B);
    x ^= x >> 13;
    x = x.wrapping_mul(0xC2B2_AE35);
    x ^ x >> 16
}

pub(super) fn operation(number: u32) -> Operation {
    let random = mix(number.wrapping_add(1));
    Operation {
        key: random as usize % KEYS,
        removes: (random >> 24).is_multiple_of(8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_come_and_some_are_removed() {
        let operations: Vec<_> = (0..1000).map(operation).collect();
        for key in 0..KEYS {
            assert!(operations.iter().any(|operation| operation.key == key));
        }
        let removes = operations.iter().filter(|operation| operation.removes);
        assert!((80..170).contains(&removes.count()));
    }
}
