// The flash of a chip for programs without Mbed: tests/c/chip.c, at an address, behind a program.
#ifndef FLASH_HPP
#define FLASH_HPP

#include <stdint.h>

#include "chip.h"

#ifndef FLASH_SHAPE
#define FLASH_SHAPE 16384, 32
#endif

const uint32_t FLASH_START = 0x08000000;
const uint32_t FLASH_SECTORS = 16;
const uint32_t FLASH_SIZES[] = {FLASH_SHAPE};
const uint32_t FLASH_SECTOR = FLASH_SIZES[0];
const uint32_t FLASH_UNIT = FLASH_SIZES[1];
const uint32_t IMAGE_END = FLASH_START + 3 * FLASH_SECTOR + 100;

// The chip, erased when it is first asked for.
chip_t *the_chip();

// Here: that of Mbed, where the tests bring one, is made of what stands above.
#include "FlashIAP.h"

#endif
