# The flash drivers of ports/flash as targets: their sources are compiled with what links them.
# Included by nvkv's CMakeLists.txt, and by nvkvConfig.cmake where nvkv was installed.

function(nvkv_add_flash_drivers folder)
  foreach(name IN ITEMS spi_nor nvmc_nrf51)
    add_library(nvkv::flash_${name} INTERFACE IMPORTED GLOBAL)
    set_target_properties(nvkv::flash_${name} PROPERTIES
      INTERFACE_SOURCES "${folder}/nvkv_flash_${name}.c"
      INTERFACE_INCLUDE_DIRECTORIES "${folder}"
      INTERFACE_LINK_LIBRARIES nvkv::nvkv)
  endforeach()
endfunction()
