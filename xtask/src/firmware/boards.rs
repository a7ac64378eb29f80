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
}

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
        ["arm-none-eabi-gcc", "libc.a", "libnewlib-arm-none-eabi"]
    }
}
