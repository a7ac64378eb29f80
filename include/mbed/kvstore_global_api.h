// Mbed's global API: kv_set("/kv/key", ...) and so on, declared in nvkv.h; for C and C++.
//
// In a C++ program that attached nothing before the first call, that call makes the store which
// Mbed's configuration asks for: kv_config.h says which. In a program of C alone it does not.
#include "nvkv_where.h"

// Mbed's own header of this name may have been there before: then its names are these.
#ifndef _KVSTORE_STATIC_API
#define NVKV_OWN_MBED_KVSTORE
#endif

#include "../nvkv.h"

// nvkv.h includes this file, too; then what follows waits until somebody else does.
#if defined(__cplusplus) && defined(NVKV_H_COMPLETE)
#include "nvkv/default_config.h"
#endif
