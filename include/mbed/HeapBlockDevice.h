// mbed::HeapBlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_MEM_BLOCK_DEVICE_H) && !defined(NVKV_MBED_HEAP_BLOCK_DEVICE) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_HEAP_BLOCK_DEVICE
#ifdef __has_include_next
#if __has_include_next(<HeapBlockDevice.h>)
#undef NVKV_END_HEAP_BLOCK_DEVICE
#include_next <HeapBlockDevice.h>
#elif __has_include_next(<blockdevice/HeapBlockDevice.h>)
#undef NVKV_END_HEAP_BLOCK_DEVICE
#include_next <blockdevice/HeapBlockDevice.h>
#endif
#endif
#if defined(NVKV_END_HEAP_BLOCK_DEVICE) && !defined(NVKV_LOOK_HEAP_BLOCK_DEVICE)
#define NVKV_LOOK_HEAP_BLOCK_DEVICE
#if __has_include(<blockdevice/HeapBlockDevice.h>)
#undef NVKV_END_HEAP_BLOCK_DEVICE
#include <blockdevice/HeapBlockDevice.h>
#endif
#if defined(NVKV_END_HEAP_BLOCK_DEVICE) && __has_include(<HeapBlockDevice.h>)
#undef NVKV_END_HEAP_BLOCK_DEVICE
#include <HeapBlockDevice.h>
#endif
#undef NVKV_LOOK_HEAP_BLOCK_DEVICE
#endif
#if !defined(NVKV_END_HEAP_BLOCK_DEVICE) && !defined(NVKV_OWN_HEAP_BLOCK_DEVICE)
#define NVKV_MBED_HEAP_BLOCK_DEVICE
#endif
#endif
#if !defined(MBED_MEM_BLOCK_DEVICE_H) && !defined(NVKV_MBED_HEAP_BLOCK_DEVICE) && \
    !defined(NVKV_LOOK_HEAP_BLOCK_DEVICE)
#include "nvkv/heap_block_device.h"
#endif
