// mbed::KVMap: names for stores, by which the paths of the global API reach them: TDBStore, or any
// other class that derives from mbed::KVStore.
#ifndef MBED_KVMAP_H
#define MBED_KVMAP_H
// Mbed's header of this name, should it come by another way, has nothing to add.
#define _KV_MAP

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "KVStore.h"
#include "nvkv/lock.h"
#include "nvkv/map_slot.h"

#define MAX_ATTACHED_KVS 3

namespace mbed {
NVKV_NAMES_BEGIN

// One entry of the map. For programs that name the type: nvkv's map keeps more than that.
typedef struct {
    char *partition_name;
    kvstore_config_t *kv_config;
} kv_map_entry_t;

// The partitions of a program. Threads may share it. Up to MAX_ATTACHED_KVS are attached at a time.
class KVMap {
public:
    static KVMap &get_instance() {
        static KVMap map;
        return map;
    }

    // Before anything else. MBED_SUCCESS, any number of times.
    int init() {
        nvkv_detail::guard guard(_mutex);
        _is_ready = true;
        return MBED_SUCCESS;
    }

    // Takes all names away and deinitialises all stores.
    //
    // - MBED_ERROR_NOT_READY: not initialised
    int deinit() {
        nvkv_detail::guard guard(_mutex);
        if (!_is_ready) {
            return MBED_ERROR_NOT_READY;
        }
        for (size_t i = 0; i < MAX_ATTACHED_KVS; i++) {
            if (_slots[i].is_used()) {
                _slots[i].detach();
            }
        }
        return MBED_SUCCESS;
    }

    // Gives a store a name. The name is copied; the configuration is not, and must live until
    // detach(). The first one attached is the default partition, which paths without a name mean.
    //
    // - MBED_ERROR_NOT_READY: not initialised
    // - MBED_ERROR_OUT_OF_MEMORY: MAX_ATTACHED_KVS are attached
    // - MBED_ERROR_INVALID_ARGUMENT: a pointer is NULL, or the name is empty, longer than
    //   KV_PARTITION_NAME_LENGTH or has a slash in it
    // - MBED_ERROR_ALREADY_IN_USE: the name is
    int attach(const char *partition_name, kvstore_config_t *kv_config) {
        nvkv_detail::guard guard(_mutex);
        if (!_is_ready) {
            return MBED_ERROR_NOT_READY;
        }
        if (kv_config == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        for (size_t i = 0; i < MAX_ATTACHED_KVS; i++) {
            if (!_slots[i].is_used()) {
                return _slots[i].attach(partition_name, kv_config, ++_attached);
            }
        }
        return MBED_ERROR_OUT_OF_MEMORY;
    }

    // Takes a name away. The store that is behind it, and the others of its configuration, are
    // deinitialised.
    //
    // - MBED_ERROR_NOT_READY: not initialised
    // - MBED_ERROR_ITEM_NOT_FOUND: no partition has this name
    int detach(const char *partition_name) {
        nvkv_detail::guard guard(_mutex);
        if (!_is_ready) {
            return MBED_ERROR_NOT_READY;
        }
        for (size_t i = 0; i < MAX_ATTACHED_KVS && partition_name != NULL; i++) {
            if (_slots[i].is_used() && strcmp(_slots[i].name(), partition_name) == 0) {
                return _slots[i].detach();
            }
        }
        return MBED_ERROR_ITEM_NOT_FOUND;
    }

    // The store that a path leads to, by the same rules as kv_set, and where in the path its key
    // begins.
    //
    // - MBED_ERROR_NOT_READY: not initialised, or nothing is attached
    // - MBED_ERROR_ITEM_NOT_FOUND: no partition is called like that
    // - MBED_ERROR_INVALID_ARGUMENT: `kv_instance` or `key_index` is NULL
    int lookup(const char *full_name, KVStore **kv_instance, size_t *key_index,
               uint32_t *flags_mask = NULL) {
        if (kv_instance == NULL || key_index == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        kvstore_config_t *config = NULL;
        const int status = find(full_name, config, *key_index);
        if (status != MBED_SUCCESS) {
            return status;
        }
        *kv_instance = config->kvstore_main_instance;
        if (flags_mask != NULL) {
            *flags_mask = config->flags_mask;
        }
        return MBED_SUCCESS;
    }

    // What is behind a partition, by a path in it ("/kv/"); NULL where there is none. Without a
    // slash behind the name it is always the default partition.
    KVStore *get_main_kv_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->kvstore_main_instance : NULL;
    }
    KVStore *get_internal_kv_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->internal_store : NULL;
    }
    KVStore *get_external_kv_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->external_store : NULL;
    }
    BlockDevice *get_internal_blockdevice_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->internal_bd : NULL;
    }
    BlockDevice *get_external_blockdevice_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->external_bd : NULL;
    }
    FileSystem *get_external_filesystem_instance(const char *name) {
        const kvstore_config_t *config = configuration(name);
        return config != NULL ? config->external_fs : NULL;
    }

private:
    KVMap() : _is_ready(false), _attached(0) {}
    KVMap(const KVMap &);
    KVMap &operator=(const KVMap &);

    kvstore_config_t *configuration(const char *name) {
        kvstore_config_t *config = NULL;
        size_t key_index;
        return find(name, config, key_index) == MBED_SUCCESS ? config : NULL;
    }

    // One leading slash is skipped; where there is a further one, the text between them names the
    // partition: whole, or the beginning of its name.
    int find(const char *path, kvstore_config_t *&config, size_t &key_index) {
        const char *const text = path == NULL ? "" : path;
        const size_t start = text[0] == '/' ? 1 : 0;
        const char *const end = strchr(text + start, '/');
        const size_t length = end == NULL ? 0 : static_cast<size_t>(end - text) - start;
        const size_t key_at = end == NULL ? start : start + length + 1;

        nvkv_detail::guard guard(_mutex);
        const nvkv_detail::map_slot *best = NULL;
        bool is_any = false;
        for (size_t i = 0; i < MAX_ATTACHED_KVS; i++) {
            const nvkv_detail::map_slot &slot = _slots[i];
            if (!slot.is_used()) {
                continue;
            }
            is_any = true;
            if (strncmp(slot.name(), text + start, length) == 0 &&
                (best == NULL || slot.comes_before(*best, length))) {
                best = &slot;
            }
        }
        if (!_is_ready || !is_any) {
            return MBED_ERROR_NOT_READY;
        }
        if (best == NULL) {
            return MBED_ERROR_ITEM_NOT_FOUND;
        }
        config = best->config();
        key_index = key_at;
        return MBED_SUCCESS;
    }

    PlatformMutex _mutex;
    bool _is_ready;
    uint32_t _attached;
    nvkv_detail::map_slot _slots[MAX_ATTACHED_KVS];
};

NVKV_NAMES_END
} // namespace mbed

#endif
