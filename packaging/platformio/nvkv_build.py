# What PlatformIO does with nvkv: links the archive of the board's processor, and in projects with
# an Mbed core puts nvkv's headers of Mbed's names before those of the core, for the project's own
# sources alone. library.json names this file.
import os

Import("env", "projenv")  # noqa: F821

# The first word that is in the name of the processor or chip decides.
TARGETS = (
    ("cortex-m0", "thumbv6m-none-eabi"),
    ("cortex-m1", "thumbv6m-none-eabi"),
    ("cortex-m23", "thumbv8m.base-none-eabi"),
    ("cortex-m33", "thumbv8m.main-none-eabi"),
    ("cortex-m35", "thumbv8m.main-none-eabi"),
    ("cortex-m55", "thumbv8m.main-none-eabi"),
    ("cortex-m85", "thumbv8m.main-none-eabi"),
    ("cortex-m3", "thumbv7m-none-eabi"),
    # The same archive for soft, softfp and hard.
    ("cortex-m4", "thumbv7em-none-eabi"),
    ("cortex-m7", "thumbv7em-none-eabi"),
    ("esp32c2", "riscv32imc-unknown-none-elf"),
    ("esp32c3", "riscv32imc-unknown-none-elf"),
    ("esp32c5", "riscv32imac-unknown-none-elf"),
    ("esp32c6", "riscv32imac-unknown-none-elf"),
    ("esp32h2", "riscv32imac-unknown-none-elf"),
)


def rust_target(board):
    # build.cpu is set for Arm, build.mcu is the chip elsewhere.
    for key in ("build.cpu", "build.mcu"):
        name = board.get(key, "").lower()
        for word, target in TARGETS:
            if name.startswith(word):
                return target
    return None


def add_nvkv():
    root = os.path.dirname(os.path.dirname(os.getcwd()))
    if not os.path.isfile(os.path.join(root, "include", "nvkv.h")):
        root = os.getcwd()
    board = env.BoardConfig()  # noqa: F821
    target = rust_target(board)
    if target is None:
        raise SystemExit(
            "nvkv: no archive is known for the processor %s of this board"
            % (board.get("build.cpu", "") or board.get("build.mcu", "?"))
        )
    folder = os.path.join(root, "lib", target)
    if not os.path.isfile(os.path.join(folder, "libnvkv.a")):
        raise SystemExit(
            "nvkv: there is no %s; take nvkv as it is packed, not its sources"
            % os.path.join(folder, "libnvkv.a")
        )
    env.Append(LIBPATH=[folder], LIBS=["nvkv"])  # noqa: F821
    frameworks = projenv.get("PIOFRAMEWORK", [])  # noqa: F821
    core = board.get("build.core", "").lower()
    if "mbed" in frameworks or ("arduino" in frameworks and "mbed" in core):
        projenv.Prepend(CPPPATH=[os.path.join(root, "include", "mbed")])  # noqa: F821


add_nvkv()
