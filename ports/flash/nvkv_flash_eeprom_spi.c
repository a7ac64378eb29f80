#include "nvkv_flash_eeprom_spi.h"

#include <stddef.h>

enum { WRITE = 0x02, READ = 0x03, READ_STATUS = 0x05, WRITE_ENABLE = 0x06 };

/* Bits of the status. */
enum { BUSY = 0x01, WRITE_ENABLED = 0x02 };

/* An instruction with an address. */
enum { HEAD_SIZE = 4 };

static uint32_t head_of(const nvkv_flash_eeprom_spi_t *chip, uint8_t instruction, uint32_t address,
                        uint8_t head[HEAD_SIZE]) {
    uint32_t i;

    head[0] = instruction;
    if (chip->address_size == 1 && (address & 0x100) != 0) {
        head[0] |= 0x08;
    }
    for (i = 0; i < chip->address_size; i++) {
        head[1 + i] = (uint8_t)(address >> 8 * (chip->address_size - 1 - i));
    }
    return 1 + chip->address_size;
}

static int read_status(const nvkv_flash_eeprom_spi_t *chip, uint8_t *status) {
    const uint8_t instruction = READ_STATUS;

    return chip->transfer(chip->bus, &instruction, 1, NULL, status, 1);
}

/* Asks until the chip is ready. */
static int await(const nvkv_flash_eeprom_spi_t *chip) {
    uint32_t left = chip->poll_limit != 0 ? chip->poll_limit : 10000;
    uint8_t status;

    if (chip->page_size == 0) {
        return 0;
    }
    for (;;) {
        if (read_status(chip, &status) != 0) {
            return -1;
        }
        if ((status & BUSY) == 0) {
            return 0;
        }
        left--;
        if (left == 0) {
            return -1;
        }
        if (chip->pause != NULL) {
            chip->pause(chip->bus);
        }
    }
}

static int enable(const nvkv_flash_eeprom_spi_t *chip) {
    const uint8_t instruction = WRITE_ENABLE;
    uint8_t status;

    if (chip->transfer(chip->bus, &instruction, 1, NULL, NULL, 0) != 0
        || read_status(chip, &status) != 0) {
        return -1;
    }
    /* A bus without a chip reads as all ones or all zeros: busy, or not enabled. */
    return (status & (WRITE_ENABLED | BUSY)) == WRITE_ENABLED ? 0 : -1;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const nvkv_flash_eeprom_spi_t *chip = context;
    uint8_t head[HEAD_SIZE];
    uint8_t *to = buffer;

    if (address > chip->size || size > chip->size - address || await(chip) != 0) {
        return -1;
    }
    address += chip->start;
    while (size > 0) {
        const uint32_t some = chip->transfer_size != 0 ? least(size, chip->transfer_size) : size;
        const uint32_t head_size = head_of(chip, READ, address, head);

        if (chip->transfer(chip->bus, head, head_size, NULL, to, some) != 0) {
            return -1;
        }
        address += some;
        to += some;
        size -= some;
    }
    return 0;
}

/* Bytes from `address` to the end of the page, of the data, or of what the bus can do in whole
 * units. */
static uint32_t piece(const nvkv_flash_eeprom_spi_t *chip, uint32_t address, uint32_t size) {
    const uint32_t unit = chip->unit != 0 ? chip->unit : 1;
    const uint32_t limit = chip->transfer_size - chip->transfer_size % unit;

    if (limit != 0) {
        size = least(size, limit);
    }
    return chip->page_size != 0 ? least(size, chip->page_size - address % chip->page_size) : size;
}

static int program(void *context, uint32_t address, const void *data, uint32_t size) {
    const nvkv_flash_eeprom_spi_t *chip = context;
    uint8_t head[HEAD_SIZE];
    const uint8_t *from = data;

    if (address > chip->size || size > chip->size - address || await(chip) != 0) {
        return -1;
    }
    address += chip->start;
    while (size > 0) {
        const uint32_t some = piece(chip, address, size);
        const uint32_t head_size = head_of(chip, WRITE, address, head);

        if (enable(chip) != 0
            || chip->transfer(chip->bus, head, head_size, from, NULL, some) != 0
            || await(chip) != 0) {
            return -1;
        }
        address += some;
        from += some;
        size -= some;
    }
    return 0;
}

kv_flash_t nvkv_flash_eeprom_spi(const nvkv_flash_eeprom_spi_t *chip) {
    const kv_flash_t flash = {
        /* The functions do not write to it. */
        .context = (void *)(uintptr_t)chip,
        .read = read,
        .program = program,
        .size = chip->size,
        .program_size = chip->unit,
    };

    return flash;
}
