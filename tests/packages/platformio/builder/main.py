# Compiles with GCC for Arm and links for the board mps2-an386 of QEMU.
import os

from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
tests = os.environ["NVKV_TESTS"]
flags = [
    "-mcpu=" + env.BoardConfig().get("build.cpu"),
    "-mthumb",
    "-mfloat-abi=softfp",
    "-mfpu=fpv4-sp-d16",
]
env.Replace(
    CC="arm-none-eabi-gcc",
    CXX="arm-none-eabi-g++",
    AR="arm-none-eabi-ar",
    RANLIB="arm-none-eabi-ranlib",
    LINK="arm-none-eabi-g++",
    PROGSUFFIX=".elf",
)
env.Append(
    CCFLAGS=flags + ["-Os", "-ffunction-sections", "-funsigned-char"],
    CXXFLAGS=["-std=gnu++14", "-fno-exceptions", "-fno-rtti", "-fno-use-cxa-atexit"],
    LINKFLAGS=flags + [
        "-nostartfiles",
        "--specs=nano.specs",
        "--specs=nosys.specs",
        "-Wl,--gc-sections",
        "-Wl,--no-warn-rwx-segments",
        "-Wl,--no-warn-execstack",
        "-T", os.path.join(tests, "cmake/firmware/memory.ld"),
    ],
    CPPPATH=[os.path.join(tests, "cmake/firmware")],
)
if env.get("PIOFRAMEWORK"):
    env.BuildFrameworks(env.get("PIOFRAMEWORK"))
Default(env.BuildProgram())
