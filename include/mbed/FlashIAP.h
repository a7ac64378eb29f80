// mbed::FlashIAP: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_FLASHIAP_H) && !defined(NVKV_MBED_FLASH_IAP) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_FLASH_IAP
#ifdef __has_include_next
#if __has_include_next(<FlashIAP.h>)
#undef NVKV_END_FLASH_IAP
#include_next <FlashIAP.h>
#elif __has_include_next(<drivers/FlashIAP.h>)
#undef NVKV_END_FLASH_IAP
#include_next <drivers/FlashIAP.h>
#endif
#endif
#if defined(NVKV_END_FLASH_IAP) && !defined(NVKV_LOOK_FLASH_IAP)
#define NVKV_LOOK_FLASH_IAP
#if __has_include(<drivers/FlashIAP.h>)
#undef NVKV_END_FLASH_IAP
#include <drivers/FlashIAP.h>
#endif
#if defined(NVKV_END_FLASH_IAP) && __has_include(<FlashIAP.h>)
#undef NVKV_END_FLASH_IAP
#include <FlashIAP.h>
#endif
#undef NVKV_LOOK_FLASH_IAP
#endif
#if !defined(NVKV_END_FLASH_IAP) && !defined(NVKV_OWN_FLASH_IAP)
#define NVKV_MBED_FLASH_IAP
#endif
#endif
#if !defined(MBED_FLASHIAP_H) && !defined(NVKV_MBED_FLASH_IAP) && \
    !defined(NVKV_LOOK_FLASH_IAP)
#include "nvkv/flash_iap.h"
#endif
