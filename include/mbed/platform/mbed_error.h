// The error numbers: Mbed's own where it is on the include path, too, else nvkv's.
// ../nvkv_where.h says how it is looked for.
#pragma GCC system_header
#if !defined(MBED_ERROR_H) && !defined(NVKV_MBED_MBED_ERROR) && \
    !defined(NVKV_WITHOUT_MBED)
#define NVKV_END_MBED_ERROR
#ifdef __has_include_next
#if __has_include_next(<platform/mbed_error.h>)
#undef NVKV_END_MBED_ERROR
#include_next <platform/mbed_error.h>
#elif __has_include_next(<mbed_error.h>)
#undef NVKV_END_MBED_ERROR
#include_next <mbed_error.h>
#endif
#endif
#if defined(NVKV_END_MBED_ERROR) && !defined(NVKV_LOOK_MBED_ERROR)
#define NVKV_LOOK_MBED_ERROR
#if __has_include(<mbed_error.h>)
#undef NVKV_END_MBED_ERROR
#include <mbed_error.h>
#endif
#if defined(NVKV_END_MBED_ERROR) && __has_include(<platform/mbed_error.h>)
#undef NVKV_END_MBED_ERROR
#include <platform/mbed_error.h>
#endif
#undef NVKV_LOOK_MBED_ERROR
#endif
#if !defined(NVKV_END_MBED_ERROR) && !defined(NVKV_OWN_MBED_ERROR)
#define NVKV_MBED_MBED_ERROR
#endif
#endif
#if !defined(MBED_ERROR_H) && !defined(NVKV_MBED_MBED_ERROR) && \
    !defined(NVKV_LOOK_MBED_ERROR)
#include "../nvkv/error_numbers.h"
#endif
