// The error numbers: Mbed's own where it is on the include path, too, else nvkv's.
// nvkv_where.h says why there is no include guard around it.
#pragma GCC system_header
#if !defined(MBED_ERROR_H) && !defined(NVKV_MBED_MBED_ERROR)
#if !defined(NVKV_WITHOUT_MBED) && defined(__has_include_next)
#if __has_include_next(<mbed_error.h>)
#include_next <mbed_error.h>
#ifndef NVKV_OWN_MBED_ERROR
#define NVKV_MBED_MBED_ERROR
#endif
#elif __has_include_next(<platform/mbed_error.h>)
#include_next <platform/mbed_error.h>
#ifndef NVKV_OWN_MBED_ERROR
#define NVKV_MBED_MBED_ERROR
#endif
#endif
#endif
#if !defined(MBED_ERROR_H) && !defined(NVKV_MBED_MBED_ERROR)
#include "nvkv/error_numbers.h"
#endif
#endif
