//! Stack: how deep each function goes, at most by the calls in the linked image, and as seen in the
//! emulator.

use super::depth;
use super::figures::Table;
use super::firmware::{self, Processor};
use crate::process::Failure;

/// The table: two columns a processor where there is an emulator, one elsewhere.
pub(super) fn table(processors: &[&str]) -> Table {
    let columns: Vec<String> = processors
        .iter()
        .flat_map(|name| [format!("{name} at most"), format!("{name} seen")])
        .collect();
    let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    // Its programs are not run.
    columns.retain(|column| *column != "RV32IMC seen");
    Table::new("Stack, bytes", &columns)
}

/// The row of the global API, whose functions are not run.
const BY_PATH: &str = "the deepest of the global API";

/// Both figures of each function.
pub(super) fn measure(processor: &Processor, table: &mut Table) -> Result<(), Failure> {
    // The whole library: functions that paths lead to call those with a handle.
    let image = processor.link("whole.elf", &["images.c"], &["-DIMAGE=3"])?;
    let image = image.to_string_lossy();
    let options = [
        "--disassemble",
        "--no-show-raw-insn",
        "--disassemble-zeroes",
    ];
    let listing = processor.tool("objdump", &[&options[..], &[&image]].concat())?;
    let graph = depth::Graph::parse(&listing);
    for function in graph.functions("kv_store_") {
        let deepest = graph.deepest(function).map_err(Failure::new)?;
        table.put(
            &format!("`{function}`"),
            &format!("{} at most", processor.name),
            deepest,
        );
    }
    // Some go by a second name, which Mbed's library does not have.
    let mut by_path = 0;
    for function in graph.functions("kv_").chain(graph.functions("nvkv_kv_")) {
        if !function.starts_with("kv_store_") {
            by_path = by_path.max(graph.deepest(function).map_err(Failure::new)?);
        }
    }
    table.put(BY_PATH, &format!("{} at most", processor.name), by_path);
    let Some(machine) = processor.machine else {
        return Ok(());
    };
    let sources = ["stack.c", "board.c", "nor.c"];
    let program = processor.link("stack.elf", &sources, &[])?;
    let seen = firmware::run(machine, &program.to_string_lossy(), &[])?;
    for (function, bytes) in seen {
        let row = format!("`{function}`");
        table.put(&row, &format!("{} seen", processor.name), bytes);
        is_no_more_than_at_most(table, &row, processor.name, bytes)?;
    }
    Ok(())
}

/// The driver of the emulated flash, which is not the library's.
const DRIVER: u64 = 64;

/// More than the calls can need means that they were not read rightly.
fn is_no_more_than_at_most(
    table: &Table,
    row: &str,
    processor: &str,
    seen: u64,
) -> Result<(), Failure> {
    let column = format!("{processor} at most");
    let column = table.columns.iter().position(|name| *name == column);
    let row_found = table.rows.iter().find(|(name, _)| name == row);
    let most = column
        .zip(row_found)
        .and_then(|(column, (_, figures))| figures.get(column).copied().flatten());
    match most {
        Some(most) if seen <= most.saturating_add(DRIVER) => Ok(()),
        most => Err(Failure::new(format!(
            "{row} took {seen} bytes of stack on {processor}, and can take {most:?} at most"
        ))),
    }
}
