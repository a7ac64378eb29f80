
#define NVKV_VERSION "@VERSION@"
// Major, minor and patch number, 8 bits each.
#define NVKV_VERSION_NUMBER @VERSION_NUMBER@

// Where Mbed's own library is linked, too, its functions have the linker's names kv_set and so on.
// Then this library's are reached by others, and the source stays as it is. On by itself in
// Arduino's Mbed cores; elsewhere define NVKV_BESIDE_MBED for all files alike.
#if defined(ARDUINO_ARCH_MBED) && !defined(NVKV_BESIDE_MBED)
#define NVKV_BESIDE_MBED
#endif

// Mbed's own headers where they are found: they define the same names and numbers. Define
// NVKV_NO_MBED_HEADERS to keep them out.
#if defined(__has_include) && !defined(NVKV_NO_MBED_HEADERS)
#if __has_include("platform/mbed_error.h")
#include "platform/mbed_error.h"
#define NVKV_HAS_MBED_ERROR 1
#elif __has_include("mbed_error.h")
#include "mbed_error.h"
#define NVKV_HAS_MBED_ERROR 1
#endif
#if __has_include("kvstore_global_api/kvstore_global_api.h")
#include "kvstore_global_api/kvstore_global_api.h"
#define NVKV_HAS_MBED_KVSTORE 1
#elif __has_include("kvstore_global_api.h")
#include "kvstore_global_api.h"
#define NVKV_HAS_MBED_KVSTORE 1
#endif
#endif

// The headers in include/mbed leave these names, and those further down, to this one.
#if defined(NVKV_OWN_MBED_ERROR) || \
    (!defined(NVKV_HAS_MBED_ERROR) && !defined(MBED_ERROR_H))
// A status number of Mbed's, and the code in it.
typedef int mbed_error_status_t;
#define MBED_SYSTEM_ERROR_BASE 256
#define MBED_GET_ERROR_CODE(status) ((int)((unsigned)(status) & 0xFFFFu))
// A macro, as Mbed's own: programs have one of their own where they find none.
#define MBED_SUCCESS 0
// Mbed's status numbers, and their codes.
enum {
@ERRORS@
};
#endif

#if defined(NVKV_OWN_MBED_KVSTORE) || \
    (!defined(NVKV_HAS_MBED_KVSTORE) && !defined(_KVSTORE_STATIC_API))
// Mbed's header has nothing to add, should it come later: what it declares, this one does.
#define _KVSTORE_STATIC_API
// Flags of a value.
#define KV_WRITE_ONCE_FLAG (1 << 0)
#define KV_REQUIRE_CONFIDENTIALITY_FLAG (1 << 1)
#define KV_RESERVED_FLAG (1 << 2)
#define KV_REQUIRE_REPLAY_PROTECTION_FLAG (1 << 3)

// Longest key of Mbed's API. Keys of kv_store_set may have 1024 bytes.
#define KV_MAX_KEY_LENGTH 128

// Size and flags of a value.
typedef struct info {
    // Bytes of the value.
    size_t size;
    // The flags that it was set with.
    uint32_t flags;
} kv_info_t;

// An open iterator. The pointer is never used as an address: one that is stale or was never one
// is refused.
typedef struct _opaque_kv_key_iterator *kv_iterator_t;
#endif

#ifdef NVKV_BESIDE_MBED
#define kv_set nvkv_kv_set
#define kv_get nvkv_kv_get
#define kv_get_info nvkv_kv_get_info
#define kv_remove nvkv_kv_remove
#define kv_reset nvkv_kv_reset
#define kv_iterator_open nvkv_kv_iterator_open
#define kv_iterator_next nvkv_kv_iterator_next
#define kv_iterator_close nvkv_kv_iterator_close
#define kv_init_storage_config nvkv_kv_init_storage_config
#endif

#ifdef __cplusplus
extern "C" {
#endif

// The program may define this function: it opens the stores of the program and attaches them with
// kv_attach. It is called by the first function of the global API that is called (kv_set to
// kv_exists, kv_iterator_open, kv_set_start), and that one's answer is its own where it is not 0;
// then the next call calls it again, until it returns 0. It must not call the global API itself
// but for kv_attach and kv_detach.
//
// Without one, nothing happens: the program calls kv_attach before it uses the global API. (Or, in
// a C++ program that includes kv_config.h or kvstore_global_api.h of include/mbed and attached
// nothing, what these say: the store that Mbed's configuration asks for is made.) The
// definition must be in an object file, or in a library that is linked anyway: for its sake alone
// the linker takes nothing out of a library. On Windows and Apple's systems it is not called:
// attach first.
int kv_init_storage_config(void);

#ifdef __cplusplus
}
#endif

// Bytes of RAM for a store with an index for `keys` keys on `segments` segments: a constant, for
// a static array of any alignment. Right for program units up to 256 bytes; never less than what
// kv_store_required_ram says.
#define KV_STORE_RAM(keys, segments) \
    KV_STORE_RAM_WITH_BUFFERS(keys, segments, KV_RAM_BUFFERS)

// The same for a program unit of 512 or 1024 bytes.
#define KV_STORE_RAM_LARGE_UNIT(keys, segments, unit) \
    KV_STORE_RAM_WITH_BUFFERS(keys, segments, 2 * (size_t)(unit) + 64)

#define KV_STORE_RAM_WITH_BUFFERS(keys, segments, buffers) \
    ((sizeof(void *) > 4 ? (size_t)KV_RAM_HANDLE_64 : (size_t)KV_RAM_HANDLE_32) + \
     KV_RAM_SLACK + (buffers) + KV_RAM_SEGMENT * (size_t)(segments) + \
     KV_RAM_INDEX + 4 * ((size_t)(keys) + (size_t)(keys) / 4))
