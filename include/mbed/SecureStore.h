// mbed::SecureStore: encryption, authentication and replay protection over another store.
//
// Declared for programs that name it; its functions are not in this version of nvkv, and a program
// that uses one does not link. SECURESTORE_ENABLED is 0, as in an Mbed without its parts.
#ifndef MBED_SECURESTORE_H
#define MBED_SECURESTORE_H

#include "KVStore.h"

#define SECURESTORE_ENABLED 0

namespace mbed {
NVKV_NAMES_BEGIN

class SecureStore : public KVStore {
public:
    SecureStore(KVStore *underlying_kv, KVStore *rbp_kv = 0);
    virtual ~SecureStore();

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
