# Archives that came along: lib/TARGET/libnvkv.a, where nvkv was taken as it is packed.

# The one for `target`, or nothing where there is no folder of archives. Ends the configuration
# where that folder has not this one and there are no sources to build it from.
function(nvkv_packed_archive target out)
  set(folder "${CMAKE_CURRENT_SOURCE_DIR}/lib")
  set(archive "${folder}/${target}/libnvkv.a")
  if(EXISTS "${archive}")
    message(STATUS "nvkv: ${archive}")
    set(${out} "${archive}" PARENT_SCOPE)
    return()
  endif()
  if(IS_DIRECTORY "${folder}" AND NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/src/lib.rs")
    file(GLOB there RELATIVE "${folder}" "${folder}/*")
    string(REPLACE ";" ", " there "${there}")
    nvkv_fail("no archive for ${target} came along, only for ${there}")
  endif()
  set(${out} "" PARENT_SCOPE)
endfunction()
