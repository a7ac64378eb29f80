// mbed::SlicingBlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_SLICING_BLOCK_DEVICE_H) && !defined(NVKV_MBED_SLICING_BLOCK_DEVICE) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_SLICING_BLOCK_DEVICE
#ifdef __has_include_next
#if __has_include_next(<SlicingBlockDevice.h>)
#undef NVKV_END_SLICING_BLOCK_DEVICE
#include_next <SlicingBlockDevice.h>
#elif __has_include_next(<blockdevice/SlicingBlockDevice.h>)
#undef NVKV_END_SLICING_BLOCK_DEVICE
#include_next <blockdevice/SlicingBlockDevice.h>
#endif
#endif
#if defined(NVKV_END_SLICING_BLOCK_DEVICE) && !defined(NVKV_LOOK_SLICING_BLOCK_DEVICE)
#define NVKV_LOOK_SLICING_BLOCK_DEVICE
#if __has_include(<blockdevice/SlicingBlockDevice.h>)
#undef NVKV_END_SLICING_BLOCK_DEVICE
#include <blockdevice/SlicingBlockDevice.h>
#endif
#if defined(NVKV_END_SLICING_BLOCK_DEVICE) && __has_include(<SlicingBlockDevice.h>)
#undef NVKV_END_SLICING_BLOCK_DEVICE
#include <SlicingBlockDevice.h>
#endif
#undef NVKV_LOOK_SLICING_BLOCK_DEVICE
#endif
#if !defined(NVKV_END_SLICING_BLOCK_DEVICE) && !defined(NVKV_OWN_SLICING_BLOCK_DEVICE)
#define NVKV_MBED_SLICING_BLOCK_DEVICE
#endif
#endif
#if !defined(MBED_SLICING_BLOCK_DEVICE_H) && !defined(NVKV_MBED_SLICING_BLOCK_DEVICE) && \
    !defined(NVKV_LOOK_SLICING_BLOCK_DEVICE)
#include "nvkv/slicing_block_device.h"
#endif
