// Where this program lives: beside Mbed's own headers, or alone.
//
// A header in this folder that Mbed has, too, looks for Mbed's and stands in only where there is
// none: further along the include path (#include_next), by both spellings; and then, for Mbed's
// folder may come first, from the beginning of the path, where it may find itself: that one only
// looks further along. What it finds is told by three macros: NVKV_MBED_name, it is Mbed's;
// NVKV_OWN_name, it is nvkv's; NVKV_END_name, the last one that looked found nothing. None of these
// files may have an include guard of the usual kind, and they are system headers, for #include_next
// is an extension. Compilers differ in where it starts in a file that was found beside the one that
// includes it; all of this holds for both ways.
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
