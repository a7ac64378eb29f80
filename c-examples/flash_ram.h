/* A flash memory in RAM, for programs that try things out and for tests on a PC. It behaves as NOR
 * flash does: an erase sets all bits of a sector, a program can only clear bits. */
#ifndef FLASH_RAM_H
#define FLASH_RAM_H

#include "nvkv.h"

/* The chip: `size` bytes at `bytes`, in sectors of `sector_size`, which divides `size`. */
typedef struct {
    unsigned char *bytes;
    uint32_t size;
    uint32_t sector_size;
} flash_ram_t;

/* Sets all bits, as flash comes from the factory. */
void flash_ram_clear(flash_ram_t *chip);

/* Describes the chip for kv_store_config_t. */
kv_flash_t flash_ram_describe(flash_ram_t *chip);

#endif
