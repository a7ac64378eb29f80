//! Fuzz target `ops`: operations and power cuts, against the oracle of the power-loss tests.

use nvkv::{
    engine::Config,
    flash::sim::{Cut, CutPoint, EraseTear, ProgramTear, Sim},
};

use super::input::{Input, key, seeds};
use crate::common::{
    IndexSize, Lent,
    base::breaches,
    oracle::{Oracle, Store},
    script::{Op, Step, Value, run_again as run_op},
};

/// Flash calls of a whole run. An honest run of this size makes some thousands.
pub const CALLS_MAX: u64 = 1_000_000;
const OPERATIONS_MAX: u32 = 40;

/// Runs the input. Panics when a value is lost, or something else is wrong.
pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let seeds = seeds();
    let seed = &seeds[usize::from(input.byte()) % seeds.len()];
    let choice = input.byte();
    let mut sim = seed.stores[0].clone();
    // The store was formatted in it: a start, as any other mount behind what was programmed.
    sim.power_off();
    sim.power_on();
    sim.limit_calls(CALLS_MAX);
    sim.reseed(u64::from(input.byte()));
    let mut run = Run {
        lent: Lent::new(
            &sim,
            &Config::default(),
            IndexSize::ALL[usize::from(choice & 3)].slots(8),
        ),
        config: Config::default(),
        oracle: Oracle::default(),
        left: OPERATIONS_MAX,
        value: [8, 24, 60, 200][usize::from(choice >> 2 & 3)],
        recovering: false,
        is_loud: std::env::var_os("NVKV_REPLAY").is_some(),
    };
    let result = run.go(&mut sim, &mut input);
    match (result, breaches(&sim)) {
        (Ok(()), Ok(())) => {}
        (result, breach) => panic!("{result:?}; {breach:?}"),
    }
}

struct Run {
    lent: Lent,
    config: Config,
    oracle: Oracle,
    left: u32,
    value: u32,
    /// Power was cut, and nothing was acknowledged since.
    recovering: bool,
    /// One input is being replayed: say what is done.
    is_loud: bool,
}

fn say(is_loud: bool, what: impl std::fmt::Display) {
    if is_loud {
        println!("{what}");
    }
}

/// Why a store is done with.
enum End {
    Remount,
    Through,
}

impl Run {
    fn go(&mut self, sim: &mut Sim, input: &mut Input<'_>) -> Result<(), String> {
        loop {
            let ended = self.boot(sim, input);
            if !sim.is_powered() {
                // Whatever failed, failed for lack of power; what was promised is checked next.
                if let Err(error) = ended
                    && !is_of_flash(&error)
                {
                    return Err(error);
                }
                say(self.is_loud, "power ends");
                sim.power_on();
                self.recovering = true;
                continue;
            }
            match ended? {
                // What was cut off in the first call behind a mount no store can know: the flash
                // only knows it for a power-up.
                End::Remount => {
                    sim.power_off();
                    sim.power_on();
                }
                End::Through => break,
            }
        }
        sim.disarm();
        let mut store = self
            .lent
            .mount(sim, &self.config)
            .map_err(|e| format!("last mount: {e}"))?;
        self.oracle.check(&mut store, 0)
    }

    fn boot(&mut self, sim: &mut Sim, input: &mut Input<'_>) -> Result<End, String> {
        if input.byte() & 1 == 1 {
            let cut = draw_cut(input);
            say(self.is_loud, format_args!("{cut:?}"));
            // Neither a mount nor a read gets there.
            sim.arm(cut);
        }
        let before = calls(sim);
        if self.recovering {
            let mut store = self
                .lent
                .mount(sim, &self.config)
                .map_err(|error| format!("first mount: {error}"))?;
            self.oracle
                .check(&mut store, 0)
                .map_err(|error| format!("first mount: {error}"))?;
        }
        if calls(sim) != before {
            return Err("a mount programs".to_owned());
        }
        let mut store = self
            .lent
            .mount(sim, &self.config)
            .map_err(|error| format!("mount: {error}"))?;
        self.oracle
            .check(&mut store, 0)
            .map_err(|error| format!("after a mount: {error}"))?;
        while self.left > 0 && !input.is_empty() {
            self.left -= 1;
            let op = draw_op(input, self.value);
            if matches!(op, Op::Remount) {
                say(self.is_loud, "remount");
                return Ok(End::Remount);
            }
            let step = run_op(&mut store, &op, &mut self.oracle);
            say(self.is_loud, format_args!("{op:?}: {step:?}"));
            match step.map_err(|error| format!("{op:?}: {error}"))? {
                Step::Written => settle(&mut self.oracle, &mut store)?,
                Step::Unchanged | Step::Full => {}
                Step::Failed(error) => return Err(format!("{op:?}: {error}")),
            }
        }
        Ok(End::Through)
    }
}

/// After an acknowledged write nothing is in doubt.
fn settle(oracle: &mut Oracle, store: &mut Store<'_, '_>) -> Result<(), String> {
    oracle
        .settle(store)
        .map_err(|error| format!("after a write: {error}"))
}

fn is_of_flash(error: &str) -> bool {
    use nvkv::error::Error;
    [Error::ReadFailed, Error::WriteFailed, Error::ReadOnly]
        .iter()
        .any(|flash| error.ends_with(&flash.to_string()))
}

fn calls(sim: &Sim) -> u64 {
    sim.counters().programs + sim.counters().erases
}

fn draw_cut(input: &mut Input<'_>) -> Cut {
    let (call, point, tears) = (input.byte(), input.byte(), input.byte());
    let point = match point {
        0..=15 => CutPoint::Before,
        16..=31 => CutPoint::Complete,
        point => CutPoint::Units {
            whole: u32::from(point & 7),
            torn: match point >> 3 & 7 {
                7 => u32::MAX,
                torn => 1 + u32::from(torn),
            },
        },
    };
    Cut {
        call: u64::from(call & 31),
        point,
        program: ProgramTear::ALL[usize::from(tears & 3)],
        erase: EraseTear::ALL[usize::from(tears >> 2) % EraseTear::ALL.len()],
    }
}

fn draw_op(input: &mut Input<'_>, most: u32) -> Op {
    let kind = input.byte();
    let key = key(u32::from(kind >> 4));
    let value = |input: &mut Input<'_>, most| {
        let drawn = input.byte();
        Value {
            size: u32::from(drawn) % most,
            seed: u64::from(drawn),
            flags: 0,
        }
    };
    match kind & 15 {
        0..=6 => Op::Set {
            value: value(input, most),
            key,
        },
        7 | 8 => Op::Remove { key },
        9..=11 => Op::Stream {
            value: value(input, most * 3),
            key,
            pieces: 1 + u32::from(kind >> 4 & 3),
            abort: kind >> 6 == 3,
        },
        12 => Op::Maintain {
            budget: 1 + u32::from(kind >> 4 & 3),
        },
        13 if kind >> 4 == 0 => Op::Reset,
        14 => Op::Remount,
        _ => Op::Set {
            value: Value {
                flags: u8::from(kind >> 4 == 15),
                ..value(input, most)
            },
            key,
        },
    }
}
