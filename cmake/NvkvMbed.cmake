# Inside a build of Mbed OS or Mbed CE: which archive belongs to its processor, and the target
# nvkv::mbed, which brings the classes and headers of Mbed's names, too.

# Rust's target for the labels that Mbed gives a processor. Mbed's builds pass floats as without a
# floating point unit, and the archives that come along link with all ways.
function(nvkv_rust_target_of_mbed labels out)
  set(${out} "" PARENT_SCOPE)
  foreach(pair IN ITEMS
      M0:thumbv6m-none-eabi
      M0P:thumbv6m-none-eabi
      M3:thumbv7m-none-eabi
      M4:thumbv7em-none-eabi
      M7:thumbv7em-none-eabi
      M23:thumbv8m.base-none-eabi
      M33:thumbv8m.main-none-eabi
      M55:thumbv8m.main-none-eabi
      M85:thumbv8m.main-none-eabi)
    string(REPLACE ":" ";" pair "${pair}")
    list(GET pair 0 label)
    if(label IN_LIST labels)
      list(GET pair 1 target)
      set(${out} "${target}" PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# To be named before mbed-os, whose headers have the same names.
function(nvkv_add_mbed include_dir)
  add_library(nvkv_mbed INTERFACE)
  target_include_directories(nvkv_mbed INTERFACE "${include_dir}/mbed")
  target_link_libraries(nvkv_mbed INTERFACE
    nvkv::nvkv
    $<TARGET_NAME_IF_EXISTS:mbed-storage-blockdevice>
    $<TARGET_NAME_IF_EXISTS:mbed-storage-flashiap>)
  add_library(nvkv::mbed ALIAS nvkv_mbed)
endfunction()
