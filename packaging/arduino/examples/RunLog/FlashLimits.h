// Where the flash of the chip is free: behind the sketch.
#ifndef FLASH_LIMITS_H
#define FLASH_LIMITS_H

#include <Arduino.h>
#include <FlashIAP.h>
#include <FlashIAPBlockDevice.h>

struct FlashLimits {
    uint32_t start;
    uint32_t size;
};

// From the first whole sector behind the sketch to the end of the flash. A sketch that grows into
// the next sector moves the start: what was stored is not found there any more. For a product give
// the store a fixed place instead, such as the last sectors.
inline FlashLimits freeFlash() {
    mbed::FlashIAP flash;
    FlashLimits free = {0, 0};
    if (flash.init() != 0) {
        return free;
    }
    const uint32_t end = flash.get_flash_start() + flash.get_flash_size();
    free.start = flash.get_flash_start();
    while (free.start < FLASHIAP_APP_ROM_END_ADDR && free.start < end) {
        free.start += flash.get_sector_size(free.start);
    }
    free.size = end - free.start;
    flash.deinit();
    return free;
}

#endif
