//! Power cuts under the API for Rust, on the simulated flash as a driver of Rust. The cuts of
//! `tests/power_loss.rs` are many more; these show that nothing is lost on the way through the
//! driver and the borrowed types.

use super::*;
use nvkv::flash::{
    Flash,
    sim::{Cut, CutPoint, EraseTear, Geometry, ProgramTear, Sim},
};
use std::collections::BTreeMap;

/// The simulator as a driver.
#[derive(Debug)]
struct Driver<const READ: usize, const WRITE: usize, const ERASE: usize>(Sim);

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ErrorType
    for Driver<READ, WRITE, ERASE>
{
    type Error = NorFlashErrorKind;
}

fn other<T>(_: T) -> NorFlashErrorKind {
    NorFlashErrorKind::Other
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> ReadNorFlash
    for Driver<READ, WRITE, ERASE>
{
    const READ_SIZE: usize = READ;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        self.0.read(offset, bytes).map_err(other)
    }

    fn capacity(&self) -> usize {
        self.0.shape().size as usize
    }
}

impl<const READ: usize, const WRITE: usize, const ERASE: usize> NorFlash
    for Driver<READ, WRITE, ERASE>
{
    const WRITE_SIZE: usize = WRITE;
    const ERASE_SIZE: usize = ERASE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        self.0.erase(from, to - from).map_err(other)
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        self.0.program(offset, bytes).map_err(other)
    }
}

/// For each key the values it may have: one, or two while a write was cut.
type Allowed = BTreeMap<Vec<u8>, Vec<Option<Vec<u8>>>>;

/// Every key has a value that it may have, and the listing has the keys that exist and no others.
fn check<F: Flash>(store: &mut Reader<'_, F>, allowed: &Allowed) {
    let mut buffer = [0; 600];
    let mut listed = Vec::new();
    store.for_keys(|key| listed.push(key.to_vec())).unwrap();
    for (key, values) in allowed {
        let value = store.get(key, &mut buffer).unwrap().map(<[u8]>::to_vec);
        assert!(values.contains(&value), "{key:?}: {value:?} of {values:?}");
        let times = listed.iter().filter(|listed| *listed == key).count();
        assert_eq!(times, usize::from(value.is_some()), "{key:?}");
    }
    assert!(listed.iter().all(|key| allowed.contains_key(key)));
}

/// All keys, as a function of the tests.
trait ForKeys {
    fn for_keys(&mut self, each: impl FnMut(&[u8])) -> Result<(), Error>;
}

impl<F: Flash> ForKeys for Reader<'_, F> {
    fn for_keys(&mut self, mut each: impl FnMut(&[u8])) -> Result<(), Error> {
        let keys = self.keys("")?;
        keys.for_each(&mut [0; 64], |_, key| {
            each(key);
            Ok(())
        })
    }
}

/// Writes until power ends or `count` writes are done. Whatever was acknowledged is certain; a
/// failed write leaves two values.
fn write<F: Flash>(
    store: &mut Store<'_, F>,
    allowed: &mut Allowed,
    numbers: &mut Numbers,
    count: u64,
) {
    for _ in 0..count {
        let key = format!("key/{}", numbers.below(12)).into_bytes();
        let size = numbers.below(300);
        let bytes = numbers.bytes(size);
        let (new, done) = match numbers.below(8) {
            0 => (None, store.remove(&key).map(|_| ())),
            1 | 2 => (Some(bytes.clone()), stream(store, &key, &bytes)),
            3 => {
                // The old value stays, power cut or not.
                if let Ok(mut writer) = store.writer(&key, 400) {
                    let _ = writer.write(&bytes);
                }
                continue;
            }
            _ => (Some(bytes.clone()), store.set(&key, &bytes)),
        };
        match done {
            Ok(()) => {
                // What an earlier cut left in doubt is settled now: the store says as what.
                let doubtful =
                    |(other, values): &(&Vec<u8>, &mut Vec<_>)| **other != key && values.len() > 1;
                for (key, values) in allowed.iter_mut().filter(doubtful) {
                    let mut buffer = [0; 600];
                    let value = store.get(key, &mut buffer).unwrap().map(<[u8]>::to_vec);
                    assert!(values.contains(&value), "{key:?}");
                    *values = vec![value];
                }
                allowed.insert(key, vec![new]);
            }
            Err(Error::Full) => {}
            Err(Error::WriteFailed | Error::ReadFailed | Error::ReadOnly) => {
                let values = allowed.entry(key).or_insert_with(|| vec![None]);
                values.push(new);
                return;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

fn stream<F: Flash>(store: &mut Store<'_, F>, key: &[u8], bytes: &[u8]) -> Result<(), Error> {
    let mut writer = store.writer(key, bytes.len() as u32)?;
    for piece in bytes.chunks(37) {
        writer.write(piece)?;
    }
    writer.finish()
}

fn draw_cut(numbers: &mut Numbers) -> Cut {
    Cut {
        call: numbers.below(60),
        point: match numbers.below(6) {
            0 => CutPoint::Before,
            1 => CutPoint::Complete,
            _ => CutPoint::Units {
                whole: numbers.below(8) as u32,
                torn: 1 + numbers.below(4) as u32,
            },
        },
        program: ProgramTear::ALL[numbers.below(4) as usize],
        erase: EraseTear::ALL[numbers.below(7) as usize],
    }
}

/// Cuts, each after some writes that were acknowledged; returns how many hit.
fn run<const READ: usize, const WRITE: usize, const ERASE: usize>(
    sectors: usize,
    seed: u64,
) -> u32 {
    let geometry = Geometry {
        read_size: READ as u32,
        ..Geometry::uniform(sectors, ERASE as u32, WRITE as u32)
    };
    let mut driver = Driver::<READ, WRITE, ERASE>(Sim::new(geometry, seed));
    let mut numbers = Numbers(seed);
    let mut memory = Memory::<32, { nvkv::slots(20) }>::new();
    let mut allowed = Allowed::new();
    let mut cuts = 0;
    for _ in 0..25 {
        driver.0.power_off();
        driver.0.power_on();
        let mut partition = Nor::new(&mut driver).unwrap();
        // One engine for all drivers: it takes half a minute to compile one for each.
        let flash: &mut dyn Flash = &mut partition;
        // A reader finds the same as the store after it.
        if let Ok(mut reader) = Reader::mount(&mut *flash, &mut memory, FORMAT) {
            check(&mut reader, &allowed);
        }
        let mut store = Store::mount(&mut *flash, &mut memory, FORMAT).unwrap();
        check(&mut store, &allowed);
        write(&mut store, &mut allowed, &mut numbers, 12);
        // A restart: what a cut leaves unseen in the first call behind a mount no store can know,
        // and the flash knows it for a power-up only.
        driver.0.power_off();
        driver.0.power_on();
        driver.0.arm(draw_cut(&mut numbers));
        let mut partition = Nor::new(&mut driver).unwrap();
        let flash: &mut dyn Flash = &mut partition;
        let mut store = Store::mount(flash, &mut memory, FORMAT).unwrap();
        write(&mut store, &mut allowed, &mut numbers, 40);
        cuts += u32::from(!driver.0.is_powered());
        driver.0.disarm();
        assert_eq!(driver.0.breaches(), []);
    }
    cuts
}

#[test]
fn nothing_is_lost_when_power_fails() {
    let mut cuts = 0;
    for seed in 1..8 {
        cuts += run::<1, 1, 512>(16, seed);
        cuts += run::<1, 4, 4096>(4, seed);
        cuts += run::<4, 8, 2048>(6, seed);
        cuts += run::<1, 32, 4096>(3, seed);
        cuts += run::<16, 256, 4096>(8, seed);
    }
    assert!(cuts > 600, "{cuts} cuts hit");
    println!("{cuts} cuts");
}

/// A test that cannot fail is no test.
#[test]
fn a_driver_that_forgets_is_found_out() {
    let geometry = Geometry::uniform(8, 4096, 4);
    let mut driver = Driver::<1, 4, 4096>(Sim::new(geometry, 5));
    let mut memory = ChipMemory::new();
    let mut store = Store::open(&mut driver, &mut memory, FORMAT).unwrap();
    let (mut allowed, mut numbers) = (Allowed::new(), Numbers(5));
    write(&mut store, &mut allowed, &mut numbers, 20);
    driver.0.lie(4);
    let mut store = Store::open(&mut driver, &mut memory, FORMAT).unwrap();
    write(&mut store, &mut allowed, &mut numbers, 20);
    let next = Cut {
        call: 0,
        point: CutPoint::Before,
        program: ProgramTear::Unseen,
        erase: EraseTear::Unseen,
    };
    driver.0.arm(next);
    let mut store = Store::open(&mut driver, &mut memory, FORMAT).unwrap();
    write(&mut store, &mut allowed, &mut numbers, 9);
    assert!(!driver.0.is_powered());
    driver.0.power_on();
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut store = Store::open(&mut driver, &mut memory, FORMAT).unwrap();
        check(&mut store, &allowed);
    }));
    assert!(
        checked.is_err(),
        "what was acknowledged is gone, and nobody noticed"
    );
}
