# nvkv as a component of ESP-IDF: the archive of its chip. The component itself is registered in
# CMakeLists.txt, for ESP-IDF takes its folders to be beside the file that registers it.

list(APPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
include(NvkvMessages)
include(NvkvPacked)
include(NvkvRust)
include(NvkvArchive)

idf_build_get_property(nvkv_chip IDF_TARGET)
if(nvkv_chip MATCHES "^esp32c[23]$")
  set(nvkv_target riscv32imc-unknown-none-elf)
elseif(nvkv_chip MATCHES "^esp32(c5|c6|c61|h2)$")
  set(nvkv_target riscv32imac-unknown-none-elf)
else()
  nvkv_fail("there is no archive for ${nvkv_chip}, only for ESP32-C2, C3, C5, C6, C61 and H2")
endif()

nvkv_packed_archive("${nvkv_target}" nvkv_archive_file)
if(NOT nvkv_archive_file)
  set(NVKV_BUILD_STD ON)
  nvkv_find_rust("${nvkv_target}")
  nvkv_build_archive("${nvkv_target}" nvkv_archive_file)
endif()
add_library(nvkv_imported STATIC IMPORTED GLOBAL)
set_target_properties(nvkv_imported PROPERTIES IMPORTED_LOCATION "${nvkv_archive_file}")
if(TARGET nvkv_archive)
  add_dependencies(nvkv_imported nvkv_archive)
endif()
# A component without sources of its own.
target_link_libraries(${COMPONENT_LIB} INTERFACE nvkv_imported)
