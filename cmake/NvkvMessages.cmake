# How nvkv speaks at configure time: one line for each thing that a person has to know or do.

# Ends the configuration. CMake breaks long lines unless they begin with a space; a command that is
# to be typed must stay in one piece.
function(nvkv_fail text)
  message(FATAL_ERROR " nvkv: ${text}")
endfunction()
