# Finds cargo and rustc, and how they can build for a target on this machine.
#
# First choice is Rust's own library for the target, as `rustup target add` installs it. Where that
# is not there, but the source of the library is (rustup's component rust-src, or Debian's packages
# rustc-web and rust-web-src), `core` is built along with nvkv. Otherwise one line says what to run.
#
# Invariant: whatever cannot work ends the configuration here, not the build.

# Sets NVKV_CARGO, and for the caller nvkv_cargo_environment, nvkv_cargo_options and
# nvkv_rustc_version.
function(nvkv_find_rust target)
  nvkv_find_rust_programs()
  nvkv_check_rust_version()
  set(rustc "${NVKV_RUSTC}")
  set(environment "RUSTC=${rustc}")
  set(options "")
  nvkv_has_library("${target}" has_library)
  if(has_library)
    message(STATUS "nvkv: Rust target ${target}")
  else()
    nvkv_find_library_source("${target}" rustc rustc_library)
    if(NOT rustc)
      nvkv_fail("Rust has no library for ${target} here; run: rustup target add ${target}")
    endif()
    message(STATUS "nvkv: Rust target ${target}; its core is built by ${rustc}")
    # The option is unstable; the variable lets a stable compiler take it.
    set(environment "RUSTC=${rustc}" RUSTC_BOOTSTRAP=1)
    set(options -Zbuild-std=core)
    # Cargo looks at the dependencies of the whole library, although `core` has none. Beside the
    # source they mostly are, and then the network is not needed; but no crate of a feature is.
    if(IS_DIRECTORY "${rustc_library}/vendor" AND NOT NVKV_FEATURES MATCHES "critical-section")
      list(APPEND options --config "source.crates-io.replace-with=\"vendor\""
           --config "source.vendor.directory=\"${rustc_library}/vendor\"")
    endif()
  endif()
  nvkv_ask_rustc("${rustc}" version --version)
  set(nvkv_rustc_version "${version}" PARENT_SCOPE)
  set(nvkv_cargo_environment "${environment}" PARENT_SCOPE)
  set(nvkv_cargo_options "${options}" PARENT_SCOPE)
endfunction()

function(nvkv_find_rust_programs)
  # Where rustup installs to, also when a desktop's or an editor's PATH lacks it. Toolchain files
  # may confine searches to the files of the target, and those are no programs of this machine.
  set(folders "$ENV{CARGO_HOME}/bin" "$ENV{HOME}/.cargo/bin" "$ENV{USERPROFILE}/.cargo/bin")
  set(where NO_CMAKE_PATH NO_CMAKE_SYSTEM_PATH NO_CMAKE_FIND_ROOT_PATH)
  find_program(NVKV_CARGO cargo PATHS ${folders} ${where} DOC "The cargo that builds nvkv")
  if(NOT NVKV_CARGO)
    nvkv_fail("no cargo found; install Rust from https://rustup.rs, or set NVKV_PREBUILT")
  endif()
  if(NOT NVKV_RUSTC AND NOT "$ENV{RUSTC}" STREQUAL "")
    set(NVKV_RUSTC "$ENV{RUSTC}" CACHE FILEPATH "The rustc that builds nvkv")
  endif()
  get_filename_component(beside "${NVKV_CARGO}" DIRECTORY)
  find_program(NVKV_RUSTC rustc HINTS "${beside}" PATHS ${folders} ${where}
               DOC "The rustc that builds nvkv")
  if(NOT NVKV_RUSTC)
    nvkv_fail("no rustc found beside ${NVKV_CARGO}; install Rust from https://rustup.rs")
  endif()
endfunction()

# Runs a rustc where the build will run it: rustup chooses the toolchain by the folder.
function(nvkv_ask_rustc rustc out)
  execute_process(COMMAND "${rustc}" ${ARGN}
                  WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
                  OUTPUT_VARIABLE answer ERROR_VARIABLE complaint RESULT_VARIABLE code
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT code EQUAL 0)
    set(answer "")
  endif()
  set(${out} "${answer}" PARENT_SCOPE)
  string(REGEX REPLACE "\n.*" "" complaint "${complaint}")
  set(${out}_complaint "${complaint}" PARENT_SCOPE)
endfunction()

# An old cargo would only complain about an edition that it does not know.
function(nvkv_check_rust_version)
  nvkv_ask_rustc("${NVKV_RUSTC}" version --version)
  if(NOT version MATCHES "([0-9]+\\.[0-9]+)\\.[0-9]+")
    nvkv_fail("${NVKV_RUSTC} does not run: ${version_complaint}")
  endif()
  set(found "${CMAKE_MATCH_1}")
  file(STRINGS "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml" needed
       REGEX "^rust-version = " LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+\\.[0-9]+" needed "${needed}")
  if(found VERSION_LESS needed)
    nvkv_fail("${NVKV_RUSTC} is Rust ${found}, needed is ${needed}; run: rustup update stable")
  endif()
endfunction()

function(nvkv_has_library target out)
  nvkv_ask_rustc("${NVKV_RUSTC}" folder --print target-libdir --target "${target}")
  if(NOT folder)
    nvkv_ask_rustc("${NVKV_RUSTC}" version --version)
    nvkv_fail("${version} knows no target ${target}; correct NVKV_RUST_TARGET")
  endif()
  # The folder alone can be the rest of a target that was removed.
  file(GLOB library "${folder}/libcore-*.rlib")
  if(library)
    set(${out} ON PARENT_SCOPE)
  else()
    set(${out} OFF PARENT_SCOPE)
  endif()
endfunction()

# A rustc that knows the target and has the source of its library, and where that is; empty when
# there is none. With an operating system more than `core` would be needed.
function(nvkv_find_library_source target out library_out)
  set(${out} "" PARENT_SCOPE)
  if(NOT NVKV_BUILD_STD OR NOT target MATCHES "-none(-|$)")
    return()
  endif()
  # Debian's compiler stands apart from the one of rustup that comes first on the PATH.
  foreach(rustc IN ITEMS "${NVKV_RUSTC}" /usr/bin/rustc)
    if(rustc STREQUAL NVKV_RUSTC OR EXISTS "${rustc}")
      nvkv_ask_rustc("${rustc}" root --print sysroot)
      nvkv_ask_rustc("${rustc}" known --print cfg --target "${target}")
      set(library "${root}/lib/rustlib/src/rust/library")
      if(known AND EXISTS "${library}/core/Cargo.toml")
        set(${out} "${rustc}" PARENT_SCOPE)
        set(${library_out} "${library}" PARENT_SCOPE)
        return()
      endif()
    endif()
  endforeach()
endfunction()
