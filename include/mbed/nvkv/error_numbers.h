// Mbed's error numbers for programs without Mbed: those of nvkv.h, and the macros that take them
// apart. What halts or reports (MBED_ERROR and so on) is Mbed's alone.
#ifndef NVKV_OWN_MBED_ERROR
#define NVKV_OWN_MBED_ERROR
#define MBED_ERROR_H

#include "../../nvkv.h"

// Parts of a status: bits 29 and 30, 16 to 23, and 0 to 15.
#define MBED_ERROR_TYPE_SYSTEM 0
#define MBED_ERROR_TYPE_CUSTOM 1
#define MBED_ERROR_TYPE_POSIX 3
#define MBED_GET_ERROR_TYPE(status) ((int)(((unsigned)(status) >> 29) & 3u))
#define MBED_GET_ERROR_MODULE(status) ((int)(((unsigned)(status) >> 16) & 0xFFu))
#endif
