# `cmake --install`: the archive, the headers, nvkvConfig.cmake for find_package and nvkv.pc for
# pkg-config. The prefix can be moved afterwards.

if(NOT DEFINED CMAKE_INSTALL_LIBDIR)
  get_property(nvkv_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT nvkv_languages)
    # Without a compiler CMake cannot know whether the system wants another name.
    set(CMAKE_INSTALL_LIBDIR lib)
  endif()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_filename_component(nvkv_archive_name "${nvkv_archive_file}" NAME)
if(NOT nvkv_archive_name STREQUAL "nvkv.lib")
  # A prebuilt one may have the name of its processor; it is found by this one.
  set(nvkv_archive_name libnvkv.a)
endif()
install(FILES "${nvkv_archive_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        RENAME "${nvkv_archive_name}" COMPONENT nvkv)
install(DIRECTORY "${nvkv_include_dir}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        COMPONENT nvkv)

# Sources that a program takes along: ready locks and flash drivers.
if(IS_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/ports")
  install(DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/ports"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/nvkv" COMPONENT nvkv)
endif()

set(nvkv_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/nvkv")
configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/nvkvConfig.cmake.in" "${CMAKE_CURRENT_BINARY_DIR}/nvkvConfig.cmake"
  INSTALL_DESTINATION "${nvkv_config_dir}"
  PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR)
# Independent of the architecture: CMake would compare the sizes of pointers, and a project without
# a language, or for a processor of 8 or 16 bits, would not find nvkv at all.
write_basic_package_version_file(
  "${CMAKE_CURRENT_BINARY_DIR}/nvkvConfigVersion.cmake"
  VERSION "${PROJECT_VERSION}" COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/nvkvConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/nvkvConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/NvkvPorts.cmake"
        DESTINATION "${nvkv_config_dir}" COMPONENT nvkv)

# nvkv.pc names its folders from where it lies.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(nvkv_pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH nvkv_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" nvkv_pc_up "${nvkv_pc_up}")
  set(nvkv_pc_prefix "\${pcfiledir}/${nvkv_pc_up}")
endif()
foreach(nvkv_dir IN ITEMS LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${nvkv_dir}}")
    set(NVKV_PC_${nvkv_dir} "${CMAKE_INSTALL_${nvkv_dir}}")
  else()
    set(NVKV_PC_${nvkv_dir} "\${prefix}/${CMAKE_INSTALL_${nvkv_dir}}")
  endif()
endforeach()
set(nvkv_pc_libraries "")
foreach(nvkv_library IN LISTS nvkv_libraries)
  string(APPEND nvkv_pc_libraries " -l${nvkv_library}")
endforeach()
configure_file("${CMAKE_CURRENT_LIST_DIR}/nvkv.pc.in" "${CMAKE_CURRENT_BINARY_DIR}/nvkv.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/nvkv.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT nvkv)
