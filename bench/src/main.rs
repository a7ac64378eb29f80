//! The benchmark: nvkv, through its C ABI, and the stores of others, side by side on the same
//! flash. Called by `cargo xtask bench`.
//!
//! | file | what it does |
//! |---|---|
//! | `flash.rs` | the flash that all stores are on: counts, models time, notes breaches |
//! | `workloads.rs`, `run.rs` | what is done with each store, and doing it |
//! | `stores/` | the stores |
//! | `results.rs` | what was measured, as rows and as JSON |
//! | `baseline.rs` | the committed figures, and what got worse or better |
//! | `tables.rs`, `plots.rs`, `bars.rs`, `docs.rs` | figures for people, in documents |

mod bars;
mod baseline;
mod docs;
mod flash;
mod plots;
mod results;
mod run;
mod stores;
mod tables;
mod workloads;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use indicatif::{ProgressBar, ProgressStyle};
use results::Row;
use stores::Kind;
use workloads::Plan;

/// What to do: `cargo xtask bench` passes it on.
#[derive(Default)]
struct Options {
    store: String,
    flash: String,
    workload: String,
    out: PathBuf,
    update: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options::default();
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--update" {
            options.update = true;
            continue;
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("no value after {name}"))?;
        match name.as_str() {
            "--store" => options.store = value,
            "--flash" => options.flash = value,
            "--workload" => options.workload = value,
            "--out" => options.out = value.into(),
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok(options)
}

/// The root of the repository.
fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// Runs each pair of a workload and a store, on all processors; the rows in the order of the pairs.
fn measure(pairs: &[(Plan, Kind)], progress: &ProgressBar) -> Vec<Row> {
    let next = AtomicUsize::new(0);
    let rows = Mutex::new(vec![None; pairs.len()]);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some((plan, kind)) = pairs.get(at) else {
                        break;
                    };
                    progress.set_message(format!(
                        "{} on {}: {}",
                        plan.name, plan.geometry.name, kind.name
                    ));
                    let row = run::run(plan, kind);
                    rows.lock().unwrap_or_else(|dead| dead.into_inner())[at] = Some(row);
                    progress.inc(1);
                }
            });
        }
    });
    let rows = rows.into_inner().unwrap_or_else(|dead| dead.into_inner());
    rows.into_iter().flatten().collect()
}

/// The pairs that are asked for.
fn pairs(options: &Options) -> Vec<(Plan, Kind)> {
    let wanted = |name: &str, asked: &str| asked.is_empty() || name.contains(asked);
    let kinds: Vec<Kind> = stores::all();
    let mut pairs = Vec::new();
    for plan in workloads::plans() {
        for kind in &kinds {
            let alone = plan.alone && kind.name != stores::OWN;
            if !alone
                && wanted(kind.name, &options.store)
                && wanted(plan.geometry.name, &options.flash)
                && wanted(&plan.name, &options.workload)
            {
                pairs.push((plan.clone(), *kind));
            }
        }
    }
    pairs
}

fn bar(length: usize) -> Result<ProgressBar, String> {
    let style = ProgressStyle::with_template("{elapsed_precise} {bar:30} {pos}/{len} {msg}")
        .map_err(|error| error.to_string())?;
    Ok(ProgressBar::new(length as u64).with_style(style))
}

fn work() -> Result<(), String> {
    let options = options()?;
    let pairs = pairs(&options);
    if pairs.is_empty() {
        return Err("no store and workload has such names".to_owned());
    }
    let progress = bar(pairs.len())?;
    let rows = measure(&pairs, &progress);
    progress.finish_and_clear();
    if rows.len() != pairs.len() {
        return Err("a workload panicked".to_owned());
    }
    println!("{}", tables::terminal(&rows));
    let out = |name: &str| options.out.join(name);
    write(&out("results.json"), &results::to_text(&rows))?;
    for (name, svg) in plots::all(&rows)? {
        write(&out(&name), &svg)?;
    }
    println!(
        "written: {} and the plots beside it",
        out("results.json").display()
    );
    let path = root().join(baseline::PATH);
    let committed = results::read(&path)?;
    if options.update {
        let merged = baseline::merged(committed, rows);
        write(&path, &results::to_text(&merged))?;
        for (path, text) in docs::files(&merged)? {
            write(&path, &text)?;
        }
        println!(
            "written: {} and the documents that carry its figures",
            path.display()
        );
        return Ok(());
    }
    match baseline::differences(&committed, &rows) {
        None => println!("the figures are those of {}", baseline::PATH),
        Some(text) => println!("{text}"),
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
