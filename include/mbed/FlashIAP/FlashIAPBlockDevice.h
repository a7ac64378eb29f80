// FlashIAPBlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(MBED_FLASHIAP_BLOCK_DEVICE_H) && !defined(NVKV_MBED_FLASH_IAP_BLOCK_DEVICE)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<FlashIAP/FlashIAPBlockDevice.h>)
#include_next <FlashIAP/FlashIAPBlockDevice.h>
#ifndef NVKV_OWN_FLASH_IAP_BLOCK_DEVICE
#define NVKV_MBED_FLASH_IAP_BLOCK_DEVICE
#endif
#elif __has_include_next(<FlashIAPBlockDevice.h>)
#include_next <FlashIAPBlockDevice.h>
#ifndef NVKV_OWN_FLASH_IAP_BLOCK_DEVICE
#define NVKV_MBED_FLASH_IAP_BLOCK_DEVICE
#endif
#endif
#endif
#if !defined(MBED_FLASHIAP_BLOCK_DEVICE_H) && !defined(NVKV_MBED_FLASH_IAP_BLOCK_DEVICE)
#include "../nvkv/flash_iap_block_device.h"
#endif
#endif
