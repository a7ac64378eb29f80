// What all headers in this folder share: Mbed's types and numbers, and where the classes live.
#ifndef NVKV_NAMES_H
#define NVKV_NAMES_H

#include "../nvkv_where.h"

#include "../mbed_error.h"

#include "../BlockDevice.h"

#include "../../nvkv.h"

// Beside Mbed's library the classes have other names for the linker, for that may have classes of
// the same names: they are in a namespace which the compiler looks through. There a class cannot
// be declared before its header is included. Where Mbed's KVStore is certainly not linked, define
// NVKV_PLAIN_NAMES for all files alike.
#if (!defined(NVKV_OWN_BLOCK_DEVICE) || defined(NVKV_BESIDE_MBED)) && !defined(NVKV_PLAIN_NAMES)
#define NVKV_NAMES_BEGIN inline namespace nvkv_v1 {
#define NVKV_NAMES_END }
#else
#define NVKV_NAMES_BEGIN
#define NVKV_NAMES_END
#endif

#endif
