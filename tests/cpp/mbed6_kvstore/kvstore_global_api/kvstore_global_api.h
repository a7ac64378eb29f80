/* Stands for Mbed's header of this name. */
#ifndef _KVSTORE_STATIC_API
#define _KVSTORE_STATIC_API

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _opaque_kv_key_iterator *kv_iterator_t;
#define KV_WRITE_ONCE_FLAG (1 << 0)
#define KV_REQUIRE_CONFIDENTIALITY_FLAG (1 << 1)
#define KV_RESERVED_FLAG (1 << 2)
#define KV_REQUIRE_REPLAY_PROTECTION_FLAG (1 << 3)
#define KV_MAX_KEY_LENGTH 128
typedef struct info {
    size_t size;
    uint32_t flags;
} kv_info_t;

int kv_set(const char *full_name_key, const void *buffer, size_t size, uint32_t create_flags);
int kv_get(const char *full_name_key, void *buffer, size_t buffer_size, size_t *actual_size);

#ifdef __cplusplus
}
#endif

#endif
