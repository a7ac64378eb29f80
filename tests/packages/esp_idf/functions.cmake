# The functions of ESP-IDF that nvkv calls, once as in its first reading of a component, and once as
# in the build.

macro(idf_component_register)
  cmake_parse_arguments(component "" "" "INCLUDE_DIRS;SRCS;REQUIRES" ${ARGN})
  if(CMAKE_BUILD_EARLY_EXPANSION)
    message(STATUS "component: ${component_INCLUDE_DIRS}")
    return()
  endif()
  set(COMPONENT_LIB __idf_nvkv)
  add_library(${COMPONENT_LIB} INTERFACE)
  add_library(idf::nvkv ALIAS ${COMPONENT_LIB})
  foreach(folder IN LISTS component_INCLUDE_DIRS)
    # Beside the file that calls, wherever the component is.
    get_filename_component(path "${folder}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_LIST_DIR}")
    if(NOT IS_DIRECTORY "${path}")
      message(FATAL_ERROR "Include directory '${path}' is not a directory.")
    endif()
    target_include_directories(${COMPONENT_LIB} INTERFACE "${path}")
  endforeach()
endmacro()

function(idf_build_get_property out name)
  if(NOT name STREQUAL IDF_TARGET)
    message(FATAL_ERROR "idf_build_get_property: ${name}")
  endif()
  set(${out} "${CHIP}" PARENT_SCOPE)
endfunction()
