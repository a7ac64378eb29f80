// mbed::KVStore: what all stores of named values have in common. Virtual functions, their order and
// all numbers are Mbed's.
#ifndef MBED_KVSTORE_H
#define MBED_KVSTORE_H

#include <stddef.h>
#include <stdint.h>
// As Mbed's header: programs rely on it.
#include <stdio.h>
#include <string.h>

#include "nvkv/names.h"

namespace mbed {

// A store of values by name. Each function returns MBED_SUCCESS or a negative number of
// mbed_error.h; TDBStore.h says which.
class KVStore {
public:
    // Longest key; nvkv's TDBStore takes all of it.
    static const uint32_t MAX_KEY_SIZE = 128;

    enum create_flags {
        // The value can neither be changed nor removed: only reset() ends it.
        WRITE_ONCE_FLAG = (1 << 0),
        // The value is kept encrypted; only SecureStore does.
        REQUIRE_CONFIDENTIALITY_FLAG = (1 << 1),
        // Never accepted.
        RESERVED_FLAG = (1 << 2),
        // An older copy of the value is detected; only SecureStore does.
        REQUIRE_REPLAY_PROTECTION_FLAG = (1 << 3),
    };

    typedef struct _opaque_set_handle *set_handle_t;
    typedef struct _opaque_key_iterator *iterator_t;

    typedef struct info {
        // Bytes of the value.
        size_t size;
        // The flags that it was set with.
        uint32_t flags;
    } info_t;

    virtual ~KVStore() {}

    // Opens the store.
    virtual int init() = 0;

    // Closes it. What was stored stays.
    virtual int deinit() = 0;

    // Removes everything, write-once values too.
    virtual int reset() = 0;

    // Stores a value in place of the one that the key may have.
    virtual int set(const char *key, const void *buffer, size_t size, uint32_t flags) = 0;

    // Copies a value, from byte `offset` on, as far as the buffer goes: a short buffer is no error.
    virtual int get(const char *key, void *buffer, size_t buffer_size, size_t *actual_size = NULL,
                    size_t offset = 0) = 0;

    // Size and flags of a value.
    virtual int get_info(const char *key, info_t *result = NULL) = 0;

    // Removes a key and its value.
    virtual int remove(const char *key) = 0;

    // Starts a value that is handed over in pieces. Until it is finalized the key has its old one.
    virtual int set_start(set_handle_t *handle, const char *key, size_t final_data_size,
                          uint32_t flags) = 0;
    virtual int set_add_data(set_handle_t handle, const void *value_data, size_t data_size) = 0;
    virtual int set_finalize(set_handle_t handle) = 0;

    // Returns the keys that begin with a prefix, one by one.
    virtual int iterator_open(iterator_t *it, const char *prefix = NULL) = 0;
    virtual int iterator_next(iterator_t it, char *key, size_t key_size) = 0;
    virtual int iterator_close(iterator_t it) = 0;

    // Whether a key has 1 to 128 bytes, none of them a space or one of * / ? : ; " | < > \ (bytes
    // of 0x80 and above are fine).
    bool is_valid_key(const char *key) const {
        static const char barred[] = " */?:;\"|<>\\";
        if (key == NULL || key[0] == '\0') {
            return false;
        }
        for (uint32_t length = 0; length <= MAX_KEY_SIZE; length++) {
            if (key[length] == '\0') {
                return true;
            }
            for (const char *bad = barred; *bad != '\0'; bad++) {
                if (key[length] == *bad) {
                    return false;
                }
            }
        }
        return false;
    }
};

} // namespace mbed

#endif
