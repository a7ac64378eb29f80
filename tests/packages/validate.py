"""Asks the tools of each package manager whether they accept nvkv's files.

    validate.py PACKAGE TESTS

PACKAGE is the package as it is unpacked, with all archives; TESTS this folder. Nothing of it needs
the network. `cargo xtask package --check` runs it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

PACKAGE = pathlib.Path(sys.argv[1]).resolve()
TESTS = pathlib.Path(sys.argv[2]).resolve()


def demand(condition, what):
    if not condition:
        raise SystemExit("validate.py: " + what)


def check_espressif():
    """The component manager of ESP-IDF packs it, and the archives are in what it packed."""
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder) / "nvkv"
        subprocess.run(["cp", "-r", str(PACKAGE), str(work)], check=True)
        tool = pathlib.Path(sys.executable).with_name("compote")
        done = subprocess.run(
            [tool, "component", "pack", "--name", "nvkv", "--dest-dir", folder],
            cwd=work, capture_output=True, text=True,
        )
        demand(done.returncode == 0, "compote: " + done.stdout + done.stderr)
        packed = list(pathlib.Path(folder).glob("nvkv_*.tgz"))
        demand(len(packed) == 1, "compote packed %s" % packed)
        listed = subprocess.run(["tar", "tzf", packed[0]], capture_output=True, text=True).stdout
        for name in ("include/nvkv.h", "lib/riscv32imc-unknown-none-elf/libnvkv.a"):
            demand(name in listed, "compote left out " + name)


def check_platformio():
    """The manifest is one, and the script chooses the archive of each board."""
    from platformio.package.manifest.parser import ManifestParserFactory
    from platformio.package.manifest.schema import ManifestSchema

    # The list of licenses is the one thing that it would fetch.
    known = {"licenses": [{"licenseId": "MIT"}, {"licenseId": "Apache-2.0"}]}
    ManifestSchema.load_spdx_licenses = staticmethod(lambda: known)
    file = PACKAGE / "library.json"
    ManifestSchema().load_manifest(ManifestParserFactory.new_from_file(str(file)).as_dict())
    manifest = json.loads(file.read_text())
    script = PACKAGE / manifest["build"]["extraScript"]
    code = compile(script.read_text(), str(script), "exec")
    boards = (
        ({"build.cpu": "cortex-m7", "build.core": "arduino"}, ["arduino"], "thumbv7em-none-eabi"),
        ({"build.cpu": "cortex-m4", "build.core": "mbed_nano"}, ["arduino"], "thumbv7em-none-eabi"),
        ({"build.cpu": "cortex-m0plus"}, ["mbed"], "thumbv6m-none-eabi"),
        ({"build.cpu": "cortex-m3"}, ["stm32cube"], "thumbv7m-none-eabi"),
        ({"build.cpu": "cortex-m33"}, ["zephyr"], "thumbv8m.main-none-eabi"),
        ({"build.mcu": "esp32c3"}, ["espidf"], "riscv32imc-unknown-none-elf"),
        ({"build.mcu": "esp32c6"}, ["espidf"], "riscv32imac-unknown-none-elf"),
        ({"build.mcu": "esp32"}, ["arduino"], None),
    )
    for board, frameworks, target in boards:
        run_script(code, script.parent, board, frameworks, target)


class Environment(dict):
    """As much of a construction environment as the script uses."""

    def __init__(self, board, frameworks):
        super().__init__(PIOFRAMEWORK=frameworks)
        self.board = board
        self.added = {}
        self.first = {}

    def BoardConfig(self):
        return self.board

    def Append(self, **values):
        self.added.update(values)

    def Prepend(self, **values):
        self.first.update(values)


def run_script(code, folder, board, frameworks, target):
    env, projenv = Environment(board, frameworks), Environment(board, frameworks)
    before = os.getcwd()
    os.chdir(folder)
    try:
        exec(code, {"Import": lambda *names: None, "env": env, "projenv": projenv})
    except SystemExit as refused:
        demand(target is None, "%s: %s" % (board, refused))
        return
    finally:
        os.chdir(before)
    demand(target is not None, "%s is not refused" % board)
    demand(env.added["LIBS"] == ["nvkv"], "%s: %s" % (board, env.added))
    demand(env.added["LIBPATH"] == [str(PACKAGE / "lib" / target)], "%s: %s" % (board, env.added))
    is_mbed = "mbed" in frameworks or "mbed" in board.get("build.core", "")
    expected = {"CPPPATH": [str(PACKAGE / "include/mbed")]} if is_mbed else {}
    demand(projenv.first == expected, "%s: %s" % (board, projenv.first))


def check_zephyr():
    """The module is one, and Kconfig finds the archive of each processor."""
    from pykwalify.core import Core

    module = PACKAGE / "zephyr/module.yml"
    Core(source_file=str(module), schema_files=[str(TESTS / "module_schema.yml")]).validate()
    import kconfiglib
    from ruamel.yaml import YAML

    build = YAML(typ="safe").load(module.read_text())["build"]
    demand((PACKAGE / build["cmake"] / "CMakeLists.txt").is_file(), "module.yml: cmake")
    os.environ["NVKV_KCONFIG"] = str(PACKAGE / build["kconfig"])
    riscv = ["RISCV", "RISCV_ISA_EXT_M", "RISCV_ISA_EXT_C"]
    processors = (
        (["CPU_CORTEX_M", "CPU_CORTEX_M0"], "thumbv6m-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M0PLUS"], "thumbv6m-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M3"], "thumbv7m-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M4"], "thumbv7em-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M4", "FP_HARDABI"], "thumbv7em-none-eabihf"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M7", "FP_HARDABI"], "thumbv7em-none-eabihf"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M23"], "thumbv8m.base-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M33"], "thumbv8m.main-none-eabi"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M33", "FP_HARDABI"], "thumbv8m.main-none-eabihf"),
        (["CPU_CORTEX_M", "CPU_CORTEX_M55", "FP_HARDABI"], "thumbv8m.main-none-eabihf"),
        (riscv, "riscv32imc-unknown-none-elf"),
        (riscv + ["RISCV_ISA_EXT_A"], "riscv32imac-unknown-none-elf"),
        (riscv + ["64BIT"], None),
        (riscv + ["FLOAT_HARD"], None),
        ([], None),
    )
    for options, target in processors:
        config = kconfiglib.Kconfig(str(TESTS / "Kconfig.processors"), warn_to_stderr=False)
        for name in options + ["NVKV"]:
            config.syms[name].set_value("y")
        found = config.syms["NVKV_RUST_TARGET"].str_value
        chosen = found if config.syms["NVKV"].str_value == "y" else None
        demand(chosen == target, "%s: %s, not %s" % (options, chosen, target))
        archive = PACKAGE / "lib" / str(target) / "libnvkv.a"
        demand(target is None or archive.is_file(), "no %s" % archive)


def check_mbed():
    """Mbed's tool reads the configuration and makes the macros of what a program sets."""
    from mbed_tools.build._internal.config import source
    from mbed_tools.build._internal.config.config import Config

    library = source.from_file(PACKAGE / "mbed_lib.json", target_filters=[])
    config = Config(library)
    names = {setting.name: setting for setting in config["config"]}
    demand(all(setting.value is None for setting in names.values()), "a value is set")
    overrides = {"target_overrides": {"*": {"nvkv.internal-size": "0x40000"}}}
    config.update(source.prepare(overrides, source_name="app", target_filters=["*"]))
    size = [setting for setting in config["config"] if setting.name == "internal-size"][0]
    demand(size.value == "0x40000", "the size is %s" % size.value)
    demand(size.macro_name == "MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE", size.macro_name)


for check in (check_espressif, check_platformio, check_zephyr, check_mbed):
    check()
    print("ok", check.__name__)
