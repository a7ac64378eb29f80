//! Instructions: of each operation of the workload `config`, on this machine by callgrind and on a
//! Cortex-M in the emulator. Those of the flash functions are not counted.

use std::fs;
use std::path::{Path, PathBuf};

use super::callgrind::Profile;
use super::figures::Table;
use super::firmware::{self, PROCESSORS};
use super::{Measured, Measurement};
use crate::process::{Failure, announce, captured, command, output_of, run, succeeded_with};
use crate::{archive, bare_metal, compiler, paths};

/// The parts of the workload: the row, the function of `tests/footprint/config.c`, and how often
/// that calls the library. The order is that of the program.
const PARTS: [(&str, &str, u64); 4] = [
    ("set", "config_sets", 20_000),
    ("get", "config_gets", 2_000),
    ("miss", "config_misses", 500),
    ("mount", "config_mount", 1),
];

const HOST: &str = "x86-64";
const CHECKSUMS: &str = "checksums of it";

/// All of it; or what to install.
pub(super) fn measure() -> Measured {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(Err("run it on Linux on x86-64".to_owned()));
    }
    if output_of(command("valgrind").arg("--version")).is_none() {
        return Ok(Err("apt-get install valgrind".to_owned()));
    }
    if let Some(what) = firmware::missing() {
        return Ok(Err(what));
    }
    let on_board = PROCESSORS
        .iter()
        .filter(|processor| processor.machine.is_some());
    let mut columns = vec![HOST, CHECKSUMS];
    columns.extend(on_board.clone().map(|processor| processor.name));
    let mut table = Table::new("Instructions", &columns);
    on_this_machine(&mut table)?;
    for processor in on_board {
        processor.archive()?;
        let sources = ["count_board.c", "config.c", "board.c", "nor.c"];
        let image = processor.link("count.elf", &sources, &[])?;
        let machine = processor.machine.unwrap_or("");
        // An instruction is 64 ns: more than a tick of the board's timer.
        let figures = firmware::run(machine, &image.to_string_lossy(), &["-icount", "shift=6"])?;
        for (part, instructions) in figures {
            table.put(&part, processor.name, instructions);
        }
    }
    Ok(Ok(Measurement {
        compiler: format!(
            "{} ({HOST}); {}",
            bare_metal::version_of("rustc"),
            firmware::compilers()
        ),
        tables: vec![table],
    }))
}

fn on_this_machine(table: &mut Table) -> Result<(), Failure> {
    let folder = paths::target().join("footprint");
    let program = build(&folder)?;
    let profile = folder.join("callgrind.out");
    // Parts of an earlier run would be taken for those of this one.
    for (number, _) in (1..).zip(PARTS) {
        let _not_there = fs::remove_file(part(&profile, number));
    }
    let mut valgrind = command("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", profile.display()));
    for (_, function, _) in PARTS {
        valgrind
            .arg(format!("--zero-before={function}"))
            .arg(format!("--dump-after={function}"));
    }
    valgrind.arg(&program);
    announce(&valgrind);
    let (status, printed) = captured(&mut valgrind)?;
    succeeded_with(&valgrind, status, &printed)?;
    for (number, (row, _, operations)) in (1..).zip(PARTS) {
        let file = part(&profile, number);
        let text = fs::read_to_string(&file)
            .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
        let profile = Profile::parse(&text);
        let library = profile
            .inside(|name| name.starts_with("kv_store_"))
            .saturating_sub(profile.inside(|name| name.starts_with("nor_")));
        let checksums = profile.of_file("engine/checksum.rs");
        let each = |total: u64| total.checked_div(operations).unwrap_or(0);
        if library == 0 || checksums == 0 {
            return Err(Failure::new(format!(
                "no instructions in {}",
                file.display()
            )));
        }
        table.put(row, HOST, each(library));
        table.put(row, CHECKSUMS, each(checksums));
    }
    Ok(())
}

/// Callgrind's dumps of one run are numbered.
fn part(profile: &Path, number: u32) -> PathBuf {
    profile.with_extension(format!("out.{number}"))
}

/// The workload with the archive as it ships, but for what says which line an instruction is of.
fn build(folder: &Path) -> Result<PathBuf, Failure> {
    let target = folder.join("host");
    let mut library = archive::build_command_into(&target);
    library.env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    run(&mut library)?;
    let sources = paths::root().join("tests/footprint");
    let program = folder.join("count");
    let mut link = command(compiler::find_or_install()?);
    link.args(["-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(paths::root().join("include"))
        .args(["count_host.c", "config.c", "nor.c"].map(|name| sources.join(name)))
        .arg(target.join("release").join("libnvkv.a"))
        .arg("-o")
        .arg(&program)
        .args(archive::system_libraries());
    let (status, printed) = captured(&mut link)?;
    succeeded_with(&link, status, &printed)?;
    Ok(program)
}
