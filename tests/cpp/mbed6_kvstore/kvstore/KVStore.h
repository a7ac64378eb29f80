// Stands for Mbed's header of this name: what code in Mbed's library was compiled with.
#ifndef MBED_KVSTORE_H
#define MBED_KVSTORE_H

#include <stddef.h>
#include <stdint.h>

namespace mbed {

class KVStore {
public:
    typedef struct _opaque_set_handle *set_handle_t;
    typedef struct _opaque_key_iterator *iterator_t;
    typedef struct info {
        size_t size;
        uint32_t flags;
    } info_t;

    virtual ~KVStore() {}
    virtual int init() = 0;
    virtual int deinit() = 0;
    virtual int reset() = 0;
    virtual int set(const char *key, const void *buffer, size_t size, uint32_t create_flags) = 0;
    virtual int get(const char *key, void *buffer, size_t buffer_size, size_t *actual_size = NULL,
                    size_t offset = 0) = 0;
    virtual int get_info(const char *key, info_t *info = NULL) = 0;
    virtual int remove(const char *key) = 0;
    virtual int set_start(set_handle_t *handle, const char *key, size_t final_data_size,
                          uint32_t create_flags) = 0;
    virtual int set_add_data(set_handle_t handle, const void *value_data, size_t data_size) = 0;
    virtual int set_finalize(set_handle_t handle) = 0;
    virtual int iterator_open(iterator_t *it, const char *prefix = NULL) = 0;
    virtual int iterator_next(iterator_t it, char *key, size_t key_size) = 0;
    virtual int iterator_close(iterator_t it) = 0;
};

} // namespace mbed

#endif
