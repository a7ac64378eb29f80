"""Builds two projects with PlatformIO and the packed library, and runs them on an emulator.

    platformio_build.py ZIP TESTS WORK

ZIP is the package, TESTS the folder of the tests, WORK a folder for what is made. The platform is one
of the tests' own, so that nothing is fetched; SCons is that of PyPI.
"""

import os
import pathlib
import shutil
import subprocess
import sys

import SCons

ZIP, TESTS, WORK = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])

PROJECTS = (
    # A program in C, on its own.
    ("c", "", ["cmake/firmware/main.c", "cmake/firmware/startup.c", "cmake/store.c"],
     "C on the emulator: MBED_SUCCESS"),
    # A program for Mbed, which must find nvkv's classes and not those of the framework.
    ("mbed", "framework = mbed", ["packages/mbed_ce/main.cpp", "cmake/firmware/startup.c"],
     "C++ on the emulator: MBED_SUCCESS"),
)


def prepare_core(folder):
    """PlatformIO's own folder, with SCons where it expects it."""
    from platformio.dependencies import get_core_dependencies

    version = get_core_dependencies()["tool-scons"].lstrip("~^=")
    tool = folder / "packages/tool-scons"
    tool.mkdir(parents=True)
    shutil.copytree(pathlib.Path(SCons.__file__).parent, tool / "SCons")
    (tool / "scons.py").write_text(
        "import os, sys\n"
        "sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))\n"
        "import SCons.Script\n"
        "SCons.Script.main()\n"
    )
    facts = '{"name": "tool-scons", "version": "%s", "description": "SCons"}' % version
    (tool / "package.json").write_text(facts)
    (tool / ".piopm").write_text(
        '{"type": "tool", "name": "tool-scons", "version": "%s", "spec": {"owner": "platformio",'
        ' "id": 1, "name": "tool-scons", "requirements": null, "uri": null}}' % version
    )


def build(name, framework, sources, environment):
    project = WORK / name
    source = project / "src"
    source.mkdir(parents=True)
    for file in sources:
        text = (TESTS / file).read_text().replace('"../store.h"', '"store.h"')
        (source / pathlib.Path(file).name).write_text(text)
    shutil.copy(TESTS / "cmake/store.h", source)
    (project / "platformio.ini").write_text(
        "[env:m4]\nplatform = file://%s\nboard = m4\n%s\nlib_deps = file://%s\n"
        % (TESTS / "packages/platformio", framework, ZIP)
    )
    tool = pathlib.Path(sys.executable).with_name("pio")
    done = subprocess.run(
        [tool, "run"], cwd=project, env=environment, capture_output=True, text=True, timeout=300
    )
    if done.returncode != 0:
        raise SystemExit("PlatformIO: %s: %s%s" % (name, done.stdout, done.stderr))
    return project / ".pio/build/m4/program.elf"


def run(program):
    done = subprocess.run(
        ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none",
         "-serial", "null", "-semihosting-config", "enable=on,target=native",
         "-kernel", program],
        capture_output=True, text=True, timeout=20,
    )
    return done.stdout + done.stderr


shutil.rmtree(WORK, ignore_errors=True)
prepare_core(WORK / "core")
ENVIRONMENT = dict(
    os.environ,
    PLATFORMIO_CORE_DIR=str(WORK / "core"),
    PLATFORMIO_SETTING_ENABLE_TELEMETRY="no",
    PLATFORMIO_SETTING_CHECK_PLATFORMIO_INTERVAL="9999",
    NVKV_TESTS=str(TESTS),
)
for project_name, project_framework, files, expected in PROJECTS:
    said = run(build(project_name, project_framework, files, ENVIRONMENT))
    if expected not in said:
        raise SystemExit("PlatformIO: %s said %r" % (project_name, said))
    print("ok PlatformIO,", project_name)
