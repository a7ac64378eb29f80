# cmake -DLANGUAGE=C -DCOMPILER=... -DFLAGS=... -P print_target.cmake: the Rust target that goes
# with a compiler, without a project. Or with a toolchain file: cmake -DTOOLCHAIN=arm-none-eabi
# -DNVKV_CPU=... -P print_target.cmake.
set(modules "${CMAKE_CURRENT_LIST_DIR}/../../cmake")
include("${modules}/NvkvMessages.cmake")
include("${modules}/NvkvRustTarget.cmake")
if(TOOLCHAIN)
  set(LANGUAGE C)
  include("${modules}/toolchains/${TOOLCHAIN}.cmake")
  set(CMAKE_C_FLAGS "${CMAKE_C_FLAGS_INIT}")
else()
  set(CMAKE_${LANGUAGE}_COMPILER "${COMPILER}")
  set(CMAKE_${LANGUAGE}_FLAGS "${FLAGS}")
endif()
nvkv_compiler_macros(${LANGUAGE} macros)
nvkv_rust_target_of("${macros}" target)
message("target: ${target}")
