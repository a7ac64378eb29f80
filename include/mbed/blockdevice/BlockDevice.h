// mbed::BlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_BLOCK_DEVICE_H) && !defined(NVKV_MBED_BLOCK_DEVICE) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_BLOCK_DEVICE
#ifdef __has_include_next
#if __has_include_next(<blockdevice/BlockDevice.h>)
#undef NVKV_END_BLOCK_DEVICE
#include_next <blockdevice/BlockDevice.h>
#elif __has_include_next(<BlockDevice.h>)
#undef NVKV_END_BLOCK_DEVICE
#include_next <BlockDevice.h>
#endif
#endif
#if defined(NVKV_END_BLOCK_DEVICE) && !defined(NVKV_LOOK_BLOCK_DEVICE)
#define NVKV_LOOK_BLOCK_DEVICE
#if __has_include(<BlockDevice.h>)
#undef NVKV_END_BLOCK_DEVICE
#include <BlockDevice.h>
#endif
#if defined(NVKV_END_BLOCK_DEVICE) && __has_include(<blockdevice/BlockDevice.h>)
#undef NVKV_END_BLOCK_DEVICE
#include <blockdevice/BlockDevice.h>
#endif
#undef NVKV_LOOK_BLOCK_DEVICE
#endif
#if !defined(NVKV_END_BLOCK_DEVICE) && !defined(NVKV_OWN_BLOCK_DEVICE)
#define NVKV_MBED_BLOCK_DEVICE
#endif
#endif
#if !defined(MBED_BLOCK_DEVICE_H) && !defined(NVKV_MBED_BLOCK_DEVICE) && \
    !defined(NVKV_LOOK_BLOCK_DEVICE)
#include "../nvkv/block_device.h"
#endif
