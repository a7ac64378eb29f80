// Stands for Mbed's header of this name. The functions are in mbed_library.cpp, as Mbed's are in
// libmbed.a.
#ifndef MBED_TDBSTORE_H
#define MBED_TDBSTORE_H

#include "blockdevice/BlockDevice.h"
#include "kvstore/KVStore.h"

namespace mbed {

class TDBStore : public KVStore {
public:
    TDBStore(BlockDevice *bd);
    virtual ~TDBStore();
    virtual int init();
    virtual int deinit();
    virtual int reset();
    virtual int set(const char *key, const void *buffer, size_t size, uint32_t create_flags);
    virtual int get(const char *key, void *buffer, size_t buffer_size, size_t *actual_size = NULL,
                    size_t offset = 0);
    virtual int get_info(const char *key, info_t *info = NULL);
    virtual int remove(const char *key);
    virtual int set_start(set_handle_t *handle, const char *key, size_t final_data_size,
                          uint32_t create_flags);
    virtual int set_add_data(set_handle_t handle, const void *value_data, size_t data_size);
    virtual int set_finalize(set_handle_t handle);
    virtual int iterator_open(iterator_t *it, const char *prefix = NULL);
    virtual int iterator_next(iterator_t it, char *key, size_t key_size);
    virtual int iterator_close(iterator_t it);
    virtual int reserved_data_set(const void *reserved_data, size_t size);
    virtual int reserved_data_get(void *reserved_data, size_t size, size_t *actual);
};

} // namespace mbed

#endif
