// The functions of NVStore. A value is stored as its owner (one byte) and its bytes.
#ifndef NVKV_NVSTORE_IMPL_H
#define NVKV_NVSTORE_IMPL_H

#include <string.h>

NVKV_NAMES_BEGIN

inline int NVStore::status_of(int status) {
    switch (status) {
    case MBED_SUCCESS:
        return NVSTORE_SUCCESS;
    case MBED_ERROR_ITEM_NOT_FOUND:
        return NVSTORE_NOT_FOUND;
    case MBED_ERROR_WRITE_PROTECTED:
        return NVSTORE_ALREADY_EXISTS;
    case MBED_ERROR_MEDIA_FULL:
    case MBED_ERROR_INVALID_SIZE:
    case MBED_ERROR_INVALID_ARGUMENT:
        return NVSTORE_FLASH_AREA_TOO_SMALL;
    case MBED_ERROR_INVALID_DATA_DETECTED:
    case MBED_ERROR_INVALID_FORMAT:
    case MBED_ERROR_UNSUPPORTED:
    case MBED_ERROR_CONFIG_MISMATCH:
        return NVSTORE_DATA_CORRUPT;
    case MBED_ERROR_READ_FAILED:
        return NVSTORE_READ_ERROR;
    case MBED_ERROR_WRITE_FAILED:
    case MBED_ERROR_OPERATION_PROHIBITED:
        return NVSTORE_WRITE_ERROR;
    default:
        return NVSTORE_OS_ERROR;
    }
}

// The table of allocated keys, for so many.
inline int NVStore::reserve(uint16_t keys) {
    uint8_t *const table = new (std::nothrow) uint8_t[keys]();
    if (table == NULL) {
        return NVSTORE_OS_ERROR;
    }
    if (_allocated != NULL) {
        memcpy(table, _allocated, keys < _max_keys ? keys : _max_keys);
        delete[] _allocated;
    }
    _allocated = table;
    _max_keys = keys;
    return NVSTORE_SUCCESS;
}

// Opens the store; the status is that of kv_store_open.
inline int NVStore::open() {
    kv_store_config_t config = kv_store_config_t();
    config.flash = _flash.get();
    config.keys = 256;
    config.format = KV_FORMAT_IF_UNRECOGNISED;
    const size_t wanted = kv_store_required_ram(&config);
    if (wanted == 0) {
        return MBED_ERROR_INVALID_ARGUMENT;
    }
    if (_ram_size < wanted) {
        delete[] _ram;
        _ram = new (std::nothrow) unsigned char[wanted];
        _ram_size = _ram != NULL ? wanted : 0;
    }
    return _ram == NULL ? static_cast<int>(MBED_ERROR_OUT_OF_MEMORY)
                        : kv_store_open(&config, _ram, _ram_size, &_store);
}

inline int NVStore::init() {
    nvkv_detail::guard guard(_mutex);
    if (_store != NULL) {
        return NVSTORE_SUCCESS;
    }
    const int owner = nvkv_detail::flash_owner::take_for_nvstore();
    if (owner != MBED_SUCCESS) {
        return owner;
    }
    if (!_flash.open()) {
        return NVSTORE_FLASH_AREA_TOO_SMALL;
    }
    int status = status_of(open());
    if (status != NVSTORE_SUCCESS) {
        _store = NULL;
        return status;
    }
    uint8_t stored[2];
    size_t size = 0;
    uint16_t keys = NVSTORE_MAX_KEYS;
    if (kv_store_get(_store, "max", stored, sizeof stored, &size) == MBED_SUCCESS && size == 2) {
        keys = static_cast<uint16_t>(stored[0] | stored[1] << 8);
    }
    delete[] _allocated;
    _allocated = NULL;
    status = reserve(keys);
    if (status != NVSTORE_SUCCESS) {
        kv_store_close(_store);
        _store = NULL;
    }
    return status;
}

inline int NVStore::deinit() {
    nvkv_detail::guard guard(_mutex);
    if (_store != NULL) {
        kv_store_close(_store);
        _store = NULL;
        _flash.close();
    }
    return NVSTORE_SUCCESS;
}

inline int NVStore::reset() {
    nvkv_detail::guard guard(_mutex);
    int status = init();
    if (status == NVSTORE_DATA_CORRUPT && _store == NULL && _ram != NULL) {
        // What init() refuses.
        kv_store_config_t config = kv_store_config_t();
        config.flash = _flash.get();
        status = status_of(kv_store_format(&config, _ram, _ram_size));
        return status == NVSTORE_SUCCESS ? init() : status;
    }
    if (status != NVSTORE_SUCCESS) {
        return status;
    }
    status = kv_store_reset(_store);
    if (status == MBED_SUCCESS && _max_keys != NVSTORE_MAX_KEYS) {
        const uint8_t keys[2] = {static_cast<uint8_t>(_max_keys & 0xFF),
                                 static_cast<uint8_t>(_max_keys >> 8)};
        status = kv_store_set(_store, "max", keys, sizeof keys, 0);
    }
    if (_allocated != NULL) {
        memset(_allocated, 0, _max_keys);
    }
    return status_of(status);
}

inline void NVStore::set_max_keys(uint16_t num_keys) {
    nvkv_detail::guard guard(_mutex);
    if (init() != NVSTORE_SUCCESS || num_keys < NVSTORE_NUM_PREDEFINED_KEYS ||
        num_keys >= get_max_possible_keys()) {
        return;
    }
    for (uint16_t key = num_keys; key < _max_keys; key++) {
        if (is_used(key)) {
            return;
        }
    }
    const uint16_t before = _max_keys;
    if (reserve(num_keys) != NVSTORE_SUCCESS) {
        return;
    }
    const uint8_t keys[2] = {static_cast<uint8_t>(num_keys & 0xFF),
                             static_cast<uint8_t>(num_keys >> 8)};
    if (kv_store_set(_store, "max", keys, sizeof keys, 0) != MBED_SUCCESS) {
        reserve(before);
    }
}

// The size of a value; the status is NVStore's.
inline int NVStore::find(uint16_t key, uint16_t &size) {
    const int status = init();
    if (status != NVSTORE_SUCCESS) {
        return status;
    }
    if (key >= _max_keys) {
        return NVSTORE_BAD_VALUE;
    }
    kv_info_t info;
    const int found = kv_store_get_info(_store, name(key).text(), &info);
    if (found == MBED_SUCCESS) {
        size = static_cast<uint16_t>(info.size - 1);
    }
    return status_of(found);
}

inline int NVStore::get(uint16_t key, uint16_t buf_size, void *buf, uint16_t &actual_size) {
    nvkv_detail::guard guard(_mutex);
    uint16_t size = 0;
    const int status = find(key, size);
    if (status != NVSTORE_SUCCESS) {
        return status;
    }
    actual_size = size;
    if (size > buf_size || (buf == NULL && size > 0)) {
        return NVSTORE_BUFF_TOO_SMALL;
    }
    return status_of(kv_store_get_at(_store, name(key).text(), buf, size, NULL, 1));
}

inline int NVStore::get_item_size(uint16_t key, uint16_t &actual_size) {
    nvkv_detail::guard guard(_mutex);
    return find(key, actual_size);
}

inline uint8_t NVStore::owner_of(uint16_t key) {
    uint8_t owner = _allocated[key];
    if (owner == 0) {
        size_t size = 0;
        const int status = kv_store_get(_store, name(key).text(), &owner, 1, &size);
        owner = status == MBED_SUCCESS && size == 1 ? owner : 0;
    }
    return owner;
}

inline int NVStore::store(uint16_t key, uint16_t size, const void *buf, uint32_t flags) {
    nvkv_detail::guard guard(_mutex);
    const int ready = init();
    if (ready != NVSTORE_SUCCESS) {
        return ready;
    }
    if (key >= _max_keys || size >= 4096) {
        return NVSTORE_BAD_VALUE;
    }
    const size_t bytes = buf != NULL ? size : 0;
    const uint8_t owner = owner_of(key);
    kv_set_handle_t handle;
    int status = kv_store_set_start(_store, &handle, name(key).text(), bytes + 1, flags);
    if (status == MBED_SUCCESS) {
        status = kv_store_set_add_data(_store, handle, &owner, 1);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_add_data(_store, handle, buf, bytes);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_finalize(_store, handle);
    }
    if (status == MBED_SUCCESS) {
        _allocated[key] = 0;
    }
    return status_of(status);
}

inline int NVStore::allocate_key(uint16_t &key, uint8_t owner) {
    if (owner == NVSTORE_UNSPECIFIED_OWNER || owner >= NVSTORE_MAX_OWNERS) {
        return NVSTORE_BAD_VALUE;
    }
    nvkv_detail::guard guard(_mutex);
    const int status = init();
    if (status != NVSTORE_SUCCESS) {
        return status;
    }
    for (uint16_t free = NVSTORE_NUM_PREDEFINED_KEYS; free < _max_keys; free++) {
        if (!is_used(free)) {
            _allocated[free] = owner;
            key = free;
            return NVSTORE_SUCCESS;
        }
    }
    return NVSTORE_NO_FREE_KEY;
}

inline int NVStore::free_all_keys_by_owner(uint8_t owner) {
    if (owner == NVSTORE_UNSPECIFIED_OWNER || owner >= NVSTORE_MAX_OWNERS) {
        return NVSTORE_BAD_VALUE;
    }
    nvkv_detail::guard guard(_mutex);
    const int ready = init();
    if (ready != NVSTORE_SUCCESS) {
        return ready;
    }
    for (uint16_t key = 0; key < _max_keys; key++) {
        if (owner_of(key) != owner) {
            continue;
        }
        _allocated[key] = 0;
        const int status = kv_store_remove(_store, name(key).text());
        if (status != MBED_SUCCESS && status != MBED_ERROR_ITEM_NOT_FOUND) {
            return status_of(status);
        }
    }
    return NVSTORE_SUCCESS;
}

inline int NVStore::remove(uint16_t key) {
    nvkv_detail::guard guard(_mutex);
    const int ready = init();
    if (ready != NVSTORE_SUCCESS) {
        return ready;
    }
    return key >= _max_keys ? static_cast<int>(NVSTORE_BAD_VALUE)
                            : status_of(kv_store_remove(_store, name(key).text()));
}

NVKV_NAMES_END

#endif
