// mbed::SlicingBlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(MBED_SLICING_BLOCK_DEVICE_H) && !defined(NVKV_MBED_SLICING_BLOCK_DEVICE)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<SlicingBlockDevice.h>)
#include_next <SlicingBlockDevice.h>
#ifndef NVKV_OWN_SLICING_BLOCK_DEVICE
#define NVKV_MBED_SLICING_BLOCK_DEVICE
#endif
#elif __has_include_next(<blockdevice/SlicingBlockDevice.h>)
#include_next <blockdevice/SlicingBlockDevice.h>
#ifndef NVKV_OWN_SLICING_BLOCK_DEVICE
#define NVKV_MBED_SLICING_BLOCK_DEVICE
#endif
#endif
#endif
#if !defined(MBED_SLICING_BLOCK_DEVICE_H) && !defined(NVKV_MBED_SLICING_BLOCK_DEVICE)
#include "nvkv/slicing_block_device.h"
#endif
#endif
