// A kv_flash_t over a mbed::BlockDevice.
#ifndef NVKV_BLOCK_FLASH_H
#define NVKV_BLOCK_FLASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <new>

#include "names.h"

namespace nvkv_detail {
NVKV_NAMES_BEGIN

// Bytes of a segment on a memory whose erasable units are all of one size: so many units that a
// segment has 16 program units and 1024 bytes, or 512 or less where the partition would have fewer
// than eight such segments, or four. A partition keeps the size that it was formatted with, so this
// rule must not change.
inline uint64_t segment_size(uint64_t size, uint64_t erase_size, uint64_t program_size) {
    const uint64_t least = 16 * program_size;
    uint64_t wanted = size >= 8 * 1024 ? 1024 : size >= 4 * 512 ? 512 : least;
    wanted = wanted < least ? least : wanted;
    return (wanted + erase_size - 1) / erase_size * erase_size;
}

// What kv_store_open needs of a block device.
class block_flash {
public:
    block_flash() : _bd(NULL), _unit(NULL), _unit_size(0), _by_units(false) {}
    ~block_flash() { delete[] _unit; }

    // Takes the shape of a device that was initialised. It must live until the store is closed.
    int open(mbed::BlockDevice *bd) {
        _bd = bd;
        const uint64_t program = bd->get_program_size();
        const uint64_t erase = bd->get_erase_size(0);
        uint64_t size = bd->size();
        // As Mbed's store does.
        size = size > 0x80000000u ? 0x80000000u : size;
        if (program == 0 || program > 1024 || erase == 0 || erase > size) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        const int value = bd->get_erase_value();
        memset(&_flash, 0, sizeof _flash);
        _flash.context = this;
        _flash.read = read;
        _flash.program = this->program;
        _flash.erase = this->erase;
        _flash.sync = sync;
        _flash.program_size = static_cast<uint32_t>(program);
        _flash.erased = value == 0xFF ? KV_ERASED_FF : value == 0 ? KV_ERASED_00
                                                                  : KV_ERASED_UNKNOWN;
        if (is_uniform(size, erase)) {
            // Many small units are one sector here, and are erased by one call.
            const uint64_t segment = segment_size(size, erase, program);
            _flash.size = static_cast<uint32_t>(size / segment * segment);
            _flash.sector_size = static_cast<uint32_t>(segment);
        } else {
            _flash.size = static_cast<uint32_t>(size);
            _flash.sector_size_at = sector_size_at;
        }
        return take_read_size();
    }

    const kv_flash_t *get() const { return &_flash; }

private:
    block_flash(const block_flash &);
    block_flash &operator=(const block_flash &);

    bool is_uniform(uint64_t size, uint64_t erase) const {
        for (uint64_t at = 0; at < size; at += erase) {
            if (_bd->get_erase_size(at) != erase) {
                return false;
            }
        }
        return true;
    }

    // Devices that read only in units which the library does not know are read by way of a buffer.
    int take_read_size() {
        const uint64_t read_size = _bd->get_read_size();
        if (read_size == 0 || read_size > 0x10000) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        _flash.read_size = static_cast<uint32_t>(read_size);
        _by_units = read_size > 256 || (read_size & (read_size - 1)) != 0;
        if (!_by_units) {
            return MBED_SUCCESS;
        }
        _flash.read_size = 1;
        if (_unit_size != read_size) {
            delete[] _unit;
            _unit_size = static_cast<uint32_t>(read_size);
            _unit = new (std::nothrow) unsigned char[_unit_size];
        }
        return _unit != NULL ? static_cast<int>(MBED_SUCCESS)
                             : static_cast<int>(MBED_ERROR_OUT_OF_MEMORY);
    }

    int read_by_units(uint32_t address, unsigned char *to, uint32_t size) {
        while (size > 0) {
            const uint32_t skip = address % _unit_size;
            const uint32_t room = _unit_size - skip;
            const uint32_t part = size < room ? size : room;
            const int status = _bd->read(_unit, address - skip, _unit_size);
            if (status != 0) {
                return status;
            }
            memcpy(to, _unit + skip, part);
            to += part;
            address += part;
            size -= part;
        }
        return 0;
    }

    static block_flash *self(void *context) { return static_cast<block_flash *>(context); }

    static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
        block_flash *flash = self(context);
        if (flash->_by_units) {
            return flash->read_by_units(address, static_cast<unsigned char *>(buffer), size);
        }
        return flash->_bd->read(buffer, address, size);
    }
    static int program(void *context, uint32_t address, const void *data, uint32_t size) {
        return self(context)->_bd->program(data, address, size);
    }
    static int erase(void *context, uint32_t address, uint32_t size) {
        return self(context)->_bd->erase(address, size);
    }
    static int sync(void *context) { return self(context)->_bd->sync(); }
    static uint32_t sector_size_at(void *context, uint32_t address) {
        return static_cast<uint32_t>(self(context)->_bd->get_erase_size(address));
    }

    mbed::BlockDevice *_bd;
    kv_flash_t _flash;
    unsigned char *_unit;
    uint32_t _unit_size;
    bool _by_units;
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
