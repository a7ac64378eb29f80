#include "flash_ram.h"

#include <string.h>

/* Drivers should not trust their caller: a range outside the chip is an error, not a crash. */
static int is_inside(const flash_ram_t *chip, uint32_t address, uint32_t size) {
    return address <= chip->size && size <= chip->size - address;
}

static int flash_ram_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const flash_ram_t *chip = context;

    if (!is_inside(chip, address, size)) {
        return -1;
    }
    memcpy(buffer, chip->bytes + address, size);
    return 0;
}

static int flash_ram_program(void *context, uint32_t address, const void *data, uint32_t size) {
    flash_ram_t *chip = context;
    const unsigned char *from = data;
    uint32_t i;

    if (!is_inside(chip, address, size)) {
        return -1;
    }
    for (i = 0; i < size; i++) {
        chip->bytes[address + i] &= from[i];
    }
    return 0;
}

static int flash_ram_erase(void *context, uint32_t address, uint32_t size) {
    flash_ram_t *chip = context;

    if (!is_inside(chip, address, size) || address % chip->sector_size != 0
        || size != chip->sector_size) {
        return -1;
    }
    memset(chip->bytes + address, 0xFF, size);
    return 0;
}

void flash_ram_clear(flash_ram_t *chip) {
    memset(chip->bytes, 0xFF, chip->size);
}

kv_flash_t flash_ram_describe(flash_ram_t *chip) {
    const kv_flash_t flash = {
        .context = chip,
        .read = flash_ram_read,
        .program = flash_ram_program,
        .erase = flash_ram_erase,
        .size = chip->size,
        .program_size = 4,
        .sector_size = chip->sector_size,
    };

    return flash;
}
