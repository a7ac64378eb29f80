# An archive that was built elsewhere, for people without Rust.

# Finds the archive and the headers that go with it. `given` is the archive, and then the headers
# are those of this folder; or the prefix of an installation, which has both.
function(nvkv_use_prebuilt given archive_out include_out)
  if(NOT EXISTS "${given}")
    nvkv_fail("NVKV_PREBUILT: there is no ${given}")
  endif()
  if(IS_DIRECTORY "${given}")
    file(GLOB archives "${given}/lib*/libnvkv.a" "${given}/lib/*/libnvkv.a" "${given}/lib/nvkv.lib")
    set(include_dir "${given}/include")
    if(NOT archives OR NOT EXISTS "${include_dir}/nvkv.h")
      nvkv_fail("NVKV_PREBUILT: ${given} has no lib/libnvkv.a and include/nvkv.h")
    endif()
    list(GET archives 0 archive)
  else()
    set(archive "${given}")
    set(include_dir "${CMAKE_CURRENT_SOURCE_DIR}/include")
  endif()
  # "!<arch>" and a newline: a shared library or the text of a download page is found here, not by
  # the linker's guess at what it may be.
  file(READ "${archive}" magic LIMIT 8 HEX)
  if(NOT magic STREQUAL "213c617263683e0a")
    nvkv_fail("NVKV_PREBUILT: ${archive} is not a static library")
  endif()
  message(STATUS "nvkv: ${archive}")
  set(${archive_out} "${archive}" PARENT_SCOPE)
  set(${include_out} "${include_dir}" PARENT_SCOPE)
endfunction()
