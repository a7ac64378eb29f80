// mbed::FileSystemStore: each value in a file of its own.
//
// Declared for programs that name it; its functions are not in this version of nvkv, and a program
// that uses one does not link.
#ifndef MBED_FILE_SYSTEM_STORE_H
#define MBED_FILE_SYSTEM_STORE_H

#include "KVStore.h"

namespace mbed {

class FileSystem;

NVKV_NAMES_BEGIN

class FileSystemStore : public KVStore {
public:
    FileSystemStore(FileSystem *fs);
    virtual ~FileSystemStore();

    virtual int init();
    virtual int deinit();
    virtual int reset();
    virtual int set(const char *key, const void *buffer, size_t size, uint32_t flags);
    virtual int get(const char *key, void *buffer, size_t buffer_size, size_t *actual_size = NULL,
                    size_t offset = 0);
    virtual int get_info(const char *key, info_t *result = NULL);
    virtual int remove(const char *key);
    virtual int set_start(set_handle_t *handle, const char *key, size_t final_data_size,
                          uint32_t flags);
    virtual int set_add_data(set_handle_t handle, const void *value_data, size_t data_size);
    virtual int set_finalize(set_handle_t handle);
    virtual int iterator_open(iterator_t *it, const char *prefix = NULL);
    virtual int iterator_next(iterator_t it, char *key, size_t key_size);
    virtual int iterator_close(iterator_t it);
};

NVKV_NAMES_END
} // namespace mbed

#endif
