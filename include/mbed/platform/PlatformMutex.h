// PlatformMutex: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(PLATFORM_MUTEX_H) && !defined(NVKV_MBED_PLATFORM_MUTEX)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<platform/PlatformMutex.h>)
#include_next <platform/PlatformMutex.h>
#ifndef NVKV_OWN_PLATFORM_MUTEX
#define NVKV_MBED_PLATFORM_MUTEX
#endif
#elif __has_include_next(<PlatformMutex.h>)
#include_next <PlatformMutex.h>
#ifndef NVKV_OWN_PLATFORM_MUTEX
#define NVKV_MBED_PLATFORM_MUTEX
#endif
#endif
#endif
#if !defined(PLATFORM_MUTEX_H) && !defined(NVKV_MBED_PLATFORM_MUTEX)
#include "../nvkv/platform_mutex.h"
#endif
#endif
