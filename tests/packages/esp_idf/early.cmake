# The first reading: as a script, without languages, targets or folders of a build.
include(${CMAKE_CURRENT_LIST_DIR}/functions.cmake)
set(ESP_PLATFORM 1)
set(CMAKE_BUILD_EARLY_EXPANSION 1)
include(${NVKV}/CMakeLists.txt)
