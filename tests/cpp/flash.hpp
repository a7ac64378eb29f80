// The flash of a chip for programs without Mbed: tests/c/chip.c, at an address, behind a program.
#ifndef FLASH_HPP
#define FLASH_HPP

#include <stdint.h>

#include "FlashIAP.h"
#include "chip.h"

const uint32_t FLASH_START = 0x08000000;
const uint32_t FLASH_SECTOR = 16384;
const uint32_t FLASH_SECTORS = 16;
const uint32_t FLASH_UNIT = 32;
const uint32_t IMAGE_END = FLASH_START + 3 * FLASH_SECTOR + 100;

// The chip, erased when it is first asked for.
chip_t *the_chip();

#endif
