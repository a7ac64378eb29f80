//! Partitions and sizes: nothing outside a partition is touched, ranges that cannot be are refused,
//! and the sizes known when a program is compiled are those that the engine asks for.

use super::*;
use nvkv::{
    Sizes,
    engine::{self, requirements},
    flash::{Flash, FlashError, Shape},
};

/// A driver that stops the test when a call leaves the partition.
struct Fenced {
    chip: Chip,
    from: u32,
    to: u32,
}

impl Fenced {
    fn check(&self, from: u32, to: u32) {
        assert!(from >= self.from && to <= self.to, "{from:#x}..{to:#x}");
    }
}

impl ErrorType for Fenced {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Fenced {
    const READ_SIZE: usize = Chip::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.check(offset, offset + bytes.len() as u32);
        self.chip.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.chip.capacity()
    }
}

impl NorFlash for Fenced {
    const WRITE_SIZE: usize = Chip::WRITE_SIZE;
    const ERASE_SIZE: usize = Chip::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.check(from, to);
        self.chip.erase(from, to)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.check(offset, offset + bytes.len() as u32);
        self.chip.write(offset, bytes)
    }
}

#[test]
fn nothing_outside_a_partition_is_touched() {
    for (from, to) in [(0, 0x4000), (0x3000, 0x8000), (0xC000, 0x1_0000)] {
        let chip = Chip::new(16);
        let mut fenced = Fenced { chip, from, to };
        let mut memory = ChipMemory::new();
        let mut numbers = Numbers(7);
        for _ in 0..5 {
            let store = Store::open_range(&mut fenced, from..to, &mut memory, FORMAT);
            let mut store = store.unwrap();
            for _ in 0..150 {
                let key = [numbers.below(20) as u8];
                let size = numbers.below(200);
                store.set(key, numbers.bytes(size)).unwrap();
            }
            store.check().unwrap();
            while store.maintain(9).unwrap() == 9 {}
        }
        assert!(fenced.chip.calls[2] > 6, "nothing was collected");
        let inside = from as usize..to as usize;
        let outside = |(at, byte): (usize, &u8)| inside.contains(&at) || *byte == 0xFF;
        assert!(fenced.chip.bytes.iter().enumerate().all(outside));
    }
}

#[test]
fn two_partitions_of_one_chip_are_two_stores() {
    let mut chip = Chip::new(16);
    let mut memory = ChipMemory::new();
    for round in 0..3_u8 {
        for (range, name) in [(0..0x8000, "low"), (0x8000..0x1_0000, "high")] {
            let store = Store::open_range(&mut chip, range, &mut memory, FORMAT);
            let mut store = store.unwrap();
            if round > 0 {
                assert_eq!(store.get(name, &mut [0; 1]), Ok(Some(&[round - 1][..])));
            }
            store.set(name, [round]).unwrap();
            assert_eq!(store.stats().unwrap().keys, 1);
        }
    }
}

#[test]
#[expect(
    clippy::reversed_empty_ranges,
    reason = "what is wrong is to be refused"
)]
fn ranges_that_cannot_be_are_refused() {
    let wrong = [
        0..0,
        0x1000..0x1000,
        0x2000..0x1000,
        0x0004..0x4000,
        0x0000..0x4004,
        0x8000..0x1_1000,
        0x1_0000..0x2_0000,
        0x1000..u32::MAX,
        0..0xFFFF_F000,
    ];
    for range in wrong {
        let refused = Nor::range(Chip::new(16), range.clone()).map(|_| ());
        assert_eq!(refused, Err(Error::InvalidArgument), "{range:x?}");
        let refused = ReadNor::new(Chip::new(16), range.clone(), 4, 4096).map(|_| ());
        assert_eq!(refused, Err(Error::InvalidArgument), "{range:x?}");
    }
    let refused = ReadNor::new(Chip::new(16), 0..0x4000, 4, 0).map(|_| ());
    assert_eq!(refused, Err(Error::InvalidArgument));
    // Sizes that no store has are found when it is opened.
    let partition = ReadNor::new(Chip::new(16), 0..0x4000, 3, 4096).unwrap();
    let refused = Reader::mount(partition, &mut ChipMemory::new(), FORMAT).map(|_| ());
    assert_eq!(refused, Err(Error::InvalidArgument));
}

/// A driver that is too large, and one with a rest that is no sector.
struct Sized(usize);

impl ErrorType for Sized {
    type Error = std::convert::Infallible;
}

impl ReadNorFlash for Sized {
    const READ_SIZE: usize = 1;

    fn read(&mut self, _: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        bytes.fill(0xFF);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0
    }
}

impl NorFlash for Sized {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, _: u32, _: u32) -> Result<(), Self::Error> {
        Ok(())
    }

    fn write(&mut self, _: u32, _: &[u8]) -> Result<(), Self::Error> {
        Ok(())
    }
}

#[test]
fn capacities_are_met() {
    let size = |capacity| Nor::new(Sized(capacity)).map(|flash| flash.shape().size);
    assert_eq!(size(0x4000), Ok(0x4000));
    assert_eq!(size(0x4FFF), Ok(0x4000));
    assert_eq!(size(0x0FFF), Err(Error::InvalidArgument));
    assert_eq!(size(0x8000_0000), Ok(0x8000_0000));
    assert_eq!(size(0x8000_1000), Err(Error::InvalidArgument));
    #[cfg(target_pointer_width = "64")]
    assert_eq!(size(0x1_0000_4000), Err(Error::InvalidArgument));
    let upper = Nor::range(Sized(0xFFFF_F000), 0x8000_0000..0xFFFF_F000);
    assert_eq!(upper.unwrap().shape().size, 0x7FFF_F000);
}

/// A flash of which only the sizes matter.
struct Described(Shape, u32);

impl Flash for Described {
    fn shape(&self) -> Shape {
        self.0
    }
    fn sector_size(&self, _: u32) -> u32 {
        self.1
    }
    fn read(&mut self, _: u32, _: &mut [u8]) -> Result<(), FlashError> {
        Err(FlashError)
    }
    fn program(&mut self, _: u32, _: &[u8]) -> Result<(), FlashError> {
        Err(FlashError)
    }
    fn erase(&mut self, _: u32, _: u32) -> Result<(), FlashError> {
        Err(FlashError)
    }
}

#[test]
fn sizes_are_those_of_the_engine() {
    let mut compared = 0;
    for sector_bits in 5..20 {
        for count in [2, 3, 4, 16, 100, 4096, 70_000] {
            for unit_bits in 0..=10 {
                for read_bits in [0, 2, 4, 5, 8] {
                    let sector_size = 1_u32 << sector_bits;
                    let Some(size) = sector_size.checked_mul(count) else {
                        continue;
                    };
                    let shape = Shape {
                        size,
                        read_size: 1 << read_bits,
                        program_size: 1 << unit_bits,
                        erased_byte: Some(0xFF),
                        needs_erase: true,
                    };
                    compared += compare(shape, sector_size);
                }
            }
        }
    }
    assert!(compared > 3000, "only {compared} can be stores");
}

fn compare(shape: Shape, sector_size: u32) -> u32 {
    let flash = Described(shape, sector_size);
    let mut compared = 0;
    for segment_size in [0, sector_size, 4 * sector_size] {
        let config = engine::Config {
            segment_size,
            ..engine::Config::default()
        };
        let Ok(needs) = requirements(&flash, &config) else {
            continue;
        };
        let config = Config::new().segment_size(segment_size);
        let sizes = Sizes::new(&shape, sector_size, &config, 100);
        let found = [sizes.segments, sizes.block, sizes.window];
        let wanted = [needs.segments, needs.block, needs.window];
        assert_eq!(
            found,
            wanted.map(|n| n as usize),
            "{shape:?} {segment_size}"
        );
        assert_eq!(sizes.slots, engine::table_slots(100) as usize);
        compared += 1;
    }
    compared
}

#[test]
fn drivers_get_data_that_are_aligned() {
    let mut memory = ChipMemory::new();
    let lent: engine::Memory<'_> = (&mut memory).into();
    for buffer in [&*lent.block, &*lent.window] {
        assert!(buffer.as_ptr().addr().is_multiple_of(32));
    }
    assert_eq!((lent.segments.len(), lent.table.len()), (16, 157));
    assert_eq!(nvkv::slots(usize::MAX), usize::MAX);
}
