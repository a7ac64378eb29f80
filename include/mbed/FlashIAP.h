// mbed::FlashIAP: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(MBED_FLASHIAP_H) && !defined(NVKV_MBED_FLASH_IAP)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<FlashIAP.h>)
#include_next <FlashIAP.h>
#ifndef NVKV_OWN_FLASH_IAP
#define NVKV_MBED_FLASH_IAP
#endif
#elif __has_include_next(<drivers/FlashIAP.h>)
#include_next <drivers/FlashIAP.h>
#ifndef NVKV_OWN_FLASH_IAP
#define NVKV_MBED_FLASH_IAP
#endif
#endif
#endif
#if !defined(MBED_FLASHIAP_H) && !defined(NVKV_MBED_FLASH_IAP)
#include "nvkv/flash_iap.h"
#endif
#endif
