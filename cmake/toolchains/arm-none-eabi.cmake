# GCC for Cortex-M, as Arm and Debian deliver it (arm-none-eabi-gcc), without an operating system.
#
#     cmake -B build -DCMAKE_TOOLCHAIN_FILE=nvkv/cmake/toolchains/arm-none-eabi.cmake \
#           -DNVKV_CPU=cortex-m4 -DNVKV_FLOAT_ABI=hard -DNVKV_FPU=fpv4-sp-d16
#
# NVKV_CPU        the processor, as -mcpu takes it. Required
# NVKV_FLOAT_ABI  soft (the default), softfp or hard
# NVKV_FPU        with softfp and hard: fpv4-sp-d16 on Cortex-M4, fpv5-sp-d16 or fpv5-d16 on M7,
#                 fpv5-sp-d16 on M33
#
# They can stand on the command line, or in the project above its project(). For nvkv nothing else
# is needed: it asks the compiler what these flags mean.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)

# CMake reads this file again for each of its trials, without the variables of the project.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES NVKV_CPU NVKV_FLOAT_ABI NVKV_FPU)
# A program would need start-up code to be linked.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

if(NOT NVKV_CPU)
  message(FATAL_ERROR "Set NVKV_CPU to the processor, for instance -DNVKV_CPU=cortex-m4")
endif()
if(NOT NVKV_FLOAT_ABI)
  set(NVKV_FLOAT_ABI soft)
endif()
set(nvkv_flags "-mcpu=${NVKV_CPU} -mthumb -mfloat-abi=${NVKV_FLOAT_ABI}")
if(NVKV_FPU)
  string(APPEND nvkv_flags " -mfpu=${NVKV_FPU}")
endif()

set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
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
