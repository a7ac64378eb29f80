// Bytes by address, as the library EEPROM has them, in one value of nvkv: read and write work on a
// copy in RAM, and commit() stores all of it. Unlike with an EEPROM, a loss of power during
// commit() leaves all bytes as they were or all as they are now.
#ifndef FLASH_EEPROM_H
#define FLASH_EEPROM_H

#include <Arduino.h>
#include <kvstore_global_api.h>

template <size_t SIZE> class FlashEeprom {
public:
    explicit FlashEeprom(const char *path) : _path(path), _isReady(false), _isChanged(false) {}

    // Reads what the last commit() stored; bytes that were never stored are 0xFF. False where the
    // flash cannot be read: then nothing is stored either.
    bool begin() {
        memset(_bytes, 0xFF, SIZE);
        const int status = kv_get(_path, _bytes, SIZE, NULL);
        _isReady = status == MBED_SUCCESS || status == MBED_ERROR_ITEM_NOT_FOUND;
        return _isReady;
    }

    size_t length() const { return SIZE; }
    uint8_t read(size_t address) const { return address < SIZE ? _bytes[address] : 0xFF; }
    void write(size_t address, uint8_t value) { copyIn(address, &value, 1); }

    // Any type without pointers in it.
    template <typename Value> Value &get(size_t address, Value &value) const {
        if (address <= SIZE && sizeof value <= SIZE - address) {
            memcpy(static_cast<void *>(&value), _bytes + address, sizeof value);
        }
        return value;
    }
    template <typename Value> void put(size_t address, const Value &value) {
        copyIn(address, &value, sizeof value);
    }

    // True where all is stored. Without a change it writes nothing.
    bool commit() {
        if (_isReady && _isChanged) {
            _isChanged = kv_set(_path, _bytes, SIZE, 0) != MBED_SUCCESS;
        }
        return _isReady && !_isChanged;
    }

private:
    void copyIn(size_t address, const void *value, size_t size) {
        if (address <= SIZE && size <= SIZE - address &&
            memcmp(_bytes + address, value, size) != 0) {
            memcpy(_bytes + address, value, size);
            _isChanged = true;
        }
    }

    const char *_path;
    uint8_t _bytes[SIZE];
    bool _isReady;
    bool _isChanged;
};

#endif
