//! The program of README.md, which `tests/readme.rs` compares with this file, compiles and runs.

use nvkv::{Config, Memory, Store, embedded_storage::nor_flash::NorFlash};

/// Counts the starts of a device, in a flash of 16 sectors.
fn count_start(flash: impl NorFlash) -> Result<u32, nvkv::Error> {
    // 16 sectors, and an index for 100 keys.
    let mut memory = Memory::<16, { nvkv::slots(100) }>::new();
    let config = Config::new().format_if_unrecognised();
    let mut store = Store::open(flash, &mut memory, config)?;

    let starts = 1 + store.get_array("starts")?.map_or(0, u32::from_le_bytes);
    store.set("starts", starts.to_le_bytes())?;
    Ok(starts)
}

#[test]
fn the_program_of_the_readme_counts() {
    let mut chip = super::Chip::new(16);
    for start in 1..100 {
        assert_eq!(count_start(&mut chip), Ok(start));
    }
}
