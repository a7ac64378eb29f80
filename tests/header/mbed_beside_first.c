/* Beside Mbed's library: its headers, then nvkv.h. */
#define NVKV_BESIDE_MBED
#include "mbed_first.c"
