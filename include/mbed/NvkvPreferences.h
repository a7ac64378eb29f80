// nvkv::Preferences: settings by name, in namespaces, with the functions of the class Preferences
// of the ESP32 core for Arduino. Not of Mbed's; it runs wherever nvkv does.
//
// What differs from that class:
//
// * Names and keys have up to 63 characters, not 15; a name must not contain a slash.
// * A namespace is there while a key is in it: begin() for reading only fails in an empty one.
// * begin() has no partition label: the constructor takes the store.
// * A value put under a key that has one of another type replaces it.
// * Strings and bytes may have as many bytes as there is room for.
// * freeEntries() says how many values of up to 8 bytes will fit at least.
//
// A key "ssid" of the namespace "wifi" is the key "wifi/ssid" of the store, and its value one
// letter for the type (see `letters`) and then the bytes, numbers from the lowest byte on: that is
// a format, and does not change.
#ifndef NVKV_PREFERENCES_H
#define NVKV_PREFERENCES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <new>

#include "TDBStore.h"
#include "nvkv/default_config.h"
#include "nvkv/names.h"

#ifdef ARDUINO
#include <Arduino.h>
#endif

namespace nvkv {
NVKV_NAMES_BEGIN

// What a value was put as. Characters, bool and integers have their width; long is 32 bits wide;
// float and double are bytes.
enum PreferenceType {
    PT_I8,
    PT_U8,
    PT_I16,
    PT_U16,
    PT_I32,
    PT_U32,
    PT_I64,
    PT_U64,
    PT_STR,
    PT_BLOB,
    PT_INVALID
};

// The settings of one namespace at a time. An object is for one thread; several, in several
// threads, can share a store, as far as TDBStore and kv_lock_t say. A string or bytes that another
// thread puts at the same moment can be read as they are half.
//
// When power fails while a value is put, the key has its old or its new value afterwards, whole,
// and no other key is touched. What a put function returned is stored for good.
class Preferences {
public:
    // Longest name and longest key.
    static const size_t max_length = 63;

    // In the flash of the chip, in the same store as the paths of the global API: kv_config.h says
    // where. kv_iterator_open("/kv/") returns these keys, too, and kv_reset("/kv/") removes them. A
    // program that keeps a store of its own there gives it to one of the other constructors.
    Preferences() : _source(on_chip), _store(NULL), _tdbstore(NULL) { forget(); }

    // In a store that is open, and stays so.
    explicit Preferences(kv_store_t *store) : _source(handle), _store(store), _tdbstore(NULL) {
        forget();
    }

    // In a store that begin() initialises, if the program has not. It must live as long.
    explicit Preferences(mbed::TDBStore &store)
        : _source(tdbstore), _store(NULL), _tdbstore(&store) {
        forget();
    }

    // Goes to a namespace. False where one is open, the name is empty, too long or has a slash in
    // it, or the store cannot be opened (a TDBStore says why by init()); to read only, also where
    // nothing is in that namespace.
    bool begin(const char *name, bool readOnly = false) {
        const size_t length = name != NULL ? strlen(name) : 0;
        if (_name[0] != '\0' || length == 0 || length > max_length || strchr(name, '/') != NULL ||
            !find_store()) {
            return false;
        }
        memcpy(_name, name, length + 1);
        _is_read_only = readOnly;
        if (readOnly && !has_keys()) {
            forget();
        }
        return _name[0] != '\0';
    }

    // Leaves the namespace. What was put is stored already; the store stays open.
    void end() { forget(); }

    // Removes all keys of the namespace. When power fails during the call, some are left.
    bool clear() {
        kv_iterator_t it;
        if (!may_write() || !start_keys(&it)) {
            return false;
        }
        char key[full_size];
        int status = kv_store_iterator_next(_store, it, key, sizeof key);
        while (status == MBED_SUCCESS) {
            status = kv_store_remove(_store, key);
            if (status == MBED_SUCCESS) {
                status = kv_store_iterator_next(_store, it, key, sizeof key);
            }
        }
        kv_store_iterator_close(_store, it);
        return status == MBED_ERROR_ITEM_NOT_FOUND;
    }

    // False where there is no such key.
    bool remove(const char *key) {
        const name_of full(*this, key);
        return full.is_valid() && may_write() &&
               kv_store_remove(_store, full.text()) == MBED_SUCCESS;
    }

    // Each returns the bytes of the value, without what a string ends with, and 0 where it could
    // not be stored: nothing was changed then, no namespace is open, it is open for reading only,
    // the key is empty or too long, there is no room, or the flash failed. A small value that is
    // there already is not written again.
    size_t putChar(const char *key, int8_t value) {
        return put_number(key, PT_I8, static_cast<uint64_t>(value), 1);
    }
    size_t putUChar(const char *key, uint8_t value) {
        return put_number(key, PT_U8, static_cast<uint64_t>(value), 1);
    }
    size_t putShort(const char *key, int16_t value) {
        return put_number(key, PT_I16, static_cast<uint64_t>(value), 2);
    }
    size_t putUShort(const char *key, uint16_t value) {
        return put_number(key, PT_U16, static_cast<uint64_t>(value), 2);
    }
    size_t putInt(const char *key, int32_t value) {
        return put_number(key, PT_I32, static_cast<uint64_t>(value), 4);
    }
    size_t putUInt(const char *key, uint32_t value) {
        return put_number(key, PT_U32, static_cast<uint64_t>(value), 4);
    }
    size_t putLong(const char *key, int32_t value) { return putInt(key, value); }
    size_t putULong(const char *key, uint32_t value) { return putUInt(key, value); }
    size_t putLong64(const char *key, int64_t value) {
        return put_number(key, PT_I64, static_cast<uint64_t>(value), 8);
    }
    size_t putULong64(const char *key, uint64_t value) {
        return put_number(key, PT_U64, value, 8);
    }
    size_t putFloat(const char *key, float value) {
        uint32_t bits;
        static_assert(sizeof bits == sizeof value, "floats have 32 bits");
        memcpy(&bits, &value, sizeof bits);
        return put_number(key, PT_BLOB, bits, sizeof bits);
    }
    size_t putDouble(const char *key, double value) {
        uint64_t bits;
        static_assert(sizeof bits == sizeof value, "doubles have 64 bits");
        memcpy(&bits, &value, sizeof bits);
        return put_number(key, PT_BLOB, bits, sizeof bits);
    }
    size_t putBool(const char *key, bool value) { return putUChar(key, value ? 1 : 0); }
    // 0, too, where `value` is empty and was stored; NULL is not stored.
    size_t putString(const char *key, const char *value) {
        return value != NULL ? put(key, PT_STR, value, strlen(value)) : 0;
    }
    // No bytes at all are not stored.
    size_t putBytes(const char *key, const void *value, size_t len) {
        return value != NULL && len > 0 ? put(key, PT_BLOB, value, len) : 0;
    }

    bool isKey(const char *key) { return getType(key) != PT_INVALID; }

    // PT_INVALID where there is no such key, or its value was not put by this class.
    PreferenceType getType(const char *key) {
        size_t size;
        const name_of full(*this, key);
        return type_of(full, &size);
    }

    // Each returns the value, and `defaultValue` where no namespace is open, there is no such key,
    // or it has a value of another type.
    int8_t getChar(const char *key, int8_t defaultValue = 0) {
        return get_number(key, PT_I8, defaultValue);
    }
    uint8_t getUChar(const char *key, uint8_t defaultValue = 0) {
        return get_number(key, PT_U8, defaultValue);
    }
    int16_t getShort(const char *key, int16_t defaultValue = 0) {
        return get_number(key, PT_I16, defaultValue);
    }
    uint16_t getUShort(const char *key, uint16_t defaultValue = 0) {
        return get_number(key, PT_U16, defaultValue);
    }
    int32_t getInt(const char *key, int32_t defaultValue = 0) {
        return get_number(key, PT_I32, defaultValue);
    }
    uint32_t getUInt(const char *key, uint32_t defaultValue = 0) {
        return get_number(key, PT_U32, defaultValue);
    }
    int32_t getLong(const char *key, int32_t defaultValue = 0) {
        return getInt(key, defaultValue);
    }
    uint32_t getULong(const char *key, uint32_t defaultValue = 0) {
        return getUInt(key, defaultValue);
    }
    int64_t getLong64(const char *key, int64_t defaultValue = 0) {
        return get_number(key, PT_I64, defaultValue);
    }
    uint64_t getULong64(const char *key, uint64_t defaultValue = 0) {
        return get_number(key, PT_U64, defaultValue);
    }
    float getFloat(const char *key, float defaultValue = NAN) {
        uint64_t bits;
        if (!find_number(key, PT_BLOB, sizeof defaultValue, &bits)) {
            return defaultValue;
        }
        const uint32_t all = static_cast<uint32_t>(bits);
        memcpy(&defaultValue, &all, sizeof defaultValue);
        return defaultValue;
    }
    double getDouble(const char *key, double defaultValue = NAN) {
        uint64_t bits;
        if (find_number(key, PT_BLOB, sizeof defaultValue, &bits)) {
            memcpy(&defaultValue, &bits, sizeof defaultValue);
        }
        return defaultValue;
    }
    bool getBool(const char *key, bool defaultValue = false) {
        return getUChar(key, defaultValue ? 1 : 0) == 1;
    }

    // Copies a string and its NUL, and returns how many bytes that are; 0 where it does not fit
    // into `maxLen` bytes (nothing is copied then), or there is no string under this key.
    size_t getString(const char *key, char *value, size_t maxLen) {
        const name_of full(*this, key);
        size_t size;
        if (value == NULL || type_of(full, &size) != PT_STR || size >= maxLen ||
            !get(full, value, size)) {
            return 0;
        }
        value[size] = '\0';
        return size + 1;
    }

    // The bytes of a string with its NUL; 0 where there is no string under this key.
    size_t getStringLength(const char *key) {
        const name_of full(*this, key);
        size_t size;
        return type_of(full, &size) == PT_STR ? size + 1 : 0;
    }

    // The bytes under this key; 0 where there are none.
    size_t getBytesLength(const char *key) {
        const name_of full(*this, key);
        size_t size;
        return type_of(full, &size) == PT_BLOB ? size : 0;
    }

    // Copies them, and returns how many they are; 0 where they do not fit (nothing is copied
    // then). With `buf` NULL or a `maxLen` of 0: getBytesLength.
    size_t getBytes(const char *key, void *buf, size_t maxLen) {
        const name_of full(*this, key);
        size_t size;
        if (type_of(full, &size) != PT_BLOB) {
            return 0;
        }
        if (buf == NULL || maxLen == 0) {
            return size;
        }
        return size <= maxLen && get(full, buf, size) ? size : 0;
    }

    // How many more values of up to 8 bytes there is room for, with names and keys of up to 15
    // characters: at least so many.
    size_t freeEntries() {
        kv_stats_t stats;
        if (_name[0] == '\0' || kv_store_stats(_store, &stats) != MBED_SUCCESS) {
            return 0;
        }
        return stats.largest_value / entry_size;
    }

#ifdef ARDUINO
    size_t putString(const char *key, const String &value) {
        return putString(key, value.c_str());
    }
    // `defaultValue`, too, where the heap has no room for the string.
    String getString(const char *key, const String &defaultValue = String()) {
        const name_of full(*this, key);
        size_t size;
        if (type_of(full, &size) != PT_STR) {
            return defaultValue;
        }
        char *const text = new (std::nothrow) char[size + 1];
        const bool is_read = text != NULL && get(full, text, size);
        if (is_read) {
            text[size] = '\0';
        }
        const String found = is_read ? String(text) : defaultValue;
        delete[] text;
        return found;
    }
#endif

private:
    enum source { on_chip, handle, tdbstore };

    // Bytes of a key of the store with its NUL; of a value that is compared before it is written;
    // of what a small value takes on flash with a long name.
    static const size_t full_size = 2 * max_length + 2;
    static const size_t small_size = 64;
    static const size_t entry_size = 64;

    // "name/key".
    class name_of {
    public:
        name_of(const Preferences &owner, const char *key) {
            const size_t name = strlen(owner._name);
            const size_t length = key != NULL ? strlen(key) : 0;
            _text[0] = '\0';
            if (name == 0 || length == 0 || length > max_length) {
                return;
            }
            memcpy(_text, owner._name, name);
            _text[name] = '/';
            memcpy(_text + name + 1, key, length + 1);
        }
        bool is_valid() const { return _text[0] != '\0'; }
        const char *text() const { return _text; }

    private:
        char _text[full_size];
    };

    // The first byte of a value.
    static char letter(PreferenceType type) { return letters()[type]; }
    static const char *letters() { return "bBhHiIqQsy"; }

    void forget() {
        _name[0] = '\0';
        _is_read_only = false;
    }

    bool find_store() {
        if (_source == tdbstore) {
            _store = _tdbstore->init() == MBED_SUCCESS ? _tdbstore->nvkv_store() : NULL;
        }
#if NVKV_STORAGE == 1 && NVKV_HAS_FLASH_IAP
        if (_source == on_chip) {
            mbed::TDBStore *store = NULL;
            FlashIAPBlockDevice *device = NULL;
            const int status = nvkv_detail::internal_store(&store, &device);
            _store = status == MBED_SUCCESS ? store->nvkv_store() : NULL;
        }
#endif
        return _store != NULL;
    }

    bool may_write() const { return _name[0] != '\0' && !_is_read_only; }

    // Starts an iteration over the keys of the namespace.
    bool start_keys(kv_iterator_t *it) {
        char prefix[max_length + 2];
        const size_t length = strlen(_name);
        memcpy(prefix, _name, length);
        prefix[length] = '/';
        prefix[length + 1] = '\0';
        return kv_store_iterator_open(_store, it, prefix) == MBED_SUCCESS;
    }

    bool has_keys() {
        kv_iterator_t it;
        if (!start_keys(&it)) {
            return false;
        }
        char key[full_size];
        const int status = kv_store_iterator_next(_store, it, key, sizeof key);
        kv_store_iterator_close(_store, it);
        return status == MBED_SUCCESS;
    }

    size_t put(const char *key, PreferenceType type, const void *value, size_t size) {
        const name_of full(*this, key);
        if (!full.is_valid() || !may_write()) {
            return 0;
        }
        const unsigned char first = static_cast<unsigned char>(letter(type));
        int status;
        if (size <= small_size) {
            unsigned char whole[1 + small_size];
            whole[0] = first;
            memcpy(whole + 1, value, size);
            status = is_there(full, whole, 1 + size)
                         ? static_cast<int>(MBED_SUCCESS)
                         : kv_store_set(_store, full.text(), whole, 1 + size, 0);
        } else {
            // The letter and the value in two pieces: nothing is copied.
            kv_set_handle_t pieces = NULL;
            status = kv_store_set_start(_store, &pieces, full.text(), 1 + size, 0);
            if (status == MBED_SUCCESS) {
                status = put_pieces(pieces, first, value, size);
            }
        }
        return status == MBED_SUCCESS ? size : 0;
    }

    int put_pieces(kv_set_handle_t pieces, unsigned char first, const void *value, size_t size) {
        int status = kv_store_set_add_data(_store, pieces, &first, 1);
        if (status == MBED_SUCCESS) {
            status = kv_store_set_add_data(_store, pieces, value, size);
        }
        if (status == MBED_SUCCESS) {
            return kv_store_set_finalize(_store, pieces);
        }
        kv_store_set_abort(_store, pieces);
        return status;
    }

    bool is_there(const name_of &full, const unsigned char *whole, size_t size) {
        unsigned char found[2 + small_size];
        size_t actual;
        return kv_store_get(_store, full.text(), found, sizeof found, &actual) == MBED_SUCCESS &&
               actual == size && memcmp(found, whole, size) == 0;
    }

    // Of the value with its letter taken off; that much and no more must be there.
    bool get(const name_of &full, void *value, size_t size) {
        size_t actual;
        return kv_store_get_at(_store, full.text(), value, size, &actual, 1) == MBED_SUCCESS &&
               actual == size;
    }

    PreferenceType type_of(const name_of &full, size_t *size) {
        char first;
        size_t actual;
        kv_info_t info;
        if (!full.is_valid() ||
            kv_store_get(_store, full.text(), &first, 1, &actual) != MBED_SUCCESS || actual != 1 ||
            kv_store_get_info(_store, full.text(), &info) != MBED_SUCCESS || info.size == 0) {
            return PT_INVALID;
        }
        *size = info.size - 1;
        const char *const found = first != '\0' ? strchr(letters(), first) : NULL;
        return found != NULL ? static_cast<PreferenceType>(found - letters()) : PT_INVALID;
    }

    // Negative numbers, too: their lower bytes are the same whatever the width.
    size_t put_number(const char *key, PreferenceType type, uint64_t value, size_t size) {
        unsigned char bytes[8];
        for (size_t i = 0; i < size; i++) {
            bytes[i] = static_cast<unsigned char>(value >> (8 * i));
        }
        return put(key, type, bytes, size);
    }
    bool find_number(const char *key, PreferenceType type, size_t size, uint64_t *value) {
        // One byte more than the longest, so that longer bytes are told from those of a double.
        unsigned char whole[10];
        size_t actual;
        const name_of full(*this, key);
        if (!full.is_valid() ||
            kv_store_get(_store, full.text(), whole, sizeof whole, &actual) != MBED_SUCCESS ||
            actual != 1 + size || whole[0] != static_cast<unsigned char>(letter(type))) {
            return false;
        }
        *value = 0;
        for (size_t i = 0; i < size; i++) {
            *value |= static_cast<uint64_t>(whole[1 + i]) << (8 * i);
        }
        return true;
    }

    template <typename Number>
    Number get_number(const char *key, PreferenceType type, Number defaultValue) {
        uint64_t value;
        return find_number(key, type, sizeof(Number), &value) ? static_cast<Number>(value)
                                                              : defaultValue;
    }

    source _source;
    kv_store_t *_store;
    mbed::TDBStore *_tdbstore;
    char _name[max_length + 1];
    bool _is_read_only;
};

NVKV_NAMES_END
} // namespace nvkv

#endif
