//! The C programs of the tests: what they are built from, and how they are run. All of them check
//! themselves.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "the tests and xtask use a part of it each"
)]

/// A program, built from sources in `tests/c` and `chip.c`.
pub struct Program {
    pub name: &'static str,
    pub sources: &'static [&'static str],
    /// The arguments of each run.
    pub runs: &'static [&'static [&'static str]],
    /// The same under tools that make it slow, where it is others.
    pub brief: Option<&'static [&'static [&'static str]]>,
}

const fn plain(name: &'static str, sources: &'static [&'static str]) -> Program {
    Program {
        name,
        sources,
        runs: &[&[]],
        brief: None,
    }
}

/// Everything in `tests/c` but what needs Mbed's headers or a feature: `c_global.rs` and
/// `c_threads.rs` have those.
pub const PROGRAMS: [Program; 14] = [
    plain(
        "misuse",
        &[
            "misuse.c",
            "misuse_cases.c",
            "misuse_flash.c",
            "misuse_opening.c",
            "misuse_paths.c",
            "misuse_pieces.c",
            "misuse_stores.c",
            "misuse_world.c",
        ],
    ),
    Program {
        name: "failures",
        sources: &["failures.c", "misuse_world.c"],
        runs: &[&[]],
        brief: Some(&[&["few"]]),
    },
    plain("values", &["values.c"]),
    plain("streams", &["streams.c"]),
    plain("iterators", &["iterators.c"]),
    plain("flashes", &["flashes.c"]),
    plain("locks", &["locks.c"]),
    plain("names", &["names.c"]),
    plain("global_values", &["global_values.c"]),
    plain("global_iterators", &["global_iterators.c"]),
    plain("global_partitions", &["global_partitions.c"]),
    plain("global_backend", &["global_backend.c"]),
    plain("global_init", &["global_init.c"]),
    plain("global_threads", &["global_threads.c"]),
];

/// Several threads, under each kind of lock, by handle and by paths.
pub const THREADS: Program = Program {
    name: "threads",
    sources: &[
        "threads.c",
        "threads_setup.c",
        "../../ports/lock/nvkv_lock_posix.c",
    ],
    runs: &[
        &["mutex", "handle"],
        &["mutex", "paths"],
        &["robust", "handle"],
        &["robust", "paths"],
        &["spin", "handle"],
        &["spin", "paths"],
        &["single", "handle"],
        &["single", "paths"],
        &["none", "handle"],
        &["none", "paths"],
    ],
    brief: Some(&[&["mutex", "handle"], &["none", "paths"]]),
};

/// The sources of `ports`, each with a program of its own.
pub const PORTS: [Program; 6] = [
    plain(
        "port_eeprom_i2c",
        &[
            "port_eeprom_i2c.c",
            "port_eeprom.c",
            "../../ports/flash/nvkv_flash_eeprom_i2c.c",
        ],
    ),
    plain(
        "port_eeprom_spi",
        &[
            "port_eeprom_spi.c",
            "port_eeprom.c",
            "../../ports/flash/nvkv_flash_eeprom_spi.c",
        ],
    ),
    plain(
        "port_check",
        &["port_check.c", "../../ports/flash/nvkv_flash_check.c"],
    ),
    plain(
        "port_posix_file",
        &[
            "port_posix_file.c",
            "../../ports/flash/nvkv_flash_posix_file.c",
        ],
    ),
    plain(
        "port_single",
        &["port_single.c", "../../ports/lock/nvkv_lock_single.c"],
    ),
    plain(
        "port_cmsis",
        &["port_cmsis.c", "../../ports/lock/nvkv_lock_cmsis.c"],
    ),
];

/// What each program has beside its own sources.
pub const COMMON: &str = "chip.c";

/// Where the headers are that the programs include.
pub const INCLUDES: [&str; 6] = [
    "include",
    "c-examples",
    "tests/c",
    "tests/systems",
    "ports/lock",
    "ports/flash",
];
