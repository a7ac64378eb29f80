// nvkv's C API, for programs that have this folder alone on their include path.
#include "../nvkv.h"
