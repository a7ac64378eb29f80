//! Random operations against a map, on drivers of many shapes.

use super::*;
use nvkv::{Memory, flash::Flash};
use std::collections::BTreeMap;

type Expected = BTreeMap<Vec<u8>, (Vec<u8>, Flags)>;

/// Compares everything that the store says with what it should say.
fn check<F: Flash>(store: &mut Reader<'_, F>, expected: &Expected, most: usize) {
    let mut listed = Vec::new();
    let mut name = [0; 64];
    let mut keys = store.keys("").unwrap();
    while let Some(key) = keys.next(&mut name).unwrap() {
        listed.push(key.to_vec());
    }
    drop(keys);
    listed.sort();
    assert!(listed.iter().eq(expected.keys()), "{listed:?}");
    let mut buffer = vec![0; most + 1];
    for (key, (value, flags)) in expected {
        assert_eq!(store.get(key, &mut buffer), Ok(Some(&value[..])));
        let info = store.info(key).unwrap().unwrap();
        assert_eq!((info.size as usize, info.flags), (value.len(), *flags));
        assert_eq!(store.exists(key), Ok(true));
        let middle = value.len() / 2;
        let rest = store.get_at(key, middle as u32, &mut buffer);
        assert_eq!(rest, Ok(Some(&value[middle..])));
    }
    assert_eq!(store.exists("never"), Ok(false));
    assert_eq!(store.stats().unwrap().keys as usize, expected.len());
    assert_eq!(store.check().unwrap().records_damaged, 0);
}

/// One operation; what does not fit changes nothing.
fn step<F: Flash>(
    store: &mut Store<'_, F>,
    expected: &mut Expected,
    numbers: &mut Numbers,
    most: usize,
) {
    let key = format!("key/{}", numbers.below(24)).into_bytes();
    let size = numbers.below(most as u64);
    let value = numbers.bytes(size);
    let flags = Flags::from_bits([0, 0, 2, 8][numbers.below(4) as usize]).unwrap();
    let result = match numbers.below(10) {
        0 => {
            let was_there = expected.remove(&key).is_some();
            assert_eq!(store.remove(&key), Ok(was_there));
            return;
        }
        1 | 2 => stream(store, &key, &value, flags, numbers),
        3 => {
            assert!(store.maintain(3).unwrap() <= 3);
            return;
        }
        _ => store.set_with(&key, &value, flags).map(|()| true),
    };
    match result {
        Ok(true) => {
            expected.insert(key, (value, flags));
        }
        Ok(false) | Err(Error::Full) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Whether the value was finished.
fn stream<F: Flash>(
    store: &mut Store<'_, F>,
    key: &[u8],
    value: &[u8],
    flags: Flags,
    numbers: &mut Numbers,
) -> Result<bool, Error> {
    let mut writer = store.writer_with(key, value.len() as u32, flags)?;
    let piece = 1 + numbers.below(90) as usize;
    let stop = numbers.below(3) == 0;
    for (at, bytes) in value.chunks(piece).enumerate() {
        if stop && at == 2 {
            return Ok(false);
        }
        writer.write(bytes).unwrap();
    }
    writer.finish().map(|()| true)
}

fn run<const READ: usize, const WRITE: usize, const ERASE: usize, M>(sectors: usize, mut memory: M)
where
    for<'m> &'m mut M: Into<nvkv::engine::Memory<'m>>,
{
    let mut chip = Ram::<READ, WRITE, ERASE>::new(sectors);
    let mut expected = Expected::new();
    let mut numbers = Numbers((READ + WRITE * ERASE + sectors) as u64);
    // Some values are larger than a segment where those are small.
    let most = (sectors * ERASE / 20).min(3000);
    for boot in 0..8 {
        let mut partition = Nor::new(&mut chip).unwrap();
        // One engine for all drivers: it takes half a minute to compile one for each.
        let flash: &mut dyn Flash = &mut partition;
        let mut store = Store::mount(flash, &mut memory, FORMAT).unwrap();
        check(&mut store, &expected, most);
        if boot == 5 {
            store.reset().unwrap();
            expected.clear();
        }
        for _ in 0..120 {
            step(&mut store, &mut expected, &mut numbers, most);
        }
        check(&mut store, &expected, most);
    }
    assert!(expected.len() > 5, "nothing was stored");
    assert!(chip.calls[2] > sectors, "nothing was collected");
}

macro_rules! shapes {
    ($($name:ident: $read:literal, $write:literal, $erase:literal, $sectors:literal;)*) => {
        $(
            #[test]
            fn $name() {
                type Driver = Ram<$read, $write, $erase>;
                type Lent = nvkv::memory_for!(Driver, $sectors * $erase, 30);
                run::<$read, $write, $erase, Lent>($sectors, Memory::new());
            }
        )*
    };
}

shapes! {
    nor_with_bytes: 1, 1, 4096, 8;
    nor_with_words: 4, 4, 4096, 4;
    nrf52: 4, 4, 4096, 2;
    rp2040: 1, 256, 4096, 16;
    stm32g4: 1, 8, 2048, 6;
    stm32h7: 1, 32, 16384, 2;
    small_sectors: 1, 2, 64, 128;
    reads_of_32: 32, 4, 1024, 12;
    reads_of_256: 256, 256, 4096, 16;
    units_of_1024: 4, 1024, 4096, 64;
}
