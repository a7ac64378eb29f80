//! The API for programs in Rust, over drivers that enforce what `embedded-storage` asks for:
//! what it answers, what it borrows and gives back, what it never touches.
#![cfg(feature = "embedded-storage")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

// Shared with the examples in the documentation, which can only include it.
include!("rust_api/ram.inc");

#[cfg(feature = "sim")]
#[path = "rust_api/cuts.rs"]
mod cuts;
#[path = "rust_api/example.rs"]
mod example;
#[path = "rust_api/geometry.rs"]
mod geometry;
#[path = "rust_api/interop.rs"]
mod interop;
#[path = "rust_api/model.rs"]
mod model;
#[path = "rust_api/readme.rs"]
mod readme;

use nvkv::{
    Config, Error, Flags, Memory, NorStore, Reader, Store,
    flash::nor::{Nor, ReadNor},
};

/// An ordinary chip: 16 sectors of 4 KiB, words of 4 bytes.
type Chip = Ram<1, 4, 4096>;
type ChipMemory = Memory<16, { nvkv::slots(100) }>;

const FORMAT: Config = Config::new().format_if_unrecognised();

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn bytes(&mut self, size: u64) -> Vec<u8> {
        (0..size).map(|_| self.next() as u8).collect()
    }
}

#[test]
fn errors_and_stores_are_what_rust_programs_expect() {
    fn is_error<E: std::error::Error + Send + Sync + Copy + 'static>(_: E) {}
    fn is_send<T: Send>(_: &T) {}
    is_error(Error::Full);
    assert_eq!(Error::Full.to_string(), "store full");
    let mut memory = ChipMemory::new();
    let store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    is_send(&store);
    assert!(format!("{store:?}").starts_with("Store"));
}

#[test]
fn what_is_not_there_is_none() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    let mut buffer = [0; 8];
    assert_eq!(store.get("a", &mut buffer), Ok(None));
    assert_eq!(store.get_at("a", 0, &mut buffer), Ok(None));
    assert_eq!(store.get_array::<4>("a"), Ok(None));
    assert_eq!(store.info("a"), Ok(None));
    assert_eq!(store.exists("a"), Ok(false));
    assert_eq!(store.remove("a"), Ok(false));
    assert_eq!(store.reserved_data(&mut buffer), Ok(None));
    assert_eq!(store.keys("").unwrap().next(&mut buffer), Ok(None));
}

#[test]
fn keys_that_cannot_be_are_refused_everywhere() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    let invalid = Err(Error::InvalidArgument);
    let long = [b'k'; 1025];
    for key in [&b""[..], &long] {
        assert_eq!(store.set(key, "v"), invalid);
        assert_eq!(store.set_with(key, "v", Flags::WRITE_ONCE), invalid);
        assert_eq!(store.remove(key).map(|_| ()), invalid);
        assert_eq!(store.writer(key, 1).map(|_| ()), invalid);
        assert_eq!(store.get(key, &mut [0; 8]).map(|_| ()), invalid);
        assert_eq!(store.get_at(key, 0, &mut [0; 8]).map(|_| ()), invalid);
        assert_eq!(store.get_array::<1>(key).map(|_| ()), invalid);
        assert_eq!(store.info(key).map(|_| ()), invalid);
        assert_eq!(store.exists(key).map(|_| ()), invalid);
    }
    assert_eq!(store.set(&long[1..], "v"), Ok(()));
    assert_eq!(store.set([0, 1, 0], "any bytes"), Ok(()));
    assert_eq!(store.info([0, 1, 0]).unwrap().unwrap().size, 9);
}

#[test]
fn a_value_is_whole_or_an_error() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    store.set("short", "12345678").unwrap();
    let large: Vec<u8> = (0..20_000_u32).map(|n| n as u8).collect();
    store.set("large", &large).unwrap();
    store.set("empty", "").unwrap();
    for (key, value) in [
        ("short", &b"12345678"[..]),
        ("large", &large),
        ("empty", b""),
    ] {
        let mut buffer = vec![0; value.len() + 1];
        assert_eq!(store.get(key, &mut buffer), Ok(Some(value)));
        let (_, exact) = buffer.split_last_mut().unwrap();
        assert_eq!(store.get(key, exact), Ok(Some(value)));
        if let Some((_, less)) = exact.split_last_mut() {
            assert_eq!(store.get(key, less), Err(Error::InvalidSize));
        }
        let size = value.len() as u32;
        assert_eq!(store.get_at(key, size, &mut buffer), Ok(Some(&[][..])));
        let behind = store.get_at(key, size + 1, &mut buffer);
        assert_eq!(behind, Err(Error::InvalidSize));
    }
    assert_eq!(store.get_array("short"), Ok(Some(*b"12345678")));
    assert_eq!(store.get_array::<7>("short"), Err(Error::InvalidSize));
    assert_eq!(store.get_array::<9>("short"), Err(Error::InvalidSize));
    assert_eq!(store.get_array::<0>("empty"), Ok(Some([])));
}

/// Whether a value goes on behind a buffer that it fills is known without asking the flash again.
#[test]
fn a_buffer_that_fits_exactly_costs_nothing() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    for key in 0..50_u32 {
        store.set(key.to_le_bytes(), key.to_le_bytes()).unwrap();
    }
    let mut reads = [0; 2];
    for (round, size) in [(0, 4), (1, 5)] {
        chip.calls[0] = 0;
        let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
        for key in 0..50_u32 {
            let mut buffer = [0; 5];
            let value = store.get(key.to_le_bytes(), &mut buffer[..size]).unwrap();
            assert_eq!(value, Some(&key.to_le_bytes()[..]));
        }
        reads[round] = chip.calls[0];
    }
    assert_eq!(reads[0], reads[1]);
}

#[test]
fn flags_are_those_of_the_format() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    let all = Flags::WRITE_ONCE | Flags::CONFIDENTIAL | Flags::REPLAY_PROTECTED;
    assert_eq!(all.bits(), 1 | 2 | 8);
    store.set_with("all", "v", all).unwrap();
    store.set("none", "v").unwrap();
    assert_eq!(store.info("all").unwrap().unwrap().flags, all);
    assert_eq!(store.info("none").unwrap().unwrap().flags, Flags::NONE);
    assert_eq!(store.set("all", "w"), Err(Error::WriteProtected));
    assert_eq!(store.remove("all"), Err(Error::WriteProtected));
    let refused = store.writer("all", 1).map(|_| ());
    assert_eq!(refused, Err(Error::WriteProtected));
    for bits in 0..=u8::MAX {
        let known = bits & !all.bits() == 0;
        assert_eq!(Flags::from_bits(bits).is_ok(), known);
    }
    store.reset().unwrap();
    store.set("all", "w").unwrap();
}

#[test]
fn reserved_data_are_set_once() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    assert_eq!(store.set_reserved_data(&[1; 65]), Err(Error::InvalidSize));
    store.set_reserved_data(&[1; 64]).unwrap();
    assert_eq!(
        store.set_reserved_data(&[2]),
        Err(Error::ReservedDataExists)
    );
    assert_eq!(store.reserved_data(&mut [0; 63]), Err(Error::InvalidSize));
    assert_eq!(store.reserved_data(&mut [0; 80]), Ok(Some(&[1_u8; 64][..])));
    assert_eq!(store.keys("").unwrap().next(&mut [0; 8]), Ok(None));
}

#[test]
fn a_writer_that_is_dropped_leaves_the_old_value() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    store.set("k", "old").unwrap();
    let needed = store.stats().unwrap().live_bytes;
    for size in [100, 20_000] {
        let piece = vec![7; size / 2];
        let mut writer = store.writer("k", size as u32).unwrap();
        writer.write(&piece).unwrap();
        assert_eq!(writer.remaining() as usize, size / 2);
        assert_eq!(writer.get_array("k"), Ok(Some(*b"old")));
        assert_eq!(writer.write(&vec![7; size]), Err(Error::InvalidSize));
        drop(writer);
        assert_eq!(store.get_array("k"), Ok(Some(*b"old")));
        assert_eq!(store.stats().unwrap().live_bytes, needed);

        let mut writer = store.writer("k", size as u32).unwrap();
        writer.write(&piece).unwrap();
        assert_eq!(writer.finish(), Err(Error::InvalidSize));
        assert_eq!(store.get_array("k"), Ok(Some(*b"old")));

        let mut writer = store.writer("k", size as u32).unwrap();
        writer.write(&piece).unwrap();
        assert_eq!(writer.abort(), Ok(()));
        assert_eq!(store.get_array("k"), Ok(Some(*b"old")));
    }
    // Nor does it after a restart.
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    assert_eq!(store.get_array("k"), Ok(Some(*b"old")));
    let mut writer = store.writer("k", 3).unwrap();
    writer.write(b"ne").unwrap();
    writer.write(b"w").unwrap();
    writer.finish().unwrap();
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    assert_eq!(store.get_array("k"), Ok(Some(*b"new")));
}

/// Safe code may leak a writer; the next call that writes ends the value.
#[test]
fn a_writer_that_is_leaked_stops_nobody() {
    let writes: [fn(&mut NorStore<'_, Chip>); 5] = [
        |store| store.set("a", "1").unwrap(),
        |store| assert!(store.remove("k").unwrap()),
        |store| store.reset().unwrap(),
        |store| assert!(store.maintain(1).is_ok()),
        |store| {
            let mut writer = store.writer("b", 1).unwrap();
            writer.write(&[1]).unwrap();
            writer.finish().unwrap();
        },
    ];
    for (number, write) in writes.into_iter().enumerate() {
        let mut memory = ChipMemory::new();
        let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
        store.set("k", "old").unwrap();
        let mut writer = store.writer("k", 2).unwrap();
        writer.write(b"n").unwrap();
        std::mem::forget(writer);
        write(&mut store);
        let expected = (number != 1 && number != 2).then_some(*b"old");
        assert_eq!(store.get_array("k"), Ok(expected));
        assert_eq!(store.check().unwrap().records_damaged, 0);
    }
}

#[test]
fn a_store_can_change_while_its_keys_are_listed() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    for number in 0..60 {
        store.set(format!("stay/{number}"), [number; 20]).unwrap();
        store.set(format!("go/{number}"), [number; 20]).unwrap();
    }
    // Each one is seen exactly once, though all are written again and others go, which makes the
    // store collect.
    let mut seen = Vec::new();
    let mut name = [0; 32];
    let mut keys = store.keys("stay/").unwrap();
    while let Some(key) = keys.next(&mut name).unwrap() {
        let key = String::from_utf8(key.to_vec()).unwrap();
        for round in 0..40 {
            keys.store().set(&key, [round; 30]).unwrap();
        }
        let other = key.replace("stay", "go");
        assert!(keys.store().remove(other).unwrap());
        seen.push(key);
    }
    assert_eq!(keys.next(&mut name), Ok(None));
    drop(keys);
    seen.sort();
    let mut expected: Vec<_> = (0..60).map(|number| format!("stay/{number}")).collect();
    expected.sort();
    assert_eq!(seen, expected);
    let mut count = 0;
    let counted = store.for_each_key("", &mut name, |store, key| {
        count += 1;
        store.get(key, &mut [0; 30]).map(|value| {
            assert_eq!(value, Some(&[39; 30][..]));
        })
    });
    assert_eq!((counted, count), (Ok(()), 60));
}

#[test]
fn an_error_ends_for_each() {
    #[derive(Debug, PartialEq)]
    enum Mine {
        Store(Error),
        Enough,
    }
    impl From<Error> for Mine {
        fn from(error: Error) -> Self {
            Mine::Store(error)
        }
    }
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    store.set("one", "1").unwrap();
    store.set("two", "2").unwrap();
    let mut calls = 0;
    let ended = store.for_each_key("", &mut [0; 8], |_, _| {
        calls += 1;
        Err(Mine::Enough)
    });
    assert_eq!((ended, calls), (Err(Mine::Enough), 1));
    let short = store.for_each_key("", &mut [0; 1], |_, _| Ok(()));
    assert_eq!(short, Err(Mine::Store(Error::InvalidSize)));
}

#[test]
fn listings_give_back_what_they_take() {
    fn nested(store: &mut NorStore<'_, Chip>, depth: u32) -> Result<u32, Error> {
        let mut keys = store.keys("")?;
        match nested(keys.store(), depth + 1) {
            Err(Error::OutOfResources) => Ok(depth),
            other => other,
        }
    }
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    for _ in 0..40 {
        assert_eq!(nested(&mut store, 1), Ok(16));
    }
    let refused = store.keys([b'p'; 257]).map(|_| ());
    assert_eq!(refused, Err(Error::OutOfResources));
}

/// What a driver without `NorFlash` is: it can only be read.
struct ReadOnly(Chip);

impl ErrorType for ReadOnly {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for ReadOnly {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

#[test]
fn a_reader_reads_everything_and_writes_nothing() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    // Not a store: left alone, whatever the configuration says.
    let none = Reader::mount(Nor::new(&mut chip).unwrap(), &mut memory, FORMAT);
    assert_eq!(none.err(), Some(Error::Unformatted));
    assert_eq!(chip.calls[1..], [0, 0]);

    let large = vec![3; 10_000];
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    store.set_reserved_data(&[9; 8]).unwrap();
    for number in 0..200_u8 {
        store.set([b'k', number % 80], [number; 60]).unwrap();
    }
    store.set("large", &large).unwrap();
    // A value that was never finished, as if power had failed.
    std::mem::forget(store.writer("k", 500).unwrap());
    let before = chip.bytes.clone();

    // Without room in the index, too.
    let mut small = Memory::<16, { nvkv::slots(0) }>::new();
    let mut flash = ReadOnly(chip);
    for round in 0..2 {
        let partition = ReadNor::new(flash, 0..0x1_0000, 4, 4096).unwrap();
        let mut reader = if round == 0 {
            Reader::mount(partition, &mut memory, FORMAT).unwrap()
        } else {
            Reader::mount(partition, &mut small, FORMAT).unwrap()
        };
        let mut buffer = vec![0; 20_000];
        for number in 0..200_u8 {
            let value = reader.get([b'k', number % 80], &mut buffer).unwrap();
            let last = if number % 80 < 40 { 160 } else { 80 };
            assert_eq!(value, Some(&[number % 80 + last; 60][..]));
        }
        assert_eq!(reader.get("large", &mut buffer), Ok(Some(&large[..])));
        assert_eq!(reader.reserved_data(&mut buffer), Ok(Some(&[9; 8][..])));
        assert_eq!(reader.exists("k"), Ok(false));
        let mut count = 0;
        let mut keys = reader.keys("k").unwrap();
        while keys.next(&mut buffer).unwrap().is_some() {
            count += 1;
        }
        drop(keys);
        assert_eq!(count, 80);
        assert_eq!(reader.check().unwrap().records_damaged, 0);
        assert_eq!(reader.stats().unwrap().keys, 81);
        flash = reader.into_flash().free();
        assert_eq!(flash.0.bytes, before);
    }
}

#[test]
fn a_failing_driver_is_told_of() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    chip.fail_reads = true;
    let mut partition = Nor::new(&mut chip).unwrap();
    assert_eq!(partition.last_error(), None);
    let result = Store::mount(&mut partition, &mut memory, FORMAT);
    assert_eq!(result.err(), Some(Error::ReadFailed));
    assert_eq!(partition.last_error(), Some(&NorFlashErrorKind::Other));

    let mut chip = Chip::new(16);
    Store::open(&mut chip, &mut memory, FORMAT)
        .unwrap()
        .set("k", "old")
        .unwrap();
    chip.fail_from = chip.calls[1] + chip.calls[2];
    let mut partition = Nor::new(&mut chip).unwrap();
    let mut store = Store::mount(&mut partition, &mut memory, FORMAT).unwrap();
    let failed = store.set("k", "new");
    let write_failed = matches!(failed, Err(Error::WriteFailed | Error::ReadOnly));
    assert!(write_failed, "{failed:?}");
    assert_eq!(store.get_array("k"), Ok(Some(*b"old")));
    // Each sector failed by now: no room for anything is left.
    let failed = store.writer("k", 3).map(|_| ());
    assert_eq!(failed, Err(Error::ReadOnly));
    assert!(store.stats().unwrap().flash_errors > 0);
    assert_eq!(partition.last_error(), Some(&NorFlashErrorKind::Other));
    assert_eq!(partition.free().bytes.len(), 0x1_0000);
}

/// The flash fails in the middle of a value: its writer is dead, the old value stays.
#[test]
fn a_writer_whose_flash_fails_is_dead() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
    store.set("k", "old").unwrap();
    let calls = chip.calls[1] + chip.calls[2];
    let mut met = 0;
    for more in 0..12 {
        let mut chip = chip.clone();
        chip.fail_from = calls + more;
        let mut store = Store::open(&mut chip, &mut memory, FORMAT).unwrap();
        let Ok(mut writer) = store.writer("k", 2000) else {
            continue;
        };
        let failed = writer.write(&[1; 1900]);
        assert!(failed.is_err(), "{more}");
        met += 1;
        assert_eq!(writer.write(&[1]), Err(Error::InvalidArgument));
        assert_eq!(writer.finish(), Err(Error::InvalidArgument));
        assert_eq!(store.get_array("k"), Ok(Some(*b"old")));
    }
    assert!(met > 2, "{met}");
}

#[test]
fn the_flash_comes_back() {
    let mut memory = ChipMemory::new();
    let mut store = Store::open(Chip::new(16), &mut memory, FORMAT).unwrap();
    store.set("k", "v").unwrap();
    let chip: Chip = store.free();
    let store = Store::open(chip, &mut memory, Config::new()).unwrap();
    let mut partition: Nor<Chip> = store.into_flash();
    let mut store = Store::mount(&mut partition, &mut memory, Config::new()).unwrap();
    assert_eq!(store.get_array("k"), Ok(Some(*b"v")));
    let mut store = Store::format(&mut partition, &mut memory, Config::new()).unwrap();
    assert_eq!(store.exists("k"), Ok(false));
}

#[test]
fn opening_says_what_is_wrong() {
    let mut memory = ChipMemory::new();
    let mut chip = Chip::new(16);
    let open = |chip: &mut Chip, memory: &mut ChipMemory, config| {
        Store::open(chip, memory, config).map(|_| ())
    };
    let plain = Config::new();
    assert_eq!(open(&mut chip, &mut memory, plain), Err(Error::Unformatted));
    assert_eq!(chip.calls[1..], [0, 0]);
    assert_eq!(open(&mut chip, &mut memory, FORMAT), Ok(()));
    assert_eq!(
        open(&mut chip, &mut memory, plain.segment_size(8192)),
        Err(Error::GeometryMismatch)
    );
    assert_eq!(
        open(&mut chip, &mut memory, plain.segment_size(100)),
        Err(Error::InvalidArgument)
    );
    let mut small = Memory::<15, { nvkv::slots(0) }>::new();
    let refused = Store::open(&mut chip, &mut small, plain).map(|_| ());
    assert_eq!(refused, Err(Error::OutOfMemory));
    let mut small = Memory::<16, 31>::new();
    let refused = Store::open(&mut chip, &mut small, plain).map(|_| ());
    assert_eq!(refused, Err(Error::OutOfMemory));
    assert_eq!(
        open(&mut Chip::new(1), &mut memory, FORMAT),
        Err(Error::InvalidArgument)
    );
    assert_eq!(
        open(&mut Chip::new(0), &mut memory, FORMAT),
        Err(Error::InvalidArgument)
    );
}
