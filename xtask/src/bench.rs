//! `cargo xtask bench`: nvkv and the stores of others side by side; and the step that compares the
//! figures of nvkv with the committed ones.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::compiler;
use crate::paths;
use crate::process::{Failure, cargo, command, run as run_command};
use crate::report::Outcome;

/// Options of `cargo xtask bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// Only the stores with this in their names; `nvkv` needs no C compiler
    #[arg(long, value_name = "WORD", default_value = "")]
    store: String,
    /// Only the flashes with this in their names: qspi, nrf52, h7, MiB
    #[arg(long, value_name = "WORD", default_value = "")]
    flash: String,
    /// Only the workloads with this in their names: counter, config, many,
    /// util, capacity, churn, blob, scale, aged
    #[arg(long, value_name = "WORD", default_value = "")]
    workload: String,
    /// Write what was measured to bench/baseline.json, and the documents that
    /// carry its figures
    #[arg(long)]
    update: bool,
}

/// Builds the benchmark and runs it.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut command = cargo("run");
    in_bench(&mut command);
    if options.store == "nvkv" {
        command.arg("--no-default-features");
    } else {
        tools_for_peers()?;
    }
    command
        .arg("--")
        .arg("--out")
        .arg(paths::target().join("bench"));
    for (name, value) in [
        ("--store", &options.store),
        ("--flash", &options.flash),
        ("--workload", &options.workload),
    ] {
        if !value.is_empty() {
            command.args([name, value]);
        }
    }
    if options.update {
        command.arg("--update");
    }
    run_command(&mut command)
}

/// The figures of nvkv are those of the baseline, and the documents say them.
pub(crate) fn check() -> Outcome {
    let all = || -> Result<(), Failure> {
        let manifest = manifest();
        run_command(cargo("fmt").args(["--check", "--manifest-path", &manifest]))?;
        let mut clippy = cargo("clippy");
        in_bench(&mut clippy);
        clippy.args(["--no-default-features", "--all-targets"]);
        run_command(clippy.args(["--", "-D", "warnings"]))?;
        let mut test = cargo("test");
        in_bench(&mut test);
        run_command(test.arg("--no-default-features"))
    };
    all().into()
}

fn manifest() -> String {
    let path = paths::root().join("bench").join("Cargo.toml");
    path.to_string_lossy().into_owned()
}

/// What each command on the workspace of the benchmark has.
fn in_bench(command: &mut std::process::Command) {
    command.args(["--release", "--locked", "--manifest-path", &manifest()]);
}

/// littlefs is in C, and the crate reads its header with libclang.
fn tools_for_peers() -> Result<(), Failure> {
    compiler::find_or_install()?;
    if has_libclang() {
        return Ok(());
    }
    compiler::install(&["libclang-dev"])?;
    if has_libclang() {
        return Ok(());
    }
    Err(Failure::new(
        "littlefs2 needs libclang (Debian: sudo apt-get install libclang-dev), or LIBCLANG_PATH \
         for the folder in which it is. `cargo xtask bench --store nvkv` works without.",
    ))
}

fn has_libclang() -> bool {
    if std::env::var_os("LIBCLANG_PATH").is_some() || !cfg!(target_os = "linux") {
        return true;
    }
    let told = crate::process::output_of(command("llvm-config").arg("--libdir"));
    let mut folders = vec!["/usr/lib".to_owned(), "/usr/lib64".to_owned()];
    folders.extend(told);
    let under = |folder: &str| -> Vec<String> {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path().to_string_lossy().into_owned())
            .collect()
    };
    for entry in under("/usr/lib") {
        folders.push(format!("{entry}/lib"));
        folders.push(entry);
    }
    folders.iter().any(|folder| {
        under(folder).iter().any(|path| {
            let name = Path::new(path).file_name().unwrap_or_default();
            let name = name.to_string_lossy();
            name.starts_with("libclang.so") || name.starts_with("libclang-") && name.contains(".so")
        })
    })
}
