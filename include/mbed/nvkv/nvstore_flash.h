// The flash under NVStore: its two areas as one kv_flash_t.
#ifndef NVKV_NVSTORE_FLASH_H
#define NVKV_NVSTORE_FLASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../FlashIAP.h"
#include "block_flash.h"
#include "names.h"

namespace nvkv_detail {
NVKV_NAMES_BEGIN

class nvstore_flash {
public:
    struct area {
        uint32_t address;
        uint32_t size;
    };

    nvstore_flash() : _is_open(false) { memset(_areas, 0, sizeof _areas); }

    // Finds the areas. False: the flash failed, or it is too small.
    bool open() {
        if (_is_open) {
            return true;
        }
        if (_flash.init() != 0) {
            return false;
        }
        _is_open = find_areas() && describe();
        if (!_is_open) {
            _flash.deinit();
        }
        return _is_open;
    }

    void close() {
        if (_is_open) {
            _flash.deinit();
        }
        _is_open = false;
    }

    const area &get_area(int number) const { return _areas[number]; }
    const kv_flash_t *get() const { return &_shape; }

private:
    nvstore_flash(const nvstore_flash &);
    nvstore_flash &operator=(const nvstore_flash &);

    bool find_areas() {
#if defined(NVSTORE_AREA_1_ADDRESS) && defined(NVSTORE_AREA_1_SIZE) && \
    defined(NVSTORE_AREA_2_ADDRESS) && defined(NVSTORE_AREA_2_SIZE)
        _areas[0].address = NVSTORE_AREA_1_ADDRESS;
        _areas[0].size = NVSTORE_AREA_1_SIZE;
        _areas[1].address = NVSTORE_AREA_2_ADDRESS;
        _areas[1].size = NVSTORE_AREA_2_SIZE;
        return true;
#else
        // From the end of the flash, whole sectors of at least 4096 bytes for each.
        uint32_t at = _flash.get_flash_start() + _flash.get_flash_size();
        for (int i = 1; i >= 0; i--) {
            uint32_t size = 0;
            while (size < 4096) {
                if (at <= _flash.get_flash_start()) {
                    return false;
                }
                const uint32_t sector = _flash.get_sector_size(at - 1);
                at -= sector;
                size += sector;
            }
            _areas[i].address = at;
            _areas[i].size = size;
        }
        return true;
#endif
    }

    bool describe() {
        const uint32_t total = _areas[0].size + _areas[1].size;
        memset(&_shape, 0, sizeof _shape);
        _shape.context = this;
        _shape.read = read;
        _shape.program = this->program;
        _shape.erase = this->erase;
        _shape.size = total;
        _shape.program_size = _flash.get_page_size();
        _shape.erased = KV_ERASED_UNKNOWN;
        const uint32_t sector = _flash.get_sector_size(_areas[0].address);
        bool is_uniform = true;
        for (uint32_t at = 0; at < total && is_uniform; at += sector) {
            is_uniform = _flash.get_sector_size(physical(at)) == sector;
        }
        if (is_uniform) {
            const uint64_t size = segment_size(total, sector, _shape.program_size);
            _shape.sector_size = static_cast<uint32_t>(size);
            is_uniform = _areas[0].size % size == 0;
        }
        if (!is_uniform) {
            _shape.sector_size_at = sector_size_at;
        }
        return true;
    }

    uint32_t physical(uint32_t address) const {
        return address < _areas[0].size ? _areas[0].address + address
                                        : _areas[1].address + (address - _areas[0].size);
    }

    static nvstore_flash *self(void *context) { return static_cast<nvstore_flash *>(context); }

    static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
        nvstore_flash *flash = self(context);
        unsigned char *to = static_cast<unsigned char *>(buffer);
        const uint32_t border = flash->_areas[0].size;
        if (address < border && size > border - address) {
            const uint32_t first = border - address;
            const int status = flash->_flash.read(to, flash->physical(address), first);
            if (status != 0) {
                return status;
            }
            to += first;
            address += first;
            size -= first;
        }
        return flash->_flash.read(to, flash->physical(address), size);
    }
    // A segment lies in one area, and so does each of these.
    static int program(void *context, uint32_t address, const void *data, uint32_t size) {
        return self(context)->_flash.program(data, self(context)->physical(address), size);
    }
    static int erase(void *context, uint32_t address, uint32_t size) {
        return self(context)->_flash.erase(self(context)->physical(address), size);
    }
    static uint32_t sector_size_at(void *context, uint32_t address) {
        return self(context)->_flash.get_sector_size(self(context)->physical(address));
    }

    mbed::FlashIAP _flash;
    bool _is_open;
    area _areas[2];
    kv_flash_t _shape;
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
