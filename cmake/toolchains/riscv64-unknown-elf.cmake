# GCC for RISC-V without an operating system, as Debian and SiFive deliver it
# (riscv64-unknown-elf-gcc, which compiles for 32 bits as well).
#
#     cmake -B build -DCMAKE_TOOLCHAIN_FILE=nvkv/cmake/toolchains/riscv64-unknown-elf.cmake \
#           -DNVKV_ARCH=rv32imc
#
# NVKV_ARCH   the instruction set, as -march takes it. Required
# NVKV_ABI    ilp32 (the default), or another one of -mabi
# NVKV_SPECS  specs of a C library, such as picolibc.specs of Debian's package
#             picolibc-riscv64-unknown-elf. By default none: for compilers that bring one, or for
#             programs without (nvkv itself needs none; its header needs -ffreestanding then)
#
# They can stand on the command line, or in the project above its project(). For nvkv nothing else
# is needed: it asks the compiler what these flags mean.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv)

# CMake reads this file again for each of its trials, without the variables of the project.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NVKV_ARCH NVKV_ABI NVKV_SPECS)
# A program would need start-up code to be linked.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

if(NOT NVKV_ARCH)
  message(FATAL_ERROR "Set NVKV_ARCH to the instruction set, for instance -DNVKV_ARCH=rv32imc")
endif()
if(NOT NVKV_ABI)
  set(NVKV_ABI ilp32)
endif()
set(nvkv_flags "-march=${NVKV_ARCH} -mabi=${NVKV_ABI}")
# Code may lie anywhere, not only within 2 GiB of address 0.
string(APPEND nvkv_flags " -mcmodel=medany")
if(NVKV_SPECS)
  string(APPEND nvkv_flags " --specs=${NVKV_SPECS}")
endif()

set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
# With --gc-sections, what a program does not use is left out of it.
set(CMAKE_C_FLAGS_INIT "${nvkv_flags} -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
set(CMAKE_ASM_FLAGS_INIT "${nvkv_flags}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--gc-sections")

# Programs are those of this machine. The rest is given by path, packages too: find_package searches
# the prefixes that CMAKE_PREFIX_PATH names.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
