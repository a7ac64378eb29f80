//! Fuzz target `image`: any bytes as the content of a partition. A store on it may say what it
//! likes, but it must not panic, not go on without end, and keep the rules of the flash.

use nvkv::{
    engine::{Config, VALUE_MAX},
    error::Error,
    flash::sim::{Rule, Sim},
};

use super::{
    forge::Forge,
    input::{Input, Seed, key, seeds},
};
use crate::common::{
    IndexSize, Lent,
    oracle::{Store, list},
};

/// Flash calls of a whole run. An honest run of this size makes some thousands.
pub const CALLS_MAX: u64 = 150_000;
/// Operations on the store that was mounted.
const OPERATIONS_MAX: u32 = 12;
const PATCHES_MAX: u8 = 8;

/// Runs the input. Panics when something is wrong.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let seeds = seeds();
    let seed = &seeds[usize::from(input.byte()) % seeds.len()];
    let choice = input.byte();
    let mut sim = make_image(seed, choice, &mut input);
    sim.limit_calls(CALLS_MAX);
    let config = Config {
        previous_on_damage: choice & 0x10 != 0,
        skip_verify: choice & 0x20 != 0,
        format_if_unrecognised: choice & 0x40 != 0,
        ..Config::default()
    };
    // No index at all, one that is soon too small, and two that are not.
    let keys = [0, 2, 8, 40][usize::from(choice >> 2 & 3)];
    let mut lent = Lent::new(&sim, &config, IndexSize::Full.slots(keys));
    for _ in 0..2 {
        let Ok(mut store) = lent.mount(&mut sim, &config) else {
            break;
        };
        look(&mut store, config.previous_on_damage);
        for _ in 0..OPERATIONS_MAX {
            if input.is_empty() {
                break;
            }
            operate(&mut store, &mut input);
        }
    }
    check_rules(&sim);
}

fn make_image(seed: &Seed, choice: u8, input: &mut Input<'_>) -> Sim {
    if choice & 3 == 3 {
        let mut sim = seed.sim.clone();
        let bytes = input.bytes(sim.size() as usize);
        if !bytes.is_empty() {
            sim.poke(0, bytes);
        }
        return sim;
    }
    let mut forge = Forge::new(seed.stores[usize::from(choice & 3)].clone(), seed);
    for _ in 0..input.byte() % (PATCHES_MAX + 1) {
        forge.patch(input);
    }
    forge.sim
}

/// All that reads. Errors are answers too.
fn look(store: &mut Store<'_, '_>, may_be_previous: bool) {
    let mut buffer = [0; 64];
    for id in 0..8 {
        let key = key(id);
        let got = store.get(&key, 0, &mut buffer);
        if let Ok(info) = store.info(&key) {
            assert!(info.size <= VALUE_MAX, "a value of {} bytes", info.size);
            // Damage is found when the whole value is read; the value before it may be there.
            let fits = got == Ok(info.size) || may_be_previous && got.is_ok();
            assert!(
                got == Err(Error::Damaged) || fits,
                "{got:?}, not {}",
                info.size
            );
            let _rest = store.get(&key, info.size / 2, &mut buffer);
        }
        let _answer = store.exists(&key);
    }
    let _answer = store.reserved_data_get(&mut buffer);
    let _keys = list(store);
    let _report = store.check();
    let _stats = store.stats();
}

fn operate(store: &mut Store<'_, '_>, input: &mut Input<'_>) {
    let kind = input.byte();
    let key = key(u32::from(kind >> 4));
    let _result = match kind & 15 {
        0..=5 => {
            let size = usize::from(input.byte());
            set(store, &key, &vec![size as u8; size]);
            Ok(())
        }
        6 | 7 => store.remove(&key),
        8 | 9 => stream(store, &key, input),
        10 => store.reset(),
        11 => store.reserved_data_set(input.bytes(5)),
        12 | 13 => store.maintain(u32::from(input.byte() % 8)).map(|_| ()),
        14 => store.iterator_open(b"k").map(|_| ()),
        _ => store.set(&key, input.bytes(8), 1),
    };
}

/// What was just acknowledged is there, whatever the image was.
fn set(store: &mut Store<'_, '_>, key: &[u8], value: &[u8]) {
    let mut buffer = [0; 256];
    if store.set(key, value, 0).is_ok() {
        let got = store.get(key, 0, &mut buffer);
        assert_eq!(
            got,
            Ok(value.len() as u32),
            "what was acknowledged is not there"
        );
        assert_eq!(&buffer[..value.len()], value);
    }
}

fn stream(store: &mut Store<'_, '_>, key: &[u8], input: &mut Input<'_>) -> Result<(), Error> {
    let size = input.below(700);
    store.set_start(key, size, 0)?;
    let data = [7; 128];
    let mut left = size as usize;
    while left > 0 && store.is_streaming() {
        let piece = left.min(1 + usize::from(input.byte() & 0x7F));
        store.set_add_data(&data[..piece])?;
        left -= piece;
    }
    if input.byte() & 3 == 0 {
        store.set_abort()
    } else {
        store.set_finalize()
    }
}

/// Where the log ends cannot be told when the image lies about it: a store may then run into
/// units that are programmed. The flash refuses that here, a real one shows it to the verify.
fn check_rules(sim: &Sim) {
    let breach = sim
        .breaches()
        .iter()
        .find(|breach| breach.rule != Rule::ProgrammedTwice);
    assert_eq!(breach, None);
}
