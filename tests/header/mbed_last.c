/* nvkv.h, then Mbed's headers. */
#include "nvkv.h"
#include "mbed_error.h"
#include "kvstore_global_api.h"
#include "uses.h"
