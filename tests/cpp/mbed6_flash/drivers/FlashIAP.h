// Stands for Mbed's header of this name: the chip of flash.hpp, by its addresses.
#ifndef MBED_FLASHIAP_H
#define MBED_FLASHIAP_H

#include <stdint.h>

#include "chip.h"
#include "flash.hpp"

#define FLASHIAP_APP_ROM_END_ADDR IMAGE_END
#define MBED_FLASH_INVALID_SIZE 0xFFFFFFFFu

namespace mbed {

class FlashIAP {
public:
    int init() { return 0; }
    int deinit() { return 0; }
    int read(void *buffer, uint32_t addr, uint32_t size) {
        return flash().read(flash().context, addr - FLASH_START, buffer, size);
    }
    int program(const void *buffer, uint32_t addr, uint32_t size) {
        return flash().program(flash().context, addr - FLASH_START, buffer, size);
    }
    int erase(uint32_t addr, uint32_t size) {
        int status = 0;
        for (uint32_t at = 0; at < size && status == 0; at += FLASH_SECTOR) {
            status = flash().erase(flash().context, addr - FLASH_START + at, FLASH_SECTOR);
        }
        return status;
    }
    uint32_t get_sector_size(uint32_t addr) const {
        const bool is_there = addr >= FLASH_START && addr - FLASH_START < flash().size;
        return is_there ? FLASH_SECTOR : MBED_FLASH_INVALID_SIZE;
    }
    uint32_t get_flash_start() const { return FLASH_START; }
    uint32_t get_flash_size() const { return flash().size; }
    uint32_t get_page_size() const { return FLASH_UNIT; }
    uint8_t get_erase_value() const { return 0xFF; }

private:
    static const kv_flash_t &flash() { return the_chip()->flash; }
};

} // namespace mbed

#endif
