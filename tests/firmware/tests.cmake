# The programs of nvkv's own tests for the boards; see xtask/src/firmware.
set(tests "${NVKV_DIR}/tests/firmware")

# These may use the C library's functions for memory and text.
add_firmware(soak
  "${tests}/soak.c" "${tests}/sequence.c" "${tests}/stack.c" "${tests}/early.c")
target_include_directories(soak PRIVATE "${tests}")
target_compile_options(soak PRIVATE -Werror -pedantic)
target_link_libraries(soak PRIVATE c gcc)
