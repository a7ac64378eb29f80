//! The development commands of nvkv: everything that a person or the CI runs.
//!
//! | file | what it does |
//! |---|---|
//! | `demo.rs` | builds the C demo against the archive and runs it through a power cut |
//! | `checks.rs` | `cargo xtask test`: the list of steps |
//! | `bare_metal.rs` | builds the archive, and firmware in Rust, without an operating system |
//! | `races.rs` | threads that share a store, under ThreadSanitizer |
//! | `memory.rs` | the C programs under AddressSanitizer, UBSan and valgrind |
//! | `cmake/` | uses the library from CMake projects, on this machine and for firmware |
//! | `freertos/` | tasks of FreeRTOS that share a store, emulated and on this machine |
//! | `footprint/` | `cargo xtask size` and `time`: flash, RAM, stack and instructions of firmware |
//! | `firmware/` | firmware on emulated boards, killed while it writes |
//! | `package/` | `cargo xtask package`: archives for those without Rust, and packages of them |
//! | `soak.rs`, `fuzz.rs` | the long runs |
//! | `bench.rs` | the benchmark, and its figures compared with the committed ones |
//! | `archive.rs`, `compiler.rs` | `libnvkv.a`; a C compiler, installed where that is possible |
//! | `process.rs`, `report.rs` | running programs; telling what happened |
//! | `paths.rs` | where things are |

mod archive;
mod bare_metal;
mod bench;
mod checks;
mod cmake;
mod compiler;
mod demo;
mod firmware;
mod footprint;
mod freertos;
mod fuzz;
mod memory;
mod package;
mod paths;
mod process;
#[path = "../../tests/c/programs.rs"]
mod programs;
mod races;
mod report;
mod soak;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use process::Failure;

/// The development commands of nvkv.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the C demo and run it on a flash image file, through a power cut and a restart
    Demo(demo::Options),
    /// Run every check and test but the soaks
    Test(checks::Options),
    /// Cut the power some millions of times
    Soak(soak::Options),
    /// Kill emulated boards while they write, and look for what was lost
    Firmware(firmware::Options),
    /// Run tasks of FreeRTOS that share a store, with other seeds each time
    Rtos(freertos::soak::Options),
    /// Run a fuzz target; without a name, list them
    Fuzz(fuzz::Options),
    /// Measure nvkv and the stores of others side by side
    Bench(bench::Options),
    /// Build the archives for those without Rust
    Package(package::Options),
    /// Measure what firmware takes of flash, RAM and stack, and compare it with docs/size.md
    Size(footprint::Options),
    /// Count the instructions of each operation, and compare them with docs/time.md
    Time(footprint::Options),
}

fn main() -> ExitCode {
    let outcome: Result<(), Failure> = match Arguments::parse().task {
        Task::Demo(options) => demo::run(&options),
        Task::Test(options) => checks::run(&options),
        Task::Soak(options) => soak::run(&options),
        Task::Firmware(options) => firmware::run(&options),
        Task::Rtos(options) => freertos::soak::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Package(options) => package::run(&options),
        Task::Size(options) => footprint::size(&options),
        Task::Time(options) => footprint::time(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}
