// mbed::TDBStore on the engine of nvkv: values by name on a block device, safe against any loss of
// power. docs/mbed-differences.md lists what differs from Mbed's.
#ifndef MBED_TDBSTORE_H
#define MBED_TDBSTORE_H

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <new>

#include "KVStore.h"
#include "nvkv/block_flash.h"
#include "nvkv/flash_owner.h"
#include "nvkv/lock.h"

namespace mbed {
NVKV_NAMES_BEGIN

// A store on a whole block device: for a part of one, there is SlicingBlockDevice. Keys have 1 to
// 128 bytes, see KVStore::is_valid_key; values as many as fit.
//
// Threads share a store where PlatformMutex is a mutex (nvkv/platform_mutex.h): from set_start to
// set_finalize others read, and whoever writes waits. init(), deinit() and the destructor may be
// called by any thread; nobody may be in a call when the store is destroyed.
//
// All functions return MBED_ERROR_NOT_READY before init() and after deinit(), unless they say
// otherwise, MBED_ERROR_READ_FAILED and MBED_ERROR_WRITE_FAILED where the device fails,
// MBED_ERROR_OPERATION_PROHIBITED from what writes once too much of the device failed, and
// MBED_ERROR_ALREADY_IN_USE where the device calls the store that it serves. After a loss of power
// each key has its last value, but for the one that was being written: that has its old value or
// the new one, whole.
class TDBStore : public KVStore {
public:
    // Most bytes of reserved data.
    static const uint32_t RESERVED_AREA_SIZE = 64;

    // A store on `bd`, which must live as long as it. Its RAM comes from the heap with the first
    // init() and goes back when it is destroyed; its index is for as many keys as nvkv_index_keys
    // says (with more, all works the same, only slower).
    TDBStore(BlockDevice *bd)
        : _bd(bd), _ram(NULL), _ram_size(0), _is_lent(false), _was_open(false) {}

    // The same in memory that the program lends it, of any alignment: nothing comes from the heap
    // (but a buffer for a device that reads no less than 512 bytes). What of it the store does not
    // need is index, 5 bytes a key; KV_STORE_RAM of nvkv.h says how much that takes.
    TDBStore(BlockDevice *bd, void *ram, size_t ram_size)
        : _bd(bd), _ram(static_cast<unsigned char *>(ram)), _ram_size(ram_size), _is_lent(true),
          _was_open(false) {}

    virtual ~TDBStore() {
        TDBStore::deinit();
        if (!_is_lent) {
            delete[] _ram;
        }
    }

    // Initialises the device and opens the store; MBED_SUCCESS, too, where it is open. A device
    // that holds nothing recognisable is formatted.
    //
    // - MBED_ERROR_INVALID_ARGUMENT: no device, or one that nvkv cannot use: a program unit that is
    //   no power of two or over 1024 bytes, or fewer than two segments
    // - MBED_ERROR_INVALID_FORMAT: the device holds a store of Mbed's, or of another kind that must
    //   not be lost. nvkv_format() makes an empty store of it
    // - MBED_ERROR_UNSUPPORTED, MBED_ERROR_CONFIG_MISMATCH: as kv_store_open
    // - MBED_ERROR_ALREADY_INITIALIZED: NVStore has the internal flash
    // - MBED_ERROR_OUT_OF_MEMORY: no heap, or too little memory was lent
    // - any other number: the device's own init() returned it
    virtual int init() { return with_device(false); }

    // Closes the store and deinitialises the device. A value that this thread did not finalize is
    // dropped, that of another thread is waited for; iterators are gone. Always MBED_SUCCESS, but
    // for MBED_ERROR_ALREADY_IN_USE.
    virtual int deinit() {
        nvkv_detail::guard guard(_life);
        kv_store_t *const store = _open.get();
        if (store == nullptr) {
            return MBED_SUCCESS;
        }
        _lock.hold_writer();
        const int status = kv_store_close(store);
        _lock.release_writer();
        if (status != MBED_SUCCESS) {
            return status;
        }
        _open.forget();
        _bd->deinit();
        return MBED_SUCCESS;
    }

    // Removes all keys, write-once ones and reserved data too. Iterators come to their end.
    virtual int reset() {
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY) : kv_store_reset(store);
    }

    // - MBED_ERROR_INVALID_ARGUMENT: the key is not valid, `buffer` is NULL with a size, or other
    //   flags than WRITE_ONCE_FLAG, REQUIRE_CONFIDENTIALITY_FLAG and
    //   REQUIRE_REPLAY_PROTECTION_FLAG are set (the last two are only stored)
    // - MBED_ERROR_WRITE_PROTECTED: the key is there and was stored write-once
    // - MBED_ERROR_MEDIA_FULL: no room; nothing was written
    virtual int set(const char *key, const void *buffer, size_t size, uint32_t flags) {
        if (!is_valid_key(key) || (buffer == NULL && size > 0) || !are_valid(flags)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const call store(*this);
        return store == nullptr
                   ? static_cast<int>(MBED_ERROR_NOT_READY)
                   : never_is_full(kv_store_set(store, key, buffer, size, flags));
    }

    // `actual_size` may be NULL, and is left alone on failure.
    //
    // - MBED_ERROR_ITEM_NOT_FOUND: there is no such key; also before the first init()
    // - MBED_ERROR_INVALID_ARGUMENT: the key is not valid, or `buffer` is NULL with a size and the
    //   value is not empty
    // - MBED_ERROR_INVALID_SIZE: `offset` is beyond the end of the value
    // - MBED_ERROR_INVALID_DATA_DETECTED: the value is damaged; nothing of it is in the buffer
    virtual int get(const char *key, void *buffer, size_t buffer_size, size_t *actual_size = NULL,
                    size_t offset = 0) {
        if (!is_valid_key(key)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const call store(*this);
        return store == nullptr
                   ? not_open(MBED_ERROR_ITEM_NOT_FOUND)
                   : kv_store_get_at(store, key, buffer, buffer_size, actual_size, offset);
    }

    // `result` may be NULL. Statuses as for get().
    virtual int get_info(const char *key, info_t *result = NULL) {
        if (!is_valid_key(key)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const call store(*this);
        if (store == nullptr) {
            return not_open(MBED_ERROR_ITEM_NOT_FOUND);
        }
        kv_info_t found;
        const int status = kv_store_get_info(store, key, &found);
        if (status == MBED_SUCCESS && result != NULL) {
            result->size = found.size;
            result->flags = found.flags;
        }
        return status;
    }

    // A full store can be emptied key by key. MBED_ERROR_ITEM_NOT_FOUND,
    // MBED_ERROR_WRITE_PROTECTED, MBED_ERROR_INVALID_ARGUMENT.
    virtual int remove(const char *key) {
        if (!is_valid_key(key)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY)
                                : kv_store_remove(store, key);
    }

    // One value at a time. Whoever else wants to write waits until set_finalize(); the same thread
    // may go on with another set(), remove(), reset() or set_start(), which drop this value.
    // Statuses as for set(); MBED_ERROR_INVALID_ARGUMENT, too, where `handle` is NULL.
    virtual int set_start(set_handle_t *handle, const char *key, size_t final_data_size,
                          uint32_t flags) {
        if (handle == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        *handle = NULL;
        if (!is_valid_key(key) || !are_valid(flags)) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const call store(*this);
        if (store == nullptr) {
            return MBED_ERROR_NOT_READY;
        }
        kv_set_handle_t own = NULL;
        const int status = kv_store_set_start(store, &own, key, final_data_size, flags);
        *handle = reinterpret_cast<set_handle_t>(own);
        return never_is_full(status);
    }

    // - MBED_ERROR_INVALID_ARGUMENT: not the handle of the value that is open, or NULL with a size
    // - MBED_ERROR_INVALID_SIZE: more than was announced; nothing was added, and it stays open
    // - MBED_ERROR_READ_FAILED, MBED_ERROR_WRITE_FAILED, MBED_ERROR_OPERATION_PROHIBITED: the value
    //   is dropped, and the old one stays
    virtual int set_add_data(set_handle_t handle, const void *value_data, size_t data_size) {
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY)
                                : kv_store_set_add_data(store, own_set(handle), value_data,
                                                        data_size);
    }

    // - MBED_ERROR_INVALID_ARGUMENT: not the handle of the value that is open
    // - MBED_ERROR_INVALID_SIZE: fewer bytes than were announced; the old value stays
    virtual int set_finalize(set_handle_t handle) {
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY)
                                : kv_store_set_finalize(store, own_set(handle));
    }

    // Each key that exists from now until the end comes once, whatever is set and removed
    // meanwhile. 16 at a time: MBED_ERROR_OUT_OF_RESOURCES. MBED_ERROR_INVALID_ARGUMENT: `it` is
    // NULL.
    virtual int iterator_open(iterator_t *it, const char *prefix = NULL) {
        if (it == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        *it = NULL;
        const call store(*this);
        if (store == nullptr) {
            return MBED_ERROR_NOT_READY;
        }
        kv_iterator_t own = NULL;
        const int status = kv_store_iterator_open(store, &own, prefix);
        *it = reinterpret_cast<iterator_t>(own);
        return status;
    }

    // - MBED_ERROR_ITEM_NOT_FOUND: no further key
    // - MBED_ERROR_INVALID_SIZE: key and NUL do not fit; a call with more room gets the same key
    // - MBED_ERROR_INVALID_ARGUMENT: not an open iterator, or `key` is NULL with a size
    virtual int iterator_next(iterator_t it, char *key, size_t key_size) {
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY)
                                : kv_store_iterator_next(store, own_iterator(it), key, key_size);
    }

    // MBED_ERROR_INVALID_ARGUMENT: not an open iterator.
    virtual int iterator_close(iterator_t it) {
        const call store(*this);
        return store == nullptr ? static_cast<int>(MBED_ERROR_NOT_READY)
                                : kv_store_iterator_close(store, own_iterator(it));
    }

    // Stores up to 64 bytes beside the keys, once: only reset() clears them.
    //
    // - MBED_ERROR_INVALID_SIZE: more than 64
    // - MBED_ERROR_WRITE_FAILED: there are some already, or the device failed
    // - MBED_ERROR_INVALID_ARGUMENT: NULL with a size
    virtual int reserved_data_set(const void *reserved_data, size_t reserved_data_buf_size) {
        const call store(*this);
        return store == nullptr
                   ? static_cast<int>(MBED_ERROR_NOT_READY)
                   : kv_store_reserved_data_set(store, reserved_data, reserved_data_buf_size);
    }

    // With `reserved_data` NULL only the size is told.
    //
    // - MBED_ERROR_ITEM_NOT_FOUND: there are none
    // - MBED_ERROR_INVALID_SIZE: they do not fit
    // - MBED_ERROR_READ_FAILED: the device failed; also before the first init()
    virtual int reserved_data_get(void *reserved_data, size_t reserved_data_buf_size,
                                  size_t *actual_data_size_ptr = 0) {
        const call store(*this);
        return store == nullptr ? not_open(MBED_ERROR_READ_FAILED)
                                : kv_store_reserved_data_get(store, reserved_data,
                                                             reserved_data_buf_size,
                                                             actual_data_size_ptr);
    }

    // Not in Mbed: makes an empty store of the device, whatever it holds, and opens it. For a
    // device that init() refuses. MBED_ERROR_ALREADY_IN_USE: the store is open (there is reset()).
    int nvkv_format() { return with_device(true); }

    // Not in Mbed: the store of nvkv.h, for kv_store_maintain, kv_store_check and kv_store_stats;
    // NULL where it is not open.
    kv_store_t *nvkv_store() const { return _open.get(); }

    // Not in Mbed: for how many keys there is room in the index of a store on the heap, on a
    // device of so many bytes: 5 bytes of RAM each.
    static uint32_t nvkv_index_keys(uint64_t size) {
#ifdef NVKV_INDEX_KEYS
        static_cast<void>(size);
        return NVKV_INDEX_KEYS;
#else
        const uint64_t keys = size / 128;
        return static_cast<uint32_t>(keys < 16 ? 16 : keys > 1024 ? 1024 : keys);
#endif
    }

private:
    TDBStore(const TDBStore &);
    TDBStore &operator=(const TDBStore &);

    static bool are_valid(uint32_t flags) {
        const uint32_t all = WRITE_ONCE_FLAG | REQUIRE_CONFIDENTIALITY_FLAG |
                             REQUIRE_REPLAY_PROTECTION_FLAG;
        return (flags & ~all) == 0;
    }

    // Mbed has no number of its own for a value that can never fit.
    static int never_is_full(int status) {
        return status == MBED_ERROR_INVALID_SIZE ? static_cast<int>(MBED_ERROR_MEDIA_FULL)
                                                 : status;
    }

    static kv_set_handle_t own_set(set_handle_t handle) {
        return reinterpret_cast<kv_set_handle_t>(handle);
    }
    static kv_iterator_t own_iterator(iterator_t it) {
        return reinterpret_cast<kv_iterator_t>(it);
    }

    // What Mbed's store answers before the first init(); after deinit() it is undefined there.
    int not_open(int never_opened) const {
        return _was_open ? static_cast<int>(MBED_ERROR_NOT_READY) : never_opened;
    }

    // The open store for the time of a call.
    class call {
    public:
        explicit call(TDBStore &owner) : _open(owner._open), _store(_open.enter()) {}
        ~call() {
            if (_store != nullptr) {
                _open.leave();
            }
        }
        operator kv_store_t *() const { return _store; }

    private:
        call(const call &);
        call &operator=(const call &);
        nvkv_detail::open_store &_open;
        kv_store_t *_store;
    };

    int with_device(bool format) {
        // Without a lock first: a thread that stores a value in pieces may be waited for in
        // deinit().
        if (_open.get() == nullptr) {
            nvkv_detail::guard guard(_life);
            if (_open.get() == nullptr) {
                return open_device(format);
            }
        }
        return format ? static_cast<int>(MBED_ERROR_ALREADY_IN_USE) : MBED_SUCCESS;
    }

    int open_device(bool format) {
        if (_bd == NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        int status = nvkv_detail::flash_owner::take_for_tdbstore(_bd);
        if (status == MBED_SUCCESS) {
            status = _bd->init();
        }
        if (status != MBED_SUCCESS) {
            return status;
        }
        status = open(format);
        if (status != MBED_SUCCESS) {
            _bd->deinit();
        }
        return status;
    }

    int open(bool format) {
        int status = _flash.open(_bd);
        if (status != MBED_SUCCESS) {
            return status;
        }
        kv_store_config_t config = kv_store_config_t();
        config.flash = _flash.get();
        config.lock = _lock.get();
        config.format = KV_FORMAT_IF_UNRECOGNISED;
        status = provide_ram(config);
        if (status == MBED_SUCCESS && format) {
            status = kv_store_format(&config, _ram, _ram_size);
        }
        if (status != MBED_SUCCESS) {
            return status;
        }
        kv_store_t *store = NULL;
        status = kv_store_open(&config, _ram, _ram_size, &store);
        if (status == MBED_SUCCESS) {
            _was_open = true;
            _open.set(store);
        }
        return status;
    }

    // Memory for the store, and how many keys its index is for.
    int provide_ram(kv_store_config_t &config) {
        if (_is_lent) {
            const size_t least = kv_store_required_ram(&config);
            if (least != 0 && least <= _ram_size) {
                config.keys = static_cast<uint32_t>((_ram_size - least) / 5);
            }
            return MBED_SUCCESS;
        }
        config.keys = nvkv_index_keys(_flash.get()->size);
        const size_t wanted = kv_store_required_ram(&config);
        if (wanted == 0) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        if (_ram_size < wanted) {
            delete[] _ram;
            _ram = new (std::nothrow) unsigned char[wanted];
            _ram_size = _ram == NULL ? 0 : wanted;
        }
        return _ram == NULL ? static_cast<int>(MBED_ERROR_OUT_OF_MEMORY)
                            : static_cast<int>(MBED_SUCCESS);
    }

    BlockDevice *_bd;
    unsigned char *_ram;
    size_t _ram_size;
    bool _is_lent;
    std::atomic<bool> _was_open;
    nvkv_detail::open_store _open;
    PlatformMutex _life;
    nvkv_detail::store_lock _lock;
    nvkv_detail::block_flash _flash;
};

NVKV_NAMES_END
} // namespace mbed

#endif
