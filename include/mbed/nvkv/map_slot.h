// A place of KVMap: a partition's name, and the mbed::KVStore behind it as a kv_backend_t, through
// which the global API of nvkv.h calls it.
#ifndef NVKV_MAP_SLOT_H
#define NVKV_MAP_SLOT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lock.h"
#include "names.h"

#include "../KVStore.h"

namespace mbed {

class FileSystem;

NVKV_NAMES_BEGIN

// What is behind a partition. The program sets it up, and initialises the stores, before it calls
// KVMap::attach.
typedef struct {
    // The store that paths lead to.
    KVStore *kvstore_main_instance;
    // Stores and devices that it rests on, or NULL.
    KVStore *internal_store;
    KVStore *external_store;
    BlockDevice *internal_bd;
    BlockDevice *external_bd;
    FileSystem *external_fs;
    // Flags that kv_set passes on; all others are dropped.
    uint32_t flags_mask;
} kvstore_config_t;

NVKV_NAMES_END
} // namespace mbed

namespace nvkv_detail {
NVKV_NAMES_BEGIN

class map_slot {
public:
    map_slot() : _config(NULL), _order(0) {
        _name[0] = '\0';
        memset(_iterators, 0, sizeof _iterators);
        memset(&_backend, 0, sizeof _backend);
    }

    bool is_used() const { return _config != NULL; }
    const char *name() const { return _name; }
    mbed::kvstore_config_t *config() const { return _config; }

    // Of two whose names begin alike: one that is called exactly so, then the one attached first.
    bool comes_before(const map_slot &other, size_t length) const {
        const bool exact = length > 0 && strlen(_name) == length;
        const bool other_exact = length > 0 && strlen(other._name) == length;
        return exact != other_exact ? exact : _order < other._order;
    }

    int attach(const char *name, mbed::kvstore_config_t *config, uint32_t order) {
        _backend.context = this;
        _backend.set = set;
        _backend.get = get;
        _backend.get_info = get_info;
        _backend.remove = remove;
        _backend.reset = reset;
        _backend.set_start = set_start;
        _backend.set_add_data = set_add_data;
        _backend.set_finalize = set_finalize;
        _backend.iterator_open = iterator_open;
        _backend.iterator_next = iterator_next;
        _backend.iterator_close = iterator_close;
        memset(_iterators, 0, sizeof _iterators);
        // Before kv_attach_backend: from then on other threads come in.
        _config = config;
        const int status = kv_attach_backend(name, &_backend);
        if (status != MBED_SUCCESS) {
            _config = NULL;
            return status;
        }
        // kv_attach_backend refused a longer one.
        strncpy(_name, name, sizeof _name - 1);
        _name[sizeof _name - 1] = '\0';
        _order = order;
        return MBED_SUCCESS;
    }

    int detach() {
        const int status = kv_detach(_name);
        if (status != MBED_SUCCESS) {
            return status;
        }
        mbed::kvstore_config_t *const config = _config;
        _config = NULL;
        _name[0] = '\0';
        deinit(config->external_store);
        deinit(config->internal_store);
        deinit(config->kvstore_main_instance);
        return MBED_SUCCESS;
    }

private:
    map_slot(const map_slot &);
    map_slot &operator=(const map_slot &);

    // The number that kv_backend_t asks for is the place in this table.
    static const uint32_t ITERATORS = 16;

    static void deinit(mbed::KVStore *store) {
        if (store != NULL) {
            store->deinit();
        }
    }

    static map_slot *self(void *context) { return static_cast<map_slot *>(context); }

    static mbed::KVStore *store(void *context) {
        const mbed::kvstore_config_t *config = self(context)->_config;
        return config != NULL ? config->kvstore_main_instance : NULL;
    }

    static mbed::KVStore::set_handle_t own(void *handle) {
        return static_cast<mbed::KVStore::set_handle_t>(handle);
    }

    static int set(void *context, const char *key, const void *buffer, size_t size,
                   uint32_t flags) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready()
                          : kv->set(key, buffer, size, flags & self(context)->_config->flags_mask);
    }
    static int get(void *context, const char *key, void *buffer, size_t buffer_size,
                   size_t *actual_size, size_t offset) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready() : kv->get(key, buffer, buffer_size, actual_size, offset);
    }
    static int get_info(void *context, const char *key, size_t *size, uint32_t *flags) {
        mbed::KVStore *const kv = store(context);
        mbed::KVStore::info_t info = {0, 0};
        const int status = kv == NULL ? not_ready() : kv->get_info(key, &info);
        *size = info.size;
        *flags = info.flags;
        return status;
    }
    static int remove(void *context, const char *key) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready() : kv->remove(key);
    }
    static int reset(void *context) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready() : kv->reset();
    }

    static int set_start(void *context, void **handle, const char *key, size_t final_size,
                         uint32_t flags) {
        mbed::KVStore *const kv = store(context);
        if (kv == NULL) {
            return not_ready();
        }
        mbed::KVStore::set_handle_t started = NULL;
        const uint32_t mask = self(context)->_config->flags_mask;
        const int status = kv->set_start(&started, key, final_size, flags & mask);
        *handle = started;
        return status;
    }
    static int set_add_data(void *context, void *handle, const void *buffer, size_t size) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready() : kv->set_add_data(own(handle), buffer, size);
    }
    static int set_finalize(void *context, void *handle) {
        mbed::KVStore *const kv = store(context);
        return kv == NULL ? not_ready() : kv->set_finalize(own(handle));
    }

    static int iterator_open(void *context, uint32_t *number, const char *prefix) {
        mbed::KVStore *const kv = store(context);
        if (kv == NULL) {
            return not_ready();
        }
        uint32_t free;
        if (!self(context)->take_iterator(free)) {
            return MBED_ERROR_OUT_OF_RESOURCES;
        }
        mbed::KVStore::iterator_t it = NULL;
        const int status = kv->iterator_open(&it, prefix);
        guard guard(self(context)->_mutex);
        self(context)->_iterators[free].is_open = status == MBED_SUCCESS;
        self(context)->_iterators[free].it = it;
        *number = free;
        return status;
    }
    static int iterator_next(void *context, uint32_t number, char *key, size_t key_size) {
        mbed::KVStore *const kv = store(context);
        mbed::KVStore::iterator_t it = NULL;
        if (kv == NULL) {
            return not_ready();
        }
        // Stores of the program may write a NUL wherever they are told to.
        char nothing;
        key = key == NULL ? &nothing : key;
        return self(context)->iterator(number, it)
                   ? kv->iterator_next(it, key, key_size)
                   : static_cast<int>(MBED_ERROR_INVALID_ARGUMENT);
    }
    static int iterator_close(void *context, uint32_t number) {
        mbed::KVStore *const kv = store(context);
        mbed::KVStore::iterator_t it = NULL;
        if (kv == NULL) {
            return not_ready();
        }
        if (!self(context)->iterator(number, it)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const int status = kv->iterator_close(it);
        guard guard(self(context)->_mutex);
        self(context)->_iterators[number].is_open = false;
        return status;
    }

    static int not_ready() { return MBED_ERROR_NOT_READY; }

    bool take_iterator(uint32_t &number) {
        guard guard(_mutex);
        for (number = 0; number < ITERATORS; number++) {
            if (!_iterators[number].is_open) {
                _iterators[number].is_open = true;
                _iterators[number].it = NULL;
                return true;
            }
        }
        return false;
    }

    bool iterator(uint32_t number, mbed::KVStore::iterator_t &it) {
        guard guard(_mutex);
        it = _iterators[number % ITERATORS].it;
        return _iterators[number % ITERATORS].is_open;
    }

    mbed::kvstore_config_t *_config;
    uint32_t _order;
    char _name[KV_PARTITION_NAME_LENGTH + 1];
    kv_backend_t _backend;
    PlatformMutex _mutex;
    struct {
        mbed::KVStore::iterator_t it;
        bool is_open;
    } _iterators[ITERATORS];
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
