// mbed::BlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(MBED_BLOCK_DEVICE_H) && !defined(NVKV_MBED_BLOCK_DEVICE)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<blockdevice/BlockDevice.h>)
#include_next <blockdevice/BlockDevice.h>
#ifndef NVKV_OWN_BLOCK_DEVICE
#define NVKV_MBED_BLOCK_DEVICE
#endif
#elif __has_include_next(<BlockDevice.h>)
#include_next <BlockDevice.h>
#ifndef NVKV_OWN_BLOCK_DEVICE
#define NVKV_MBED_BLOCK_DEVICE
#endif
#endif
#endif
#if !defined(MBED_BLOCK_DEVICE_H) && !defined(NVKV_MBED_BLOCK_DEVICE)
#include "../nvkv/block_device.h"
#endif
#endif
