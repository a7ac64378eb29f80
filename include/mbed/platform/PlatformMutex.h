// PlatformMutex: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(PLATFORM_MUTEX_H) && !defined(NVKV_MBED_PLATFORM_MUTEX) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_PLATFORM_MUTEX
#ifdef __has_include_next
#if __has_include_next(<platform/PlatformMutex.h>)
#undef NVKV_END_PLATFORM_MUTEX
#include_next <platform/PlatformMutex.h>
#elif __has_include_next(<PlatformMutex.h>)
#undef NVKV_END_PLATFORM_MUTEX
#include_next <PlatformMutex.h>
#endif
#endif
#if defined(NVKV_END_PLATFORM_MUTEX) && !defined(NVKV_LOOK_PLATFORM_MUTEX)
#define NVKV_LOOK_PLATFORM_MUTEX
#if __has_include(<PlatformMutex.h>)
#undef NVKV_END_PLATFORM_MUTEX
#include <PlatformMutex.h>
#endif
#if defined(NVKV_END_PLATFORM_MUTEX) && __has_include(<platform/PlatformMutex.h>)
#undef NVKV_END_PLATFORM_MUTEX
#include <platform/PlatformMutex.h>
#endif
#undef NVKV_LOOK_PLATFORM_MUTEX
#endif
#if !defined(NVKV_END_PLATFORM_MUTEX) && !defined(NVKV_OWN_PLATFORM_MUTEX)
#define NVKV_MBED_PLATFORM_MUTEX
#endif
#endif
#if !defined(PLATFORM_MUTEX_H) && !defined(NVKV_MBED_PLATFORM_MUTEX) && \
    !defined(NVKV_LOOK_PLATFORM_MUTEX)
#include "../nvkv/platform_mutex.h"
#endif
