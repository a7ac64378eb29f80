//! The boards that firmware runs on, as QEMU has them: what is built for them, and where the flash
//! is that outlives the emulator.

use std::ops::Range;

/// A board of `c-examples/firmware`.
pub(super) struct Board {
    /// Its name there.
    pub(super) name: &'static str,
    /// QEMU's name of it.
    pub(super) machine: &'static str,
    pub(super) emulator: &'static str,
    /// Rust's name of the processor.
    pub(super) target: &'static str,
    pub(super) flash: Flash,
    /// Bytes of the file that stands for the flash; as large as the chip.
    pub(super) image_size: usize,
    /// Where the partition for settings is in that file.
    pub(super) partition: Range<usize>,
    /// How the project gets nvkv: each way is used by one of the boards.
    pub(super) from: &'static str,
    /// Programs of `tests/c` that run with their flash in RAM.
    pub(super) in_ram: &'static [&'static str],
    /// And with the flash of the board. Those that count its segments, or fill it, need one that is
    /// small.
    pub(super) on_flash: &'static [&'static str],
    /// Programs of `tests/cpp`.
    pub(super) cpp: &'static [&'static str],
}

/// All of `tests/c` that has no threads.
const ALL_C: [&str; 12] = [
    "values",
    "streams",
    "iterators",
    "names",
    "flashes",
    "global_values",
    "global_iterators",
    "global_partitions",
    "global_backend",
    "global_init",
    "failures",
    // The last one: it expects that spin locks work.
    "misuse",
];

/// The same for a processor without compare-and-swap, where they do not.
const WITHOUT_SPIN: &[&str] = ALL_C.split_at(11).0;

/// All of `tests/cpp` that is for one thread and one configuration.
const ALL_CPP: &[&str] = &[
    "flat",
    "without_flash",
    "stores",
    "map",
    "global",
    "nvstore",
    "owner",
];

/// How the emulator has the flash.
pub(super) enum Flash {
    /// In memory of its own, which it is asked for before it is killed; the address.
    Inside(u32),
    /// In the file, as a serial chip. The emulator writes behind what the chip says it has done.
    Serial,
    /// In the file, as a parallel chip, which is written at once.
    Parallel,
    /// In the file, which is the main memory of the machine.
    MainMemory,
}

pub(super) const BOARDS: [Board; 6] = [
    Board {
        name: "microbit",
        machine: "microbit",
        emulator: ARM,
        target: "thumbv6m-none-eabi",
        flash: Flash::Inside(0x38000),
        image_size: 32 * KIB,
        partition: 0..32 * KIB,
        from: "subdirectory",
        // It has no RAM for a flash: those that need none.
        in_ram: &["names", "global_backend"],
        on_flash: &["values", "iterators", "global_init"],
        cpp: &[],
    },
    Board {
        name: "emcraft-sf2",
        machine: "emcraft-sf2",
        emulator: ARM,
        target: "thumbv7m-none-eabi",
        flash: Flash::Serial,
        image_size: 16 * MIB,
        partition: MIB..MIB + 256 * KIB,
        from: "find_package",
        in_ram: &ALL_C,
        on_flash: &["iterators", "global_init"],
        // The others have more data than its RAM.
        cpp: &["map", "nvstore", "owner"],
    },
    Board {
        name: "ast1030-evb",
        machine: "ast1030-evb",
        emulator: ARM,
        target: "thumbv7em-none-eabi",
        flash: Flash::Serial,
        image_size: 4 * MIB,
        partition: MIB..MIB + 64 * KIB,
        from: "fetch_content",
        in_ram: &[],
        on_flash: &[
            "values",
            "streams",
            "iterators",
            "global_iterators",
            "global_init",
        ],
        cpp: &[],
    },
    Board {
        name: "mps2-an386",
        machine: "mps2-an386",
        emulator: ARM,
        target: "thumbv7em-none-eabi",
        flash: Flash::MainMemory,
        image_size: 16 * MIB,
        // With a code of 4 bytes for each 32.
        partition: 0..576 * KIB,
        from: "subdirectory",
        in_ram: &ALL_C,
        on_flash: &["iterators", "global_init"],
        cpp: ALL_CPP,
    },
    Board {
        name: "mps2-an500",
        machine: "mps2-an500",
        emulator: ARM,
        target: "thumbv7em-none-eabi",
        flash: Flash::MainMemory,
        image_size: 16 * MIB,
        partition: 0..576 * KIB,
        from: "find_package",
        in_ram: &[],
        on_flash: &["iterators", "global_init"],
        cpp: &[],
    },
    Board {
        name: "virt",
        machine: "virt",
        emulator: "qemu-system-riscv32",
        target: "riscv32imc-unknown-none-elf",
        flash: Flash::Parallel,
        image_size: 32 * MIB,
        partition: 0..MIB,
        from: "fetch_content",
        in_ram: WITHOUT_SPIN,
        on_flash: &["iterators", "global_init"],
        cpp: &[],
    },
];

const ARM: &str = "qemu-system-arm";
const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

impl Board {
    pub(super) fn find(name: &str) -> Option<&'static Board> {
        BOARDS.iter().find(|board| board.name == name)
    }

    fn is_riscv(&self) -> bool {
        self.target.starts_with("riscv")
    }

    /// The tools that it is built and run with, and the packages they are in.
    pub(super) fn tools(&self) -> [(&'static str, &'static str); 2] {
        if self.is_riscv() {
            let gcc = ("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf");
            return [gcc, (self.emulator, "qemu-system-misc")];
        }
        [
            ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
            (self.emulator, "qemu-system-arm"),
        ]
    }

    /// The compiler, a file of the C library that it must have, and the package of that.
    pub(super) fn c_library(&self) -> [&'static str; 3] {
        if self.is_riscv() {
            let package = "picolibc-riscv64-unknown-elf";
            return ["riscv64-unknown-elf-gcc", "picolibc.specs", package];
        }
        let package = "libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib";
        ["arm-none-eabi-gcc", "libstdc++_nano.a", package]
    }
}
