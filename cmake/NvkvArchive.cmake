# Builds libnvkv.a with cargo, and says what must be linked beside it.
#
# Cargo gets a manifest of its own in the build folder, made from the one in the source folder. In
# that one stand the tools and tests of the project too, and to know their versions cargo would ask
# the network. The profile, the features and the version are those of the original.
#
# Invariant: each build folder has a cargo folder of its own: builds side by side do not meet.

function(nvkv_build_archive target out)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/cargo")
  set(manifest "${folder}/package/Cargo.toml")
  nvkv_write_manifest("${manifest}")
  set(name libnvkv.a)
  if(target MATCHES "-windows-msvc$")
    set(name nvkv.lib)
  endif()
  set(archive "${CMAKE_CURRENT_BINARY_DIR}/${name}")
  set(features "")
  if(NVKV_FEATURES)
    string(REPLACE ";" "," list "${NVKV_FEATURES}")
    set(features --features "${list}")
  endif()
  # Another rustc makes another archive, and after an update the command is still the same.
  set(compiler "${folder}/compiler")
  nvkv_write("${compiler}" "${nvkv_rustc_version}\n")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/*.rs")
  # Lints are the project's own affair: a newer compiler with a new one must not end a user's build.
  # The copy is newer than all sources even where cargo finds nothing to do; make would else start
  # it anew each time.
  add_custom_command(
    OUTPUT "${archive}"
    COMMAND "${CMAKE_COMMAND}" -E env ${nvkv_cargo_environment}
            "${NVKV_CARGO}" rustc --manifest-path "${manifest}" --lib --release
            --crate-type staticlib --target "${target}" --target-dir "${folder}/target"
            ${features} ${nvkv_cargo_options} -- --cap-lints warn
    COMMAND "${CMAKE_COMMAND}" -E copy "${folder}/target/${target}/release/${name}" "${archive}"
    DEPENDS ${sources} "${manifest}" "${compiler}"
    WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}"
    COMMENT "Building ${name} for ${target}"
    VERBATIM)
  if(NVKV_INSTALL)
    add_custom_target(nvkv_archive ALL DEPENDS "${archive}")
  else()
    add_custom_target(nvkv_archive DEPENDS "${archive}")
  endif()
  set(${out} "${archive}" PARENT_SCOPE)
endfunction()

# The manifest without what only the development of nvkv needs: the other packages of the workspace,
# the dependencies of the tests, and the examples.
function(nvkv_write_manifest file)
  set(original "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${original}")
  file(READ "${original}" text)
  string(REGEX REPLACE "\n?(members|exclude) = [^\n]*" "" text "${text}")
  foreach(table "[dev-dependencies]" "[[example]]")
    string(FIND "${text}" "${table}" start)
    if(NOT start EQUAL -1)
      string(SUBSTRING "${text}" 0 ${start} before)
      string(SUBSTRING "${text}" ${start} -1 after)
      # The next table begins at the next line with a bracket.
      string(FIND "${after}" "\n[" length)
      string(SUBSTRING "${after}" ${length} -1 after)
      set(text "${before}${after}")
    endif()
  endforeach()
  # Nor what a feature brings that was not asked for: cargo would ask the network for it, too. The
  # first are features for programs in Rust. The names stay, for the compiler warns of others.
  set(unused "embedded-storage|defmt")
  if(NOT NVKV_FEATURES)
    set(unused "[a-z-]+")
  endif()
  string(REGEX REPLACE "\n(${unused}) = [^\n]*optional = true[^\n]*" "" text "${text}")
  string(REGEX REPLACE "\n(${unused}) = [^\n]*\"dep:[^\n]*" "\n\\1 = []" text "${text}")
  set(path "path = \"${CMAKE_CURRENT_SOURCE_DIR}/src/lib.rs\"")
  string(REPLACE "\n[lib]\n" "\n[lib]\n${path}\n" text "${text}")
  nvkv_write("${file}" "${text}")
endfunction()

# Writes a file that the archive depends on: not when it has that text already.
function(nvkv_write file text)
  file(WRITE "${file}.new" "${text}")
  configure_file("${file}.new" "${file}" COPYONLY)
endfunction()

# What a program has to link after the archive: the libraries of the operating system that Rust's
# own library uses. Without an operating system it is nothing.
function(nvkv_system_libraries target out)
  if(target)
    set(system "${target}")
  else()
    # A prebuilt archive is for what this build compiles for.
    string(TOLOWER "${CMAKE_SYSTEM_NAME}" system)
  endif()
  set(libraries "")
  if(system MATCHES "linux")
    set(libraries pthread dl m)
  elseif(system MATCHES "windows")
    set(libraries kernel32 ntdll userenv ws2_32 dbghelp)
  endif()
  set(${out} "${libraries}" PARENT_SCOPE)
endfunction()
