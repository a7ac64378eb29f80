// FlashIAPBlockDevice for programs without Mbed: a part of the flash of the chip, or any
// kv_flash_t. As with Mbed, it is in no namespace.
#ifndef NVKV_OWN_FLASH_IAP_BLOCK_DEVICE
#define NVKV_OWN_FLASH_IAP_BLOCK_DEVICE
#define MBED_FLASHIAP_BLOCK_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../BlockDevice.h"
#include "../FlashIAP.h"
#include "names.h"

// The defaults: from the first sector after the program to the end of the flash.
#ifndef MBED_CONF_FLASHIAP_BLOCK_DEVICE_BASE_ADDRESS
#define MBED_CONF_FLASHIAP_BLOCK_DEVICE_BASE_ADDRESS 0xFFFFFFFFu
#endif
#ifndef MBED_CONF_FLASHIAP_BLOCK_DEVICE_SIZE
#define MBED_CONF_FLASHIAP_BLOCK_DEVICE_SIZE 0
#endif

class FlashIAPBlockDevice : public mbed::BlockDevice {
public:
    // Of the flash of the chip (nvkv_internal_flash), by the chip's addresses. A size of 0: to its
    // end. Whole sectors.
    FlashIAPBlockDevice(uint32_t address = MBED_CONF_FLASHIAP_BLOCK_DEVICE_BASE_ADDRESS,
                        uint32_t size = MBED_CONF_FLASHIAP_BLOCK_DEVICE_SIZE)
        : _own(NULL), _flash(NULL), _asked_address(address), _asked_size(size), _base(0), _size(0),
          _inits(0) {}

    // Not in Mbed: of this flash, from `address` on, which counts from its start. It must live as
    // long as the device.
    explicit FlashIAPBlockDevice(const kv_flash_t *flash, uint32_t address = 0, uint32_t size = 0)
        : _own(flash), _flash(NULL), _asked_address(address), _asked_size(size), _base(0), _size(0),
          _inits(0) {}

    virtual ~FlashIAPBlockDevice() {}

    virtual int init() {
        if (_inits == 0 && !find()) {
            return mbed::BD_ERROR_DEVICE_ERROR;
        }
        _inits++;
        return mbed::BD_ERROR_OK;
    }

    virtual int deinit() {
        if (_inits > 0) {
            _inits--;
        }
        return mbed::BD_ERROR_OK;
    }

    virtual int sync() {
        return _inits > 0 && _flash->sync != NULL ? _flash->sync(_flash->context) : 0;
    }

    virtual int read(void *buffer, mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        return _inits > 0 && is_valid_read(addr, bytes)
                   ? _flash->read(_flash->context, at(addr), buffer, static_cast<uint32_t>(bytes))
                   : static_cast<int>(mbed::BD_ERROR_DEVICE_ERROR);
    }

    virtual int program(const void *buffer, mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        if (_inits == 0 || !is_valid_program(addr, bytes)) {
            return mbed::BD_ERROR_DEVICE_ERROR;
        }
        const unsigned char *from = static_cast<const unsigned char *>(buffer);
        while (bytes > 0) {
            // From RAM, aligned, and at most 1024 bytes: that is the contract of kv_flash_t.
            alignas(32) unsigned char page[1024];
            const uint32_t part = static_cast<uint32_t>(bytes < sizeof page ? bytes : sizeof page);
            memcpy(page, from, part);
            const int status = _flash->program(_flash->context, at(addr), page, part);
            if (status != 0) {
                return status;
            }
            from += part;
            addr += part;
            bytes -= part;
        }
        return mbed::BD_ERROR_OK;
    }

    virtual int erase(mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        if (_inits == 0 || !is_valid_erase(addr, bytes)) {
            return mbed::BD_ERROR_DEVICE_ERROR;
        }
        while (bytes > 0 && _flash->erase != NULL) {
            const uint32_t sector = static_cast<uint32_t>(get_erase_size(addr));
            const int status = _flash->erase(_flash->context, at(addr), sector);
            if (status != 0) {
                return status;
            }
            addr += sector;
            bytes -= sector < bytes ? sector : bytes;
        }
        return mbed::BD_ERROR_OK;
    }

    virtual mbed::bd_size_t get_read_size() const {
        return _flash != NULL && _flash->read_size != 0 ? _flash->read_size : 1;
    }
    virtual mbed::bd_size_t get_program_size() const {
        return _flash != NULL && _flash->program_size != 0 ? _flash->program_size : 1;
    }
    virtual mbed::bd_size_t get_erase_size() const { return get_erase_size(0); }
    virtual mbed::bd_size_t get_erase_size(mbed::bd_addr_t addr) const {
        if (_flash == NULL) {
            return 0;
        }
        return _flash->sector_size_at != NULL ? _flash->sector_size_at(_flash->context, at(addr))
                                              : sector_size(_flash);
    }
    virtual int get_erase_value() const {
        if (_flash == NULL || _flash->erase == NULL || _flash->erased == KV_ERASED_UNKNOWN) {
            return -1;
        }
        return _flash->erased == KV_ERASED_00 ? 0 : 0xFF;
    }
    virtual mbed::bd_size_t size() const { return _size; }
    virtual const char *get_type() const { return "FLASHIAP"; }

private:
    FlashIAPBlockDevice(const FlashIAPBlockDevice &);
    FlashIAPBlockDevice &operator=(const FlashIAPBlockDevice &);

    // Memories without erase may leave it to the library: it can be as small as one program unit.
    static uint32_t sector_size(const kv_flash_t *flash) {
        const uint32_t unit = flash->program_size != 0 ? flash->program_size : 1;
        return flash->sector_size != 0 ? flash->sector_size : unit;
    }

    uint32_t at(mbed::bd_addr_t addr) const { return _base + static_cast<uint32_t>(addr); }

    // Whether a sector of the flash begins here.
    bool is_border(uint32_t address) const {
        uint32_t border = 0;
        while (border < address) {
            border += _flash->sector_size_at != NULL
                          ? _flash->sector_size_at(_flash->context, border)
                          : sector_size(_flash);
        }
        return border == address;
    }

    // Where in which flash it is.
    bool find() {
        uint32_t start = 0, first = 0;
        _flash = _own;
#ifdef NVKV_OWN_FLASH_IAP
        if (_own == NULL) {
            const nvkv_internal_flash_t *internal = nvkv_detail::internal_flash();
            if (internal == NULL) {
                return false;
            }
            _flash = internal->flash;
            start = internal->start;
            first = FLASHIAP_APP_ROM_END_ADDR - start;
        }
#endif
        if (_flash == NULL) {
            return false;
        }
        if (_asked_address == 0xFFFFFFFFu) {
            _base = 0;
            while (_base < first && _base < _flash->size) {
                _base += static_cast<uint32_t>(get_erase_size(0)); // of the sector at _base
            }
        } else {
            _base = _asked_address - start;
        }
        if (_asked_address < start || _base >= _flash->size) {
            return false;
        }
        if (!is_border(_base)) {
            return false;
        }
        const uint32_t rest = _flash->size - _base;
        _size = _asked_size != 0 ? _asked_size : rest;
        return _size <= rest && is_valid_erase(0, _size);
    }

    const kv_flash_t *_own;
    const kv_flash_t *_flash;
    uint32_t _asked_address, _asked_size;
    uint32_t _base, _size;
    unsigned _inits;
};

#endif
