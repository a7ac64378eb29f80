/* Stands for libmbed.a: the functions of Mbed's global API, strong but for the one that Mbed
 * leaves weak. Each says that it was called. */
#include "kvstore_global_api.h"

int mbed_calls;
int kv_init_storage_config(void);

static int called(void) {
    mbed_calls++;
    return 4711;
}

int kv_set(const char *path, const void *buffer, size_t size, uint32_t flags) {
    (void)path, (void)buffer, (void)size, (void)flags;
    return called();
}

int kv_get(const char *path, void *buffer, size_t size, size_t *actual) {
    (void)path, (void)buffer, (void)size, (void)actual;
    return called();
}

int kv_get_info(const char *path, kv_info_t *info) {
    (void)path, (void)info;
    return called();
}

int kv_remove(const char *path) {
    (void)path;
    return called();
}

int kv_iterator_open(kv_iterator_t *it, const char *prefix) {
    (void)it, (void)prefix;
    return called();
}

int kv_iterator_next(kv_iterator_t it, char *key, size_t size) {
    (void)it, (void)key, (void)size;
    return called();
}

int kv_iterator_close(kv_iterator_t it) {
    (void)it;
    return called();
}

int kv_reset(const char *path) {
    (void)path;
    return called();
}

__attribute__((weak)) int kv_init_storage_config(void) {
    return called();
}
