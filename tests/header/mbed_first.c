/* Mbed's headers, then nvkv.h. */
#include "mbed_error.h"
#include "kvstore_global_api.h"
#include "nvkv.h"
#include "uses.h"
