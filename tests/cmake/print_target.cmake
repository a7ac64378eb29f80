# cmake -DLANGUAGE=C -DCOMPILER=... -DFLAGS=... -P print_target.cmake: the Rust target that goes
# with a compiler, without a project.
set(modules "${CMAKE_CURRENT_LIST_DIR}/../../cmake")
include("${modules}/NvkvMessages.cmake")
include("${modules}/NvkvRustTarget.cmake")
set(CMAKE_${LANGUAGE}_COMPILER "${COMPILER}")
set(CMAKE_${LANGUAGE}_FLAGS "${FLAGS}")
nvkv_compiler_macros(${LANGUAGE} macros)
nvkv_rust_target_of("${macros}" target)
message("target: ${target}")
