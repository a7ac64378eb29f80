// Where this program lives: beside Mbed's own headers, or alone.
//
// A header in this folder that Mbed has, too, looks for Mbed's further along the include path
// (#include_next), and stands in only where there is none. A file that was found beside the one
// that includes it, and not along the path, starts again at the beginning of the path; there it
// finds itself, now at its place in the path, and looks from there. So none of them may have an
// include guard of the usual kind. They are system headers, for #include_next is an extension.
//
// Define NVKV_WITHOUT_MBED to look for nothing of Mbed's.
#pragma GCC system_header
#ifndef NVKV_WHERE_H
#if defined(__has_include_next) && !defined(NVKV_WITHOUT_MBED)
#if __has_include_next(<nvkv_where.h>)
#include_next <nvkv_where.h>
#endif
#ifndef NVKV_WHERE_H
// Mbed's KVStore is in the tree, and so, perhaps, in the program: nvkv.h then has other names for
// the linker.
#ifdef NVKV_BESIDE_MBED
#elif __has_include_next(<kvstore_global_api/kvstore_global_api.h>)
#define NVKV_BESIDE_MBED
#elif __has_include_next(<kvstore_global_api.h>)
#define NVKV_BESIDE_MBED
#endif
#endif
#endif
#define NVKV_WHERE_H
#endif
