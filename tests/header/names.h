
#define NVKV_VERSION "@VERSION@"
// Major, minor and patch number, 8 bits each.
#define NVKV_VERSION_NUMBER @VERSION_NUMBER@

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

#if !defined(NVKV_HAS_MBED_ERROR) && !defined(MBED_ERROR_H)
// Mbed's status numbers.
enum {
@ERRORS@
};
#endif

#if !defined(NVKV_HAS_MBED_KVSTORE) && !defined(_KVSTORE_STATIC_API)
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
