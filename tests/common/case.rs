//! One case: a base, and the power cuts that hit it. A line of text names it.

use std::{fmt, panic::AssertUnwindSafe, str::FromStr};

use nvkv::{
    error::Error,
    flash::sim::{Cut, CutPoint, EraseTear, ProgramTear, Sim},
};

use super::{
    Lent,
    base::{Base, OTHER, Plan, ROOM, breaches},
    oracle::{Oracle, Store},
    panic_text,
    script::{Op, Step, Value, run, run_again},
};

/// A case, as a line: `class/workload/level/index/seed/variant/cuts`, and with a glitch
/// `/calls:reads` behind that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub plan: Plan,
    /// Seeds what the flash draws; odd: another key is written first after a cut.
    pub variant: u64,
    pub cuts: Vec<Cut>,
    /// In the first write after the last cut, one read fails: so many reads after so many programs
    /// and erases.
    pub glitch: Option<(u64, u64)>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Plan {
            class,
            workload,
            level,
            index,
            seed,
        } = self.plan;
        write!(
            f,
            "{class}/{workload}/{level}/{index}/{seed}/{}/",
            self.variant
        )?;
        for (at, cut) in self.cuts.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let program = ProgramTear::ALL
                .iter()
                .position(|tear| *tear == cut.program);
            let erase = EraseTear::ALL.iter().position(|tear| *tear == cut.erase);
            let point = match cut.point {
                CutPoint::Before => "before".to_string(),
                CutPoint::Complete => "complete".to_string(),
                CutPoint::Units { whole, torn } => format!("{whole}+{torn}"),
            };
            let (program, erase) = (program.unwrap_or(0), erase.unwrap_or(0));
            write!(f, "{comma}{}:{point}:{program}:{erase}", cut.call)?;
        }
        if let Some((calls, reads)) = self.glitch {
            write!(f, "/{calls}:{reads}")?;
        }
        Ok(())
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let bad = || format!("{line:?} is not class/workload/level/index/seed/variant/cuts");
        let parts: Vec<&str> = line.trim().split('/').collect();
        let number = |text: &str| text.parse::<u64>().map_err(|_| bad());
        let (parts, glitch) = match parts[..] {
            [ref parts @ .., glitch] if parts.len() == 7 => {
                let (calls, reads) = glitch.split_once(':').ok_or_else(bad)?;
                (parts, Some((number(calls)?, number(reads)?)))
            }
            ref parts => (parts, None),
        };
        let &[class, workload, level, index, seed, variant, cuts] = parts else {
            return Err(bad());
        };
        let mut list = Vec::new();
        for cut in cuts.split(',').filter(|cut| !cut.is_empty()) {
            let parts: Vec<&str> = cut.split(':').collect();
            let [call, point, program, erase] = parts[..] else {
                return Err(bad());
            };
            let point = match point {
                "before" => CutPoint::Before,
                "complete" => CutPoint::Complete,
                units => {
                    let (whole, torn) = units.split_once('+').ok_or_else(bad)?;
                    CutPoint::Units {
                        whole: number(whole)? as u32,
                        torn: number(torn)? as u32,
                    }
                }
            };
            list.push(Cut {
                call: number(call)?,
                point,
                program: *ProgramTear::ALL
                    .get(number(program)? as usize)
                    .ok_or_else(bad)?,
                erase: *EraseTear::ALL
                    .get(number(erase)? as usize)
                    .ok_or_else(bad)?,
            });
        }
        let plan = Plan {
            class: number(class)? as usize,
            workload: number(workload)? as usize,
            level: number(level)? as u32,
            index: number(index)? as usize,
            seed: number(seed)?,
        };
        Ok(Self {
            plan,
            variant: number(variant)?,
            cuts: list,
            glitch,
        })
    }
}

/// What a case that lost nothing shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Cuts that really hit.
    pub cuts: u32,
    /// Units touched without a trace in the first call of a power-up and programmed again: the
    /// image was the one of before, so the store did what it had done before.
    pub repeat_touches: u32,
    /// Writes that a glitch made fail.
    pub glitches: u32,
    /// An operation did not fit, though no more was live than when it did.
    pub cramped: bool,
}

struct Run<'b> {
    base: &'b Base,
    variant: u64,
    oracle: Oracle,
    outcome: Outcome,
    waiting: std::vec::IntoIter<Cut>,
    /// To come once this many cuts have hit.
    glitch: Option<(u32, (u64, u64))>,
    /// Next operation of the script.
    at: usize,
    /// Bytes live at the end of the script, as the store that ran to there counted them.
    live: u32,
}

/// What to do after a store is done with.
enum Next {
    PowerUp,
    Remount,
    /// The script is through.
    Finish,
}

impl Case {
    /// Runs the case on its base; a panic is a failure like others.
    pub fn run(&self, base: &Base) -> Result<Outcome, String> {
        self.run_on(base, base.sim.clone())
    }

    pub fn run_on(&self, base: &Base, sim: Sim) -> Result<Outcome, String> {
        let result = std::panic::catch_unwind(AssertUnwindSafe(|| self.try_run(base, sim)));
        result.unwrap_or_else(|panic| Err(panic_text(&*panic)))
    }

    fn try_run(&self, base: &Base, mut sim: Sim) -> Result<Outcome, String> {
        let result = self.run_through(base, &mut sim);
        match (result, breaches(&sim)) {
            (Err(error), Err(breach)) => Err(format!("{error}; {breach}")),
            (result, breach) => breach.and(result),
        }
    }

    fn run_through(&self, base: &Base, sim: &mut Sim) -> Result<Outcome, String> {
        let mut run = Run {
            base,
            variant: self.variant,
            oracle: base.oracle.clone(),
            outcome: Outcome::default(),
            waiting: self.cuts.clone().into_iter(),
            glitch: self.glitch.map(|glitch| (self.cuts.len() as u32, glitch)),
            at: 0,
            live: 0,
        };
        sim.reseed(self.plan.seed ^ self.variant.wrapping_mul(0x9E37_79B9));
        let mut lent = Lent::new(sim, &base.config, base.slots);
        sim.power_off();
        sim.power_on();
        if let Some(cut) = run.waiting.next() {
            sim.arm(cut);
        }
        let mut recovering = false;
        loop {
            match run.boot(sim, &mut lent, recovering)? {
                Next::PowerUp => run.power_up(sim),
                // A restart: the store knows no more than after a power cut.
                Next::Remount => {
                    sim.power_off();
                    sim.power_on();
                }
                Next::Finish => break,
            }
            recovering = run.outcome.cuts > 0;
        }
        sim.disarm();
        run.finish(sim, &mut lent)?;
        run.outcome.repeat_touches = sim.repeat_touches();
        Ok(run.outcome)
    }
}

/// Whether the flash gave the error: it does when power has ended.
fn is_of_flash(error: &str) -> bool {
    let flash = [Error::ReadFailed, Error::WriteFailed, Error::ReadOnly];
    flash
        .iter()
        .any(|flash| error.ends_with(&flash.to_string()))
}

fn calls(sim: &Sim) -> u64 {
    sim.counters().programs + sim.counters().erases
}

impl Run<'_> {
    fn power_up(&mut self, sim: &mut Sim) {
        self.outcome.cuts += 1;
        sim.power_on();
        if let Some(cut) = self.waiting.next() {
            sim.arm(cut);
        }
    }

    /// From a mount to the end of the script or of power.
    fn boot(&mut self, sim: &mut Sim, lent: &mut Lent, check: bool) -> Result<Next, String> {
        let base = self.base;
        if check {
            let oracle = &self.oracle;
            let first = lent.mount(sim, &base.config);
            match first.map(|mut store| oracle.check(&mut store, base.sample)) {
                Ok(checked) => checked.map_err(|error| format!("first mount: {error}"))?,
                Err(_) if !sim.is_powered() => return Ok(Next::PowerUp),
                Err(error) => return Err(format!("mount after a cut: {error}")),
            }
        }
        let before = calls(sim);
        let mut store = match lent.mount(sim, &base.config) {
            Ok(store) => store,
            Err(error) => {
                return if sim.is_powered() {
                    Err(format!("mount: {error}"))
                } else {
                    Ok(Next::PowerUp)
                };
            }
        };
        if check {
            self.oracle
                .check(&mut store, base.sample)
                .map_err(|e| format!("second mount: {e}"))?;
            let sim = store.into_flash();
            // Where a format was cut, what is left of it may read well at one mount and not at the
            // next; nothing is stored yet.
            let formats = base.config.format_if_unrecognised && self.oracle.is_untouched();
            if calls(sim) != before && !formats {
                return Err(format!(
                    "a second mount makes {} calls",
                    calls(sim) - before
                ));
            }
            if formats && sim.is_powered() {
                // A restart, as any other mount behind something that was programmed.
                sim.power_off();
                sim.power_on();
            }
            store = match lent.mount(sim, &base.config) {
                Ok(store) => store,
                // That format was cut too; one that fails by itself did so at the first mount.
                Err(_) if formats => return Ok(Next::PowerUp),
                Err(error) => return Err(format!("mount: {error}")),
            };
        }
        if let Some((cuts, (calls, reads))) = self.glitch
            && cuts == self.outcome.cuts
        {
            self.glitch = None;
            let sim = store.into_flash();
            sim.glitch(calls, reads);
            // A mount may meet it: then the next one does not.
            if let Ok(mut store) = lent.mount(sim, &base.config) {
                self.write_through_glitch(&mut store)
                    .map_err(|error| format!("with a glitch: {error}"))?;
            }
            sim.heal();
            return Ok(Next::Remount);
        }
        let next = self.go_on(&mut store);
        if store.into_flash().is_powered() {
            return next;
        }
        match next {
            Err(error) if !is_of_flash(&error) => Err(error),
            _ => Ok(Next::PowerUp),
        }
    }

    /// The rest of the script. An error of the flash ends it; the caller knows whether power did.
    fn go_on(&mut self, store: &mut Store<'_, '_>) -> Result<Next, String> {
        if self.outcome.cuts > 0 && self.variant % 2 == 1 {
            self.write_other(store)?;
        }
        while let Some(op) = self.base.script.get(self.at) {
            if matches!(op, Op::Remount) {
                self.at += 1;
                return Ok(Next::Remount);
            }
            let at = self.at;
            self.step(store, op)
                .map_err(|error| format!("operation {at}, {op:?}: {error}"))?;
            self.at += 1;
        }
        self.live = store.stats().map_err(|error| error.to_string())?.live_bytes;
        Ok(Next::Finish)
    }

    fn step(&mut self, store: &mut Store<'_, '_>, op: &Op) -> Result<(), String> {
        let mut step = run_again(store, op, &mut self.oracle)?;
        let done = op
            .written()
            .is_some_and(|(key, held)| self.oracle.allowed(key).contains(&held));
        let is_write = !matches!(op, Op::Maintain { .. });
        let again = step == Step::Unchanged && is_write || step == Step::Full && done;
        if again && self.oracle.in_doubt() {
            // What it is stands only with the next write; then the operation counts.
            self.write_other(store)?;
            step = run(store, op, &mut self.oracle)?;
        }
        // A value that is in place already would have to fit twice.
        if step == Step::Full
            && op
                .written()
                .is_some_and(|(key, held)| self.oracle.sure(key) == Some(&held))
        {
            step = Step::Unchanged;
        }
        match step {
            // After an acknowledged write nothing is in doubt.
            Step::Written => self.oracle.settle(store),
            Step::Unchanged => Ok(()),
            Step::Full if self.base.is_tight(self.at) => Ok(()),
            Step::Full => {
                // Written again, a value can be one piece that was two: then less fits beside it.
                // From then on more can be live than without cuts: what did not fit was not
                // replaced.
                if std::mem::replace(&mut self.outcome.cramped, true) {
                    return Ok(());
                }
                let live = store.stats().map_err(|error| error.to_string())?.live_bytes;
                let before = self.base.live.get(self.at).copied().unwrap_or(0);
                (live <= before)
                    .then_some(())
                    .ok_or_else(|| format!("space is lost: {live} live, {before} without cuts"))
            }
            Step::Failed(error) => Err(error.to_string()),
        }
    }

    fn other(&self) -> Op {
        let value = Value {
            size: 2,
            seed: self.variant + u64::from(self.outcome.cuts) + 2,
            flags: 0,
        };
        Op::Set {
            key: OTHER.to_vec(),
            value,
        }
    }

    /// Writes a key that is not in flight.
    fn write_other(&mut self, store: &mut Store<'_, '_>) -> Result<(), String> {
        let op = self.other();
        match run(store, &op, &mut self.oracle)? {
            Step::Written => self.oracle.settle(store),
            Step::Failed(error) => Err(format!("the first write: {error}")),
            // The value in flight can be one piece that was two: then less fits beside it.
            Step::Full if self.base.is_tight(self.at) => Ok(()),
            Step::Full if self.oracle.in_doubt() => {
                self.outcome.cramped = true;
                Ok(())
            }
            step => Err(format!("the first write: {step:?}")),
        }
    }

    /// Writes a key that is not in flight while one read fails; what is there counts on the same
    /// store.
    fn write_through_glitch(&mut self, store: &mut Store<'_, '_>) -> Result<(), String> {
        let op = self.other();
        if let Step::Failed(error) = run(store, &op, &mut self.oracle)? {
            if error != Error::ReadFailed {
                return Err(format!("the first write: {error}"));
            }
            self.outcome.glitches += 1;
            // Reads go on.
            self.oracle.check(store, self.base.sample)?;
            store
                .maintain(0)
                .map_err(|error| format!("maintain: {error}"))?;
            self.oracle.check(store, self.base.sample)?;
            match run_again(store, &op, &mut self.oracle)? {
                Step::Written => self.oracle.settle(store)?,
                Step::Unchanged => {}
                step => return Err(format!("the write after it: {step:?}")),
            }
            self.oracle.check(store, self.base.sample)?;
        }
        Ok(())
    }

    /// All is as after the script without a cut, and no space is lost.
    fn finish(&mut self, sim: &mut Sim, lent: &mut Lent) -> Result<(), String> {
        let base = self.base;
        let mount = |error: Error| format!("last mount: {error}");
        let mut store = lent.mount(sim, &base.config).map_err(mount)?;
        let at_end = |error| format!("at the end: {error}");
        self.oracle.check(&mut store, base.sample).map_err(at_end)?;
        let live = store.stats().map_err(|error| error.to_string())?.live_bytes;
        if live != self.live {
            return Err(format!("{} live, {live} after a restart", self.live));
        }
        let big = base.class.size() > 64 << 10;
        if base.room == 0 || self.outcome.cramped || (big && !self.variant.is_multiple_of(4)) {
            return Ok(());
        }
        let value = Value {
            size: base.room,
            seed: self.variant,
            flags: 0,
        };
        for op in [
            Op::Set {
                key: ROOM.to_vec(),
                value,
            },
            Op::Remove { key: ROOM.to_vec() },
        ] {
            let step = run(&mut store, &op, &mut self.oracle)?;
            if step != Step::Written {
                let now = store.stats().map_err(|error| error.to_string())?;
                return Err(format!("room for {}: {step:?}, {now:?}", base.room));
            }
            self.oracle.settle(&mut store)?;
            self.oracle.check_key(&mut store, ROOM)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Case;

    #[test]
    fn a_case_is_a_line() {
        for line in [
            "3/1/75/2/99/4/",
            "3/1/75/2/99/4/12:before:0:0,4:3+1:2:6,0:complete:3:1",
            "3/1/75/2/99/4/12:before:0:0/1:7",
        ] {
            let case: Case = line.parse().unwrap();
            assert_eq!(case.to_string(), line);
        }
        assert!("3/1".parse::<Case>().is_err());
    }
}
