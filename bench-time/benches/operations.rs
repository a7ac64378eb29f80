//! Wall time of a set, a get, a get of what is not there, a mount and an iteration, on a flash in
//! RAM of 64 sectors of 4 KiB, with 64 keys of 32 bytes (80 % of the sets to a fifth of them).
//!
//! `cargo bench --manifest-path bench-time/Cargo.toml`. The figures are of this machine and this
//! moment; what regressions are judged by is docs/time.md.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use nvkv::embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use nvkv::{Config, Keys, Memory, NorStore, Store};

const SECTOR: usize = 4096;
const SECTORS: usize = 64;
const KEYS: u32 = 64;

type Lent = Memory<SECTORS, { nvkv::slots(KEYS as usize) }>;

#[derive(Clone)]
struct Ram(Vec<u8>);

impl ErrorType for Ram {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Ram {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let at = offset as usize;
        bytes.copy_from_slice(&self.0[at..at + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.0.len()
    }
}

impl NorFlash for Ram {
    const WRITE_SIZE: usize = 1;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        self.0[from as usize..to as usize].fill(0xFF);
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let at = offset as usize;
        self.0[at..at + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

struct Random(u32);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % limit
    }

    fn key(&mut self) -> String {
        let few = self.below(10) < 8;
        key(self.below(if few { KEYS / 5 } else { KEYS }))
    }
}

fn key(number: u32) -> String {
    format!("app/cfg/{number:05}")
}

fn open(flash: Ram, memory: &mut Lent) -> NorStore<'_, Ram> {
    Store::open(flash, memory, Config::new().format_if_unrecognised()).unwrap()
}

/// A flash on which each sector was in use more than once.
fn used() -> Ram {
    let mut memory = Lent::new();
    let mut store = open(Ram(vec![0xFF; SECTOR * SECTORS]), &mut memory);
    let mut random = Random(12345);
    for number in 0..KEYS {
        store.set(key(number), [0; 32]).unwrap();
    }
    for round in 0..10_000_u32 {
        store.set(random.key(), [round as u8; 32]).unwrap();
    }
    store.into_flash().free()
}

fn operations(criterion: &mut Criterion) {
    let flash = used();
    let mut memory = Lent::new();
    let mut store = open(flash.clone(), &mut memory);
    let mut random = Random(777);
    criterion.bench_function("set", |bencher| {
        let next = || (random.key(), [random.below(256) as u8; 32]);
        bencher.iter_batched(
            next,
            |(key, value)| store.set(key, value).unwrap(),
            BatchSize::SmallInput,
        );
    });
    let mut buffer = [0; 64];
    criterion.bench_function("get", |bencher| {
        bencher.iter_batched(
            || key(random.below(KEYS)),
            |key| black_box(store.get(key, &mut buffer).unwrap().is_some()),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("miss", |bencher| {
        bencher.iter_batched(
            || format!("app/none/{:04}", random.below(500)),
            |key| black_box(store.get(key, &mut buffer).unwrap().is_none()),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("iterate over 64 keys", |bencher| {
        bencher.iter(|| {
            let mut keys: Keys<'_, _> = store.keys("app/").unwrap();
            let mut count = 0;
            while let Some(key) = keys.next(&mut buffer).unwrap() {
                count += usize::from(!key.is_empty());
            }
            assert_eq!(count, KEYS as usize);
        });
    });
    let mut memory = Lent::new();
    criterion.bench_function("mount", |bencher| {
        bencher.iter_batched(
            || flash.clone(),
            |flash| black_box(open(flash, &mut memory).into_flash()),
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(benches, operations);
criterion_main!(benches);
