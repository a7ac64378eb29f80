/* An EEPROM or FRAM on an I2C bus: 24LC256, M24C64, AT24C32, MB85RC256V and their kin. They are
 * overwritten in place, so nothing is ever erased.
 *
 *     static const nvkv_flash_eeprom_i2c_t chip = {
 *         .write = my_write, .read = my_read,
 *         .device = 0x50, .address_size = 2, .size = 32 * 1024, .page_size = 64,
 *     };
 *     const kv_flash_t flash = nvkv_flash_eeprom_i2c(&chip);
 *
 * What is read from the data sheet: the size of a page (a write never crosses one here: the chip
 * would go on at its beginning), how an address is sent, the time of a write.
 *
 * After each write the chip is asked until it answers again, and only then does the function
 * return: what it wrote is there. A chip that does not answer in `poll_limit` attempts is an error,
 * not a program that hangs. The first access after a restart may find the chip still busy with a
 * write of before: it is waited for.
 *
 * Power: a page being written when it fails may hold anything, in those bytes that were being
 * written; the chip keeps the others. Where the data sheet says that it does not (some check a
 * group of bytes together, by ECC), `unit` is the size of that group.
 *
 * Threads: the functions of one chip are never called at once by one store. Where others use the
 * bus, `write` and `read` take care of that. */
#ifndef NVKV_FLASH_EEPROM_I2C_H
#define NVKV_FLASH_EEPROM_I2C_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The chip, or a part of it. It must live until kv_store_close; nothing here writes to it. */
typedef struct {
    /* Passed to each function as it is. */
    void *bus;

    /* START, the device's address for writing, `head`, `data`, STOP. `device` has 7 bits. `size`
     * may be 0: then only the head goes out. 0 when the chip acknowledged all of it; any other
     * number when not, or when the bus failed. Must end in bounded time. Required. */
    int (*write)(void *bus, uint8_t device, const uint8_t *head, uint32_t head_size,
                 const uint8_t *data, uint32_t size);

    /* START, the device's address for writing, `head`, START again, the address for reading, `size`
     * bytes to `data`, STOP. As `write` otherwise. Required. */
    int (*read)(void *bus, uint8_t device, const uint8_t *head, uint32_t head_size, uint8_t *data,
                uint32_t size);

    /* Called between two attempts to reach a chip that is busy: lets others run, or waits a
     * little. NULL: not needed. */
    void (*pause)(void *bus);

    /* The address of the chip, 7 bits: mostly 0x50 and what its pins add. */
    uint8_t device;

    /* Bytes of an address within the chip, 1 or 2, high byte first. What an address has beyond them
     * goes into the device's address, from `block_bit` on. */
    uint8_t address_size;

    /* 0 for most (24C04 to 24C16, M24M01, AT24CM01); 2 for 24LC1025, 24AA1025. */
    uint8_t block_bit;

    /* The partition in the chip: its first byte, and its bytes. */
    uint32_t start;
    uint32_t size;

    /* Bytes of a page: a power of two. 0: the chip has none and is never busy, as FRAM. */
    uint32_t page_size;

    /* Bytes that the chip programs and checks as one: 1 (or 0), 4 where the data sheet speaks of
     * ECC over 4 bytes. A power of two, not more than a page. */
    uint32_t unit;

    /* Most bytes of data in one call of `write` or `read`, for buses with a small buffer. 0: no
     * limit. Not less than `unit`. */
    uint32_t transfer_size;

    /* Attempts to reach a busy chip. 0: 1000. An attempt takes some 3 bytes on the bus, at 400 kHz
     * 70 microseconds, and `pause`; together they must be more than the time of a write, which is
     * mostly 5 ms. */
    uint32_t poll_limit;
} nvkv_flash_eeprom_i2c_t;

/* Describes the chip for kv_store_config_t. Calls nothing. */
kv_flash_t nvkv_flash_eeprom_i2c(const nvkv_flash_eeprom_i2c_t *chip);

#ifdef __cplusplus
}
#endif

#endif
