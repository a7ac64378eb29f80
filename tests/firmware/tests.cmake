# The programs of nvkv's own tests for the boards; see xtask/src/firmware.
set(tests "${NVKV_DIR}/tests")

target_compile_options(board PRIVATE -Werror -pedantic)

# These may use the C library's functions for memory and text, and have no heap.
set(soak_sources soak early sequence stack)
set(figures_sources figures instructions sequence stack)
foreach(name IN ITEMS soak figures)
  set(sources ${${name}_sources})
  list(TRANSFORM sources PREPEND "${tests}/firmware/")
  list(TRANSFORM sources APPEND .c)
  add_firmware(${name} ${sources})
  target_include_directories(${name} PRIVATE "${tests}/firmware")
  target_compile_options(${name} PRIVATE -Werror -pedantic)
  target_link_libraries(${name} PRIVATE c gcc)
endforeach()

# What the programs of tests/c and tests/cpp need of a host.
add_library(hosted OBJECT "${tests}/firmware/hosted.c")
target_link_libraries(hosted PUBLIC board)
target_include_directories(hosted PUBLIC "${tests}/c")
target_compile_options(hosted PUBLIC -Werror
  "$<$<COMPILE_LANGUAGE:C>:SHELL:-include ${tests}/firmware/answers.h>")
set_property(TARGET hosted PROPERTY C_STANDARD 99)

# The flash that they run on: in RAM, and that of the board, for which chip.c has the functions that
# do not depend on it.
add_library(chip_in_ram OBJECT "${tests}/c/chip.c")
add_library(chip_functions OBJECT "${tests}/c/chip.c")
target_compile_definitions(chip_functions PRIVATE
  chip_new=chip_in_ram_new chip_free=chip_in_ram_free chip_watch=chip_in_ram_watch)
add_library(chip_on_flash OBJECT "${tests}/firmware/board_chip.c")
foreach(library IN ITEMS chip_in_ram chip_functions chip_on_flash)
  target_link_libraries(${library} PRIVATE hosted)
  set_property(TARGET ${library} PROPERTY C_STANDARD 99)
endforeach()

set(c_library c)
if(board_toolchain STREQUAL arm-none-eabi)
  # Newlib's small one: the other's printf alone is larger than nvkv.
  set(c_library c_nano)
endif()

function(add_hosted name)
  add_firmware(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE hosted ${c_library} gcc)
endfunction()

# What has more than one source.
set(sources_of_failures failures.c misuse_world.c)
set(sources_of_misuse misuse.c misuse_cases.c misuse_flash.c misuse_opening.c misuse_paths.c
  misuse_pieces.c misuse_stores.c misuse_world.c)

# The programs of tests/c that run in RAM, and those that run on the board's flash.
set(IN_RAM "" CACHE STRING "Programs of tests/c")
set(ON_FLASH "" CACHE STRING "Programs of tests/c")

set(all ${IN_RAM} ${ON_FLASH})
list(REMOVE_DUPLICATES all)
foreach(name IN LISTS all)
  set(sources ${name}.c)
  if(sources_of_${name})
    set(sources ${sources_of_${name}})
  endif()
  list(TRANSFORM sources PREPEND "${tests}/c/")
  add_library(c_${name} OBJECT ${sources})
  target_link_libraries(c_${name} PRIVATE hosted)
  set_property(TARGET c_${name} PROPERTY C_STANDARD 99)
endforeach()
foreach(name IN LISTS IN_RAM)
  add_hosted(${name} $<TARGET_OBJECTS:c_${name}> $<TARGET_OBJECTS:chip_in_ram>)
endforeach()
foreach(name IN LISTS ON_FLASH)
  add_hosted(${name}_on_flash $<TARGET_OBJECTS:c_${name}>
    $<TARGET_OBJECTS:chip_functions> $<TARGET_OBJECTS:chip_on_flash>)
endforeach()

# The programs of tests/cpp: Mbed's classes.
set(CPP "" CACHE STRING "Programs of tests/cpp")
if(CPP)
  enable_language(CXX)
endif()
set(sources_of_stores phase1 phase2 module tdbstore devices)
set(sources_of_global global flash)
set(sources_of_nvstore nvstore flash)
set(sources_of_owner owner flash)
foreach(name IN LISTS CPP)
  set(sources ${name})
  if(sources_of_${name})
    set(sources ${sources_of_${name}})
  endif()
  list(TRANSFORM sources PREPEND "${tests}/cpp/")
  list(TRANSFORM sources APPEND .cpp)
  add_hosted(cpp_${name} ${sources} "${tests}/cpp/check.cpp" $<TARGET_OBJECTS:chip_in_ram>)
  target_include_directories(cpp_${name} BEFORE PRIVATE "${NVKV_DIR}/include/mbed")
  target_compile_options(cpp_${name} PRIVATE -fno-exceptions -fno-rtti -fno-threadsafe-statics)
  target_link_libraries(cpp_${name} PRIVATE stdc++_nano supc++_nano ${c_library} gcc)
  set_target_properties(cpp_${name} PROPERTIES CXX_STANDARD 11 CXX_EXTENSIONS OFF)
endforeach()
