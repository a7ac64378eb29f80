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

// From the first whole sector behind the sketch to the end, an even number of sectors.
inline FlashLimits freeFlash() {
    mbed::FlashIAP flash;
    FlashLimits free = {0, 0};
    if (flash.init() != 0) {
        return free;
    }
    const uint32_t image = FLASHIAP_APP_ROM_END_ADDR;
    const uint32_t sector = flash.get_sector_size(image);
    free.start = flash.get_flash_start();
    while (free.start < image) {
        free.start += sector;
    }
    free.size = flash.get_flash_start() + flash.get_flash_size() - free.start;
    free.size -= free.size % (2 * sector);
    flash.deinit();
    return free;
}

#endif
