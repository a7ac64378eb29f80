// mbed::FlashIAP for programs without Mbed: the flash of the chip, as the program describes it.
#ifndef NVKV_OWN_FLASH_IAP
#define NVKV_OWN_FLASH_IAP
#define MBED_FLASHIAP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "names.h"

// The flash of the chip.
typedef struct {
    // Addresses in it count from 0. It must live as long as the program.
    const kv_flash_t *flash;
    // The address at which the chip has it.
    uint32_t start;
    // The first address after the program, which is in the same flash; `start` where it is not.
    uint32_t image_end;
} nvkv_internal_flash_t;

extern "C" {
// The program defines this function where it uses FlashIAP, FlashIAPBlockDevice without a flash of
// its own, the global API's default configuration, or NVStore. NULL: there is no such flash.
#if defined(__ELF__)
__attribute__((weak))
#endif
const nvkv_internal_flash_t *nvkv_internal_flash(void);
}

namespace nvkv_detail {
NVKV_NAMES_BEGIN

inline const nvkv_internal_flash_t *internal_flash() {
#if defined(__ELF__)
    if (nvkv_internal_flash == NULL) {
        return NULL;
    }
#endif
    const nvkv_internal_flash_t *found = nvkv_internal_flash();
    return found != NULL && found->flash != NULL ? found : NULL;
}

inline uint32_t image_end() {
    const nvkv_internal_flash_t *found = internal_flash();
    return found != NULL ? found->image_end : 0;
}

NVKV_NAMES_END
} // namespace nvkv_detail

#ifndef FLASHIAP_APP_ROM_END_ADDR
#define FLASHIAP_APP_ROM_END_ADDR (nvkv_detail::image_end())
#endif
#define MBED_FLASH_INVALID_SIZE 0xFFFFFFFFu

namespace mbed {

// Reads, programs and erases the flash of the chip by its addresses. Each function returns 0, or
// -1 where it fails or a range is not in the flash.
class FlashIAP {
public:
    FlashIAP() : _at(NULL) {}

    int init() {
        _at = nvkv_detail::internal_flash();
        return _at != NULL ? 0 : -1;
    }
    int deinit() {
        _at = NULL;
        return 0;
    }

    int read(void *buffer, uint32_t addr, uint32_t size) {
        return holds(addr, size) ? flash().read(flash().context, addr - _at->start, buffer, size)
                                 : -1;
    }
    // Whole pages, in sectors that were erased.
    int program(const void *buffer, uint32_t addr, uint32_t size) {
        if (!holds(addr, size) || addr % get_page_size() != 0 || size % get_page_size() != 0) {
            return -1;
        }
        const unsigned char *from = static_cast<const unsigned char *>(buffer);
        int status = 0;
        while (size > 0 && status == 0) {
            // From RAM, aligned, and at most 1024 bytes: that is the contract of kv_flash_t.
            alignas(32) unsigned char page[1024];
            const uint32_t part = size < sizeof page ? size : static_cast<uint32_t>(sizeof page);
            memcpy(page, from, part);
            status = flash().program(flash().context, addr - _at->start, page, part);
            from += part;
            addr += part;
            size -= part;
        }
        return status;
    }
    // Whole sectors.
    int erase(uint32_t addr, uint32_t size) {
        if (!holds(addr, size) || flash().erase == NULL) {
            return holds(addr, size) ? 0 : -1;
        }
        while (size > 0) {
            const uint32_t sector = get_sector_size(addr);
            if (sector > size || (addr - _at->start) % sector != 0) {
                return -1;
            }
            const int status = flash().erase(flash().context, addr - _at->start, sector);
            if (status != 0) {
                return status;
            }
            addr += sector;
            size -= sector;
        }
        return 0;
    }

    // Of the sector that holds this address; MBED_FLASH_INVALID_SIZE beyond the flash.
    uint32_t get_sector_size(uint32_t addr) const {
        if (!holds(addr, 1)) {
            return MBED_FLASH_INVALID_SIZE;
        }
        return flash().sector_size_at != NULL
                   ? flash().sector_size_at(flash().context, addr - _at->start)
                   : flash().sector_size;
    }
    uint32_t get_flash_start() const { return _at != NULL ? _at->start : 0; }
    uint32_t get_flash_size() const { return _at != NULL ? flash().size : 0; }
    uint32_t get_page_size() const {
        return _at != NULL && flash().program_size != 0 ? flash().program_size : 1;
    }
    // What an erased byte reads as; where that is unknown, 0xFF.
    uint8_t get_erase_value() const {
        return _at != NULL && flash().erased == KV_ERASED_00 ? 0 : 0xFF;
    }

private:
    const kv_flash_t &flash() const { return *_at->flash; }
    bool holds(uint32_t addr, uint32_t size) const {
        return _at != NULL && addr >= _at->start && size <= flash().size &&
               addr - _at->start <= flash().size - size;
    }

    const nvkv_internal_flash_t *_at;
};

} // namespace mbed

#endif
