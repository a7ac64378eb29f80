/* nvkv.h by itself, then one of Mbed's headers all the same. */
#define NVKV_NO_MBED_HEADERS
#include "nvkv.h"
#include "kvstore_global_api.h"
#include "uses.h"
