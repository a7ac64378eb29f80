#include "nvkv_flash_eeprom_i2c.h"

#include <stddef.h>

/* An address as it is sent. */
typedef struct {
    uint8_t device;
    uint8_t head[2];
} place_t;

static place_t place_of(const nvkv_flash_eeprom_i2c_t *chip, uint32_t address) {
    const uint32_t block = address >> (8 * chip->address_size);
    place_t place;

    place.device = (uint8_t)(chip->device | block << chip->block_bit);
    place.head[0] = (uint8_t)(chip->address_size > 1 ? address >> 8 : address);
    place.head[1] = (uint8_t)address;
    return place;
}

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* Bytes from `address` to where a transfer must end: at most `size`, within what the bus can do in
 * whole units, and not across a multiple of `border`. */
static uint32_t piece(const nvkv_flash_eeprom_i2c_t *chip, uint32_t address, uint32_t size,
                      uint32_t border) {
    const uint32_t unit = chip->unit != 0 ? chip->unit : 1;
    const uint32_t limit = chip->transfer_size - chip->transfer_size % unit;

    if (limit != 0) {
        size = least(size, limit);
    }
    return least(size, border - address % border);
}

/* Asks until the chip answers: it acknowledges no address while it is busy. What is sent is the
 * head of a write without data, which starts none. */
static int await(const nvkv_flash_eeprom_i2c_t *chip, place_t place) {
    uint32_t left = chip->poll_limit != 0 ? chip->poll_limit : 1000;

    while (chip->write(chip->bus, place.device, place.head, chip->address_size, NULL, 0) != 0) {
        left--;
        if (left == 0) {
            return -1;
        }
        if (chip->pause != NULL) {
            chip->pause(chip->bus);
        }
    }
    return 0;
}

static int read_piece(const nvkv_flash_eeprom_i2c_t *chip, place_t place, uint8_t *to,
                      uint32_t size) {
    int result = chip->read(chip->bus, place.device, place.head, chip->address_size, to, size);

    if (result != 0 && chip->page_size != 0 && await(chip, place) == 0) {
        /* It was busy: the processor started again in the middle of a write. */
        result = chip->read(chip->bus, place.device, place.head, chip->address_size, to, size);
    }
    return result;
}

static int write_piece(const nvkv_flash_eeprom_i2c_t *chip, place_t place, const uint8_t *from,
                       uint32_t size) {
    int result = chip->write(chip->bus, place.device, place.head, chip->address_size, from, size);

    if (chip->page_size == 0) {
        return result;
    }
    if (result != 0 && await(chip, place) == 0) {
        result = chip->write(chip->bus, place.device, place.head, chip->address_size, from, size);
    }
    return result == 0 ? await(chip, place) : result;
}

static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const nvkv_flash_eeprom_i2c_t *chip = context;
    const uint32_t block = (uint32_t)1 << (8 * chip->address_size);
    uint8_t *to = buffer;

    if (address > chip->size || size > chip->size - address) {
        return -1;
    }
    address += chip->start;
    while (size > 0) {
        const uint32_t some = piece(chip, address, size, block);

        if (read_piece(chip, place_of(chip, address), to, some) != 0) {
            return -1;
        }
        address += some;
        to += some;
        size -= some;
    }
    return 0;
}

static int program(void *context, uint32_t address, const void *data, uint32_t size) {
    const nvkv_flash_eeprom_i2c_t *chip = context;
    const uint32_t block = (uint32_t)1 << (8 * chip->address_size);
    const uint32_t page = chip->page_size != 0 ? chip->page_size : block;
    const uint8_t *from = data;

    if (address > chip->size || size > chip->size - address) {
        return -1;
    }
    address += chip->start;
    while (size > 0) {
        const uint32_t some = piece(chip, address, size, page);

        if (write_piece(chip, place_of(chip, address), from, some) != 0) {
            return -1;
        }
        address += some;
        from += some;
        size -= some;
    }
    return 0;
}

kv_flash_t nvkv_flash_eeprom_i2c(const nvkv_flash_eeprom_i2c_t *chip) {
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
