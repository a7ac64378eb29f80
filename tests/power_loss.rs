//! Power is cut everywhere, and nothing that was acknowledged is ever lost (docs/format.md, 10).
//!
//! A case that fails prints a line that replays it alone. `NVKV_SOAK_CASES=2000000` runs that
//! many cases with seeds no run had before; `NVKV_SEED` gives the seed, `NVKV_CLASS` one class of
//! `common/geometry.rs` to try alone.
#![cfg(feature = "sim")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test helpers: whatever goes wrong is to stop the test"
)]

mod common;

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use common::{
    IndexSize,
    base::{Base, LEVELS, Plan, Workload},
    case::{Case, Outcome},
    env_number, fresh_seed,
    geometry::{Class, classes},
    in_parallel, panic_text,
};
use nvkv::flash::sim::{Call, Cut, CutPoint, EraseTear, ProgramTear, Rng, Sim};

/// Cases of an ordinary run of all tests here.
const CASES: u64 = 80_000;
/// Cases of a soak for one fill of each plan.
const CASES_A_ROUND: u64 = 250_000;
/// Seed of an ordinary run.
const SEED: u64 = 1;
/// Failures printed before a run gives up.
const FAILURES_MAX: usize = 20;

/// What the cases of a test came to.
#[derive(Default)]
struct Tally {
    tried: AtomicU64,
    cuts: AtomicU64,
    repeats: AtomicU64,
    glitches: AtomicU64,
    cramped: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Tally {
    fn add(&self, case: &Case, result: Result<Outcome, String>) {
        self.tried.fetch_add(1, Relaxed);
        match result {
            Ok(outcome) => {
                self.cuts.fetch_add(u64::from(outcome.cuts), Relaxed);
                self.glitches
                    .fetch_add(u64::from(outcome.glitches), Relaxed);
                self.cramped.fetch_add(u64::from(outcome.cramped), Relaxed);
                self.repeats
                    .fetch_add(u64::from(outcome.repeat_touches), Relaxed);
            }
            Err(error) => self.fail(case, &error),
        }
    }

    fn fail(&self, case: &Case, error: &str) {
        let mut failures = self.failures.lock().expect("no panic while locked");
        if failures.len() < FAILURES_MAX {
            println!(
                "NVKV_REPLAY='{case}' cargo test --features sim --test power_loss replay -- \
                 --nocapture # {error}"
            );
        }
        failures.push(error.to_string());
    }

    fn gave_up(&self) -> bool {
        self.failures.lock().expect("no panic while locked").len() >= FAILURES_MAX
    }

    fn finish(&self, what: &str) {
        let lost = self.failures.lock().expect("no panic while locked").len();
        println!(
            "{what}: cut cases: {} tried, {lost} lost ({} cuts, {} unseen touches)",
            self.tried.load(Relaxed),
            self.cuts.load(Relaxed),
            self.repeats.load(Relaxed),
        );
        let (cramped, tried) = (self.cramped.load(Relaxed), self.tried.load(Relaxed));
        assert!(cramped <= 1 + tried / 10_000, "{cramped} did not fit");
        assert_eq!(lost, 0, "lines above replay the cases that lost something");
    }
}

/// Cases of this run, and the seed of it.
fn volume() -> (u64, u64) {
    match env_number("NVKV_SOAK_CASES") {
        Some(cases) => {
            let seed = env_number("NVKV_SEED").unwrap_or_else(fresh_seed);
            println!("NVKV_SEED={seed}");
            (cases, seed)
        }
        None => (CASES, env_number("NVKV_SEED").unwrap_or(SEED)),
    }
}

/// Plans of a run of so many cases. The index sizes take turns. An ordinary run has one level of
/// the slow classes for each workload, a soak has all levels and a new fill each round.
fn plans(cases: u64, seed: u64) -> Vec<Plan> {
    let rounds = cases.div_ceil(CASES_A_ROUND);
    let kinds = classes();
    let only = env_number("NVKV_CLASS");
    let mut plans = Vec::new();
    for (class, kind) in kinds.iter().enumerate() {
        if only.is_some_and(|only| only != class as u64) {
            continue;
        }
        for workload in 0..Workload::ALL.len() {
            for (turn, level) in LEVELS.into_iter().enumerate() {
                let elsewhere = (class + workload) % LEVELS.len() != turn;
                if rounds == 1 && weight(kind) < 16 && elsewhere {
                    continue;
                }
                for round in 0..rounds {
                    let seed = seed + round;
                    let index = (class + workload + turn + seed as usize) % IndexSize::ALL.len();
                    plans.push(Plan {
                        class,
                        workload,
                        level,
                        index,
                        seed,
                    });
                }
            }
        }
    }
    // The large ones first: they must not be what one thread is left with.
    plans.reverse();
    plans
}

/// Share of the cases that a class gets: many sectors and many bytes take long.
fn weight(class: &Class) -> u64 {
    match class.size() / 1024 * class.geometry.sectors.len() as u32 {
        0..=64 => 48,
        65..=256 => 16,
        257..=1024 => 8,
        _ => 4,
    }
}

/// Share of a plan: where a look at all records takes long, an index that makes every read one
/// gets fewer cases.
fn share(plan: &Plan, class: &Class) -> u64 {
    let index = match IndexSize::ALL[plan.index] {
        _ if weight(class) > 8 => 16,
        IndexSize::Full => 16,
        IndexSize::Half => 2,
        IndexSize::Eighth | IndexSize::None => 1,
    };
    weight(class) * index
}

/// Cases for each of the plans.
fn budgets(plans: &[Plan], cases: u64) -> Vec<u64> {
    let kinds = classes();
    let shares = |plan: &Plan| share(plan, &kinds[plan.class]);
    let total: u64 = plans.iter().map(shares).sum();
    plans
        .iter()
        .map(|plan| (cases * shares(plan) / total).max(1))
        .collect()
}

/// As [`budgets`]; in a soak each class has one case in 200 at least, 10,000 of 2,000,000, the slow
/// ones with an index of full size.
fn drawn_budgets(plans: &[Plan], cases: u64) -> Vec<u64> {
    let mut drawn = budgets(plans, cases / 4);
    if cases <= CASES {
        return drawn;
    }
    for (class, kind) in classes().iter().enumerate() {
        let any_index = weight(kind) > 8;
        let takes = |plan: &Plan| {
            plan.class == class && (any_index || IndexSize::ALL[plan.index] == IndexSize::Full)
        };
        let count = plans.iter().filter(|plan| takes(plan)).count() as u64;
        for (_, budget) in plans.iter().zip(&mut drawn).filter(|(plan, _)| takes(plan)) {
            *budget = (*budget).max((cases / 200).div_ceil(count));
        }
    }
    drawn
}

/// All cuts in one call that can be told apart.
fn cuts_of(call: u64, what: Call, unit: u32) -> Vec<Cut> {
    let cut = |point, program, erase| Cut {
        call,
        point,
        program,
        erase,
    };
    let plain = |point| cut(point, ProgramTear::Unseen, EraseTear::Unseen);
    let mut cuts = vec![plain(CutPoint::Before), plain(CutPoint::Complete)];
    if what.erase {
        let point = CutPoint::Units { whole: 0, torn: 1 };
        cuts.extend(EraseTear::ALL.map(|tear| cut(point, ProgramTear::Unseen, tear)));
        return cuts;
    }
    let units = what.size / unit;
    let mut places: Vec<(u32, u32)> = if unit >= 8 {
        (0..units).map(|whole| (whole, 1)).collect()
    } else {
        vec![(0, 1), (units / 2, 1), (units - 1, 1)]
    };
    // Memories that program a page at once leave all of it in doubt.
    places.extend([(0, units), (units / 2, units)]);
    places.sort_unstable();
    places.dedup();
    for (whole, torn) in places {
        let point = CutPoint::Units { whole, torn };
        cuts.extend(ProgramTear::ALL.map(|tear| cut(point, tear, EraseTear::Unseen)));
    }
    cuts
}

/// A cut anywhere in the next `calls` calls.
fn draw_cut(calls: u64, rng: &mut Rng) -> Cut {
    let point = match rng.below(8) {
        0 => CutPoint::Before,
        1 => CutPoint::Complete,
        2 => CutPoint::Units {
            whole: 0,
            torn: u32::MAX,
        },
        _ => CutPoint::Units {
            whole: rng.below(rng.clone().below(64) + 1) as u32,
            torn: 1,
        },
    };
    Cut {
        call: rng.below(calls),
        point,
        program: ProgramTear::ALL[rng.below(4) as usize],
        erase: EraseTear::ALL[rng.below(7) as usize],
    }
}

fn build(plan: Plan) -> Result<Base, String> {
    let base = std::panic::catch_unwind(|| Base::build(plan));
    base.unwrap_or_else(|panic| Err(panic_text(&*panic)))
}

/// Builds the base; one that does not come to be is a case that failed.
fn build_for(plan: Plan, tally: &Tally) -> Option<Base> {
    match build(plan) {
        Ok(base) => Some(base),
        Err(error) => {
            tally.add(
                &Case {
                    plan,
                    variant: 0,
                    cuts: Vec::new(),
                    glitch: None,
                },
                Err(error),
            );
            None
        }
    }
}

/// One cut in every call, at every place, of every kind; in an ordinary run a part of them.
#[test]
fn one_cut() {
    let (cases, seed) = volume();
    let plans = plans(cases, seed);
    let budgets = budgets(&plans, cases / 2);
    let tally = Tally::default();
    in_parallel(plans.len(), |at| {
        if tally.gave_up() {
            return;
        }
        let plan = plans[at];
        let Some(base) = build_for(plan, &tally) else {
            return;
        };
        let unit = base.class.geometry.program_size;
        let numbered = (0..).zip(&base.calls);
        let mut cuts: Vec<Cut> = numbered
            .flat_map(|(at, call)| cuts_of(at, *call, unit))
            .collect();
        let mut rng = Rng::new(seed ^ at as u64);
        for at in (1..cuts.len()).rev() {
            cuts.swap(at, rng.below(at as u64 + 1) as usize);
        }
        for cut in cuts.into_iter().take(budgets[at] as usize) {
            let case = Case {
                plan,
                variant: rng.below(1 << 20),
                cuts: vec![cut],
                glitch: None,
            };
            tally.add(&case, case.run(&base));
        }
    });
    tally.finish("one cut");
}

/// Cases drawn for each plan by `draw`: the cuts, and the read that fails behind them.
fn try_drawn(
    (plans, budgets): (&[Plan], &[u64]),
    seed: u64,
    draw: impl Fn(u64, &mut Rng) -> (Vec<Cut>, Option<(u64, u64)>) + Sync,
) -> Tally {
    let tally = Tally::default();
    in_parallel(plans.len(), |at| {
        if tally.gave_up() {
            return;
        }
        let plan = plans[at];
        let Some(base) = build_for(plan, &tally) else {
            return;
        };
        let calls = base.calls.len().max(1) as u64;
        let mut rng = Rng::new(seed ^ at as u64);
        for _ in 0..budgets[at] {
            let (cuts, glitch) = draw(calls, &mut rng);
            let case = Case {
                plan,
                variant: rng.below(1 << 20),
                cuts,
                glitch,
            };
            tally.add(&case, case.run(&base));
        }
    });
    tally
}

/// A cut in the script, and so many behind it in the recovery.
fn draw_cuts(calls: u64, behind: u64, rng: &mut Rng) -> Vec<Cut> {
    let mut cuts = vec![draw_cut(calls, rng)];
    for _ in 0..behind {
        let calls = 1 + rng.below(12);
        cuts.push(draw_cut(calls, rng));
    }
    cuts
}

/// Two cuts and more, drawn: the later ones hit the recovery from the earlier ones.
#[test]
fn drawn_cuts() {
    let (cases, seed) = volume();
    let plans = plans(cases, seed + 1);
    let budgets = drawn_budgets(&plans, cases);
    let tally = try_drawn((&plans, &budgets), seed, |calls, rng| {
        let behind = 1 + rng.below(3);
        (draw_cuts(calls, behind, rng), None)
    });
    tally.finish("drawn cuts");
}

/// Calls of a recovery in which the second cut is tried.
const SECOND_CALLS: u64 = 8;

/// On partitions of up to 2 KiB: each cut, and after it each cut in the recovery. An ordinary
/// run takes a part.
#[test]
fn second_cuts() {
    let (cases, seed) = volume();
    let plans: Vec<Plan> = plans(cases, seed)
        .into_iter()
        .filter(|plan| classes()[plan.class].is_tiny())
        .collect();
    let budget = cases / 4 / (plans.len() as u64).max(1);
    let tally = Tally::default();
    in_parallel(plans.len(), |at| {
        if tally.gave_up() {
            return;
        }
        let plan = plans[at];
        let Some(base) = build_for(plan, &tally) else {
            return;
        };
        let unit = base.class.geometry.program_size;
        let numbered = (0..).zip(&base.calls);
        let first: Vec<Cut> = numbered
            .flat_map(|(at, call)| cuts_of(at, *call, unit))
            .collect();
        let program = Call {
            erase: false,
            address: 0,
            size: 8 * unit,
        };
        let erase = Call {
            erase: true,
            ..program
        };
        let mut second: Vec<Cut> = Vec::new();
        for call in 0..SECOND_CALLS {
            for mut cut in cuts_of(call, program, unit) {
                // What the call will be is not known: the erase tears take turns.
                cut.erase = EraseTear::ALL[second.len() % EraseTear::ALL.len()];
                second.push(cut);
            }
            second.extend(cuts_of(call, erase, unit).into_iter().skip(2));
        }
        let pairs = (first.len() * second.len()) as u64;
        let stride = (pairs / budget.max(1)).max(1);
        let mut rng = Rng::new(seed ^ at as u64);
        let mut pair = rng.below(stride);
        while pair < pairs {
            let (one, two) = (pair as usize / second.len(), pair as usize % second.len());
            let cuts = vec![first[one], second[two]];
            let case = Case {
                plan,
                variant: rng.below(1 << 20),
                cuts,
                glitch: None,
            };
            tally.add(&case, case.run(&base));
            pair += 1 + rng.below(2 * stride - 1);
        }
    });
    tally.finish("second cuts");
}

/// Reads of a first write, roughly.
const GLITCH_READS: u64 = 120;

/// One read fails in the first write after cuts, or in the mount before it: the write is refused,
/// what is there stays, on the same store too, and the next write goes on.
#[test]
fn a_read_that_fails_after_cuts() {
    let (cases, seed) = volume();
    let plans = plans(cases, seed + 2);
    let budgets = budgets(&plans, cases / 10);
    let tally = try_drawn((&plans, &budgets), seed, |calls, rng| {
        let behind = rng.below(3);
        let cuts = draw_cuts(calls, behind, rng);
        (cuts, Some((rng.below(5), rng.below(GLITCH_READS))))
    });
    assert!(tally.glitches.load(Relaxed) > 100, "hardly a write failed");
    tally.finish("a read that fails after cuts");
}

/// As above, for many reads in turn behind cuts that lost something once.
#[test]
fn each_read_that_fails_is_survived() {
    let tally = Tally::default();
    in_parallel(FOUND.len(), |at| {
        let case: Case = FOUND[at].parse().expect("a line as a failure prints it");
        let base = build(case.plan).unwrap_or_else(|error| panic!("{error}"));
        for calls in 0..4 {
            for reads in (calls..GLITCH_READS).step_by(5) {
                let case = Case {
                    glitch: Some((calls, reads)),
                    ..case.clone()
                };
                tally.add(&case, case.run(&base));
            }
        }
    });
    assert!(tally.glitches.load(Relaxed) > 20, "hardly a write failed");
    tally.finish("each read that fails");
}

/// What lost something once. A case is the same as long as the store makes the same calls.
const FOUND: [&str; 22] = [
    "23/4/95/0/437942341/605351/44:0+1:3:1,7:complete:1:0,2:7+1:2:5,0:32+1:3:4",
    "6/7/10/2/1/435758/12:0+3:3:4,2:0+1:0:0",
    "6/2/10/1/1/31922/17:0+3:3:4,2:0+1:0:0",
    "6/0/10/3/1/80966/20:1+1:3:4,2:0+1:0:0",
    "4/4/50/3/1/680659/21:0+32:3:4,1:0+1:0:3",
    "3/7/30/0/1/341186/36:10+1:3:4,2:0+1:0:0",
    "2/7/10/2/1/764920/35:0+1:3:4,2:4+8:3:5",
    "2/1/30/1/1/137395/19:0+11:3:4,1:0+8:3:3",
    "2/0/50/1/1/937342/56:0+14:3:4,2:0+1:0:1",
    "6/5/75/3/1/776739/30:2+1:3:4,1:0+1:0:1",
    "20/1/10/3/983941126/603455/19:complete:1:1,0:0+4294967295:0:6,4:1+1:1:6/2:42",
    "18/2/95/0/983941128/464939/132:19+1:1:6/2:13",
    "1/5/50/3/596180299/997889/2:complete:3:5,0:0+1:3:1,0:31+1:3:0/4:91",
    "18/3/95/0/596181703/841199/36:complete:1:6,0:0+4294967295:3:2,2:complete:0:6,\
     5:0+4294967295:3:0",
    "18/3/95/0/375266895/102112/33:before:3:6,1:0+1:0:2,5:2+1:1:1,0:2+1:1:0",
    "18/5/95/0/605251933/163085/17:0+4294967295:3:0,2:11+1:0:6,1:12+1:2:3,1:5+1:2:2",
    "0/5/10/2/890754921/1008768/17:0+4294967295:3:5/3:61",
    "9/2/75/0/2/499205/173:complete:3:4,0:0+4294967295:3:4,0:3+1:3:2,2:3+1:1:5",
    // A retire record that the flash refused left no segment to go on in.
    "6/1/95/0/576906457/264643/37:1+1:3:4,0:0+1:0:6",
    // Where the old value was in the index at the check, and the index covers other keys at the
    // end.
    "12/3/75/3/527874104/0/",
    "12/7/75/3/527874104/1008413/127:11+1:2:4,3:complete:1:5,2:7+1:1:1",
    "11/1/50/3/527874104/0/",
];

#[test]
fn what_was_found_stays_mended() {
    for line in FOUND {
        let case: Case = line.parse().expect("a line as a failure prints it");
        let base = build(case.plan).unwrap_or_else(|error| panic!("{line}: {error}"));
        case.run(&base)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

/// The line that a failure printed.
#[test]
fn replay() {
    let Ok(line) = std::env::var("NVKV_REPLAY") else {
        return;
    };
    let case: Case = line.parse().expect("a line as a failure prints it");
    let started = std::time::Instant::now();
    let base = Base::build(case.plan).unwrap_or_else(|error| panic!("{error}"));
    let built = started.elapsed();
    println!(
        "class {:?}, workload {:?}",
        base.class.name,
        Workload::ALL[case.plan.workload]
    );
    for (at, op) in base.script.iter().enumerate() {
        println!("{at}: {op:?}");
    }
    let result = case.run(&base);
    println!(
        "{} calls; {built:?} to fill, {:?} in all",
        base.calls.len(),
        started.elapsed()
    );
    match result {
        Ok(outcome) => println!("nothing lost: {outcome:?}"),
        Err(error) => panic!("{error}"),
    }
}

/// A test that cannot fail is no test: on a flash that forgets what it acknowledged, things must
/// get lost.
#[test]
fn a_flash_that_lies_is_found_out() {
    let mut lost = 0;
    let mut tried = 0;
    for (class, workload) in [(2, 0), (12, 1), (13, 2)] {
        let plan = Plan {
            class,
            workload,
            level: 50,
            index: 0,
            seed: 3,
        };
        let base = build(plan).unwrap_or_else(|error| panic!("{error}"));
        let mut rng = Rng::new(3);
        for _ in 0..30 {
            let mut cut = draw_cut(base.calls.len() as u64, &mut rng);
            cut.point = CutPoint::Before;
            let case = Case {
                plan,
                variant: rng.below(1 << 20),
                cuts: vec![cut],
                glitch: None,
            };
            let mut sim: Sim = base.sim.clone();
            sim.lie(8);
            tried += 1;
            lost += u32::from(case.run_on(&base, sim).is_err());
        }
    }
    assert!(lost * 2 > tried, "{lost} of {tried} found out");
}
