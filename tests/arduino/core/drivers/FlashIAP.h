// Stands for Mbed's header of this name: the flash of a Portenta H7, by its addresses.
#ifndef MBED_FLASHIAP_H
#define MBED_FLASHIAP_H

#include <stdint.h>

// The end of a sketch of 215 KiB, which begins behind a boot loader of 256 KiB.
#define FLASHIAP_APP_ROM_END_ADDR 0x08075C14u
#define MBED_FLASH_INVALID_SIZE 0xFFFFFFFFu

namespace mbed {

class FlashIAP {
public:
    int init();
    int deinit();
    int read(void *buffer, uint32_t addr, uint32_t size);
    // Whole units of 32 bytes, each once between two erases: the chip keeps a check with each.
    int program(const void *buffer, uint32_t addr, uint32_t size);
    int erase(uint32_t addr, uint32_t size);
    uint32_t get_sector_size(uint32_t addr) const;
    uint32_t get_flash_start() const;
    uint32_t get_flash_size() const;
    uint32_t get_page_size() const;
    uint8_t get_erase_value() const;
};

} // namespace mbed

#endif
