// FlashIAPBlockDevice: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_FLASHIAP_BLOCK_DEVICE_H) && !defined(NVKV_MBED_FLASH_IAP_BLOCK_DEVICE) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_FLASH_IAP_BLOCK_DEVICE
#ifdef __has_include_next
#if __has_include_next(<FlashIAPBlockDevice.h>)
#undef NVKV_END_FLASH_IAP_BLOCK_DEVICE
#include_next <FlashIAPBlockDevice.h>
#elif __has_include_next(<FlashIAP/FlashIAPBlockDevice.h>)
#undef NVKV_END_FLASH_IAP_BLOCK_DEVICE
#include_next <FlashIAP/FlashIAPBlockDevice.h>
#endif
#endif
#if defined(NVKV_END_FLASH_IAP_BLOCK_DEVICE) && !defined(NVKV_LOOK_FLASH_IAP_BLOCK_DEVICE)
#define NVKV_LOOK_FLASH_IAP_BLOCK_DEVICE
#if __has_include(<FlashIAP/FlashIAPBlockDevice.h>)
#undef NVKV_END_FLASH_IAP_BLOCK_DEVICE
#include <FlashIAP/FlashIAPBlockDevice.h>
#endif
#if defined(NVKV_END_FLASH_IAP_BLOCK_DEVICE) && __has_include(<FlashIAPBlockDevice.h>)
#undef NVKV_END_FLASH_IAP_BLOCK_DEVICE
#include <FlashIAPBlockDevice.h>
#endif
#undef NVKV_LOOK_FLASH_IAP_BLOCK_DEVICE
#endif
#if !defined(NVKV_END_FLASH_IAP_BLOCK_DEVICE) && !defined(NVKV_OWN_FLASH_IAP_BLOCK_DEVICE)
#define NVKV_MBED_FLASH_IAP_BLOCK_DEVICE
#endif
#endif
#if !defined(MBED_FLASHIAP_BLOCK_DEVICE_H) && !defined(NVKV_MBED_FLASH_IAP_BLOCK_DEVICE) && \
    !defined(NVKV_LOOK_FLASH_IAP_BLOCK_DEVICE)
#include "nvkv/flash_iap_block_device.h"
#endif
