# Stands for Mbed as a framework: its headers, of which some have the names of nvkv's.
import os

from SCons.Script import DefaultEnvironment

tests = os.environ["NVKV_TESTS"]
folders = (
    "arduino/core/platform",
    "cpp/mbed6/platform",
    "cpp/mbed6/blockdevice",
    "cpp/mbed6_kvstore/tdbstore",
    "cpp/mbed6_kvstore/kvstore",
    "arduino/core",
    "cpp/mbed6_kvstore",
    "cpp/mbed6",
)
DefaultEnvironment().Append(
    CPPPATH=[os.path.join(tests, folder) for folder in folders],
    CPPDEFINES=[("STAND_IN_BLOCKDEVICE", 1)],
)
