/* Stands for a header of the pico-sdk: what docs/porting.md uses of it. */
#ifndef HARDWARE_FLASH_H
#define HARDWARE_FLASH_H

#include <stddef.h>
#include <stdint.h>

#define FLASH_PAGE_SIZE (1u << 8)
#define FLASH_SECTOR_SIZE (1u << 12)
extern unsigned char stand_in_xip[];
#define XIP_BASE ((uintptr_t)stand_in_xip)

void flash_range_erase(uint32_t flash_offs, size_t count);
void flash_range_program(uint32_t flash_offs, const uint8_t *data, size_t count);

#endif
