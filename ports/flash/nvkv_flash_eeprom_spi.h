/* An EEPROM or FRAM on an SPI bus: 25LC256, M95256, AT25256, FM25V05, MB85RS64 and their kin. They
 * are overwritten in place, so nothing is ever erased.
 *
 *     static const nvkv_flash_eeprom_spi_t chip = {
 *         .transfer = my_transfer, .address_size = 2, .size = 32 * 1024, .page_size = 64,
 *     };
 *     const kv_flash_t flash = nvkv_flash_eeprom_spi(&chip);
 *
 * What is read from the data sheet: the size of a page (a write never crosses one here: the chip
 * would go on at its beginning), how many bytes an address has, the time of a write. The
 * instructions are those that all of them have: WREN 0x06, RDSR 0x05, READ 0x03, WRITE 0x02.
 *
 * Each write is enabled first, and the chip must say that it is: so one that is not there is an
 * error. Then it is asked until it is ready, and only then does the function return: what it wrote
 * is there. A chip that is not ready in `poll_limit` attempts is an error, not a program that
 * hangs. Before each access it is waited for in the same way: it may be busy with a write from
 * before a restart.
 *
 * Power: a page being written when it fails may hold anything, in those bytes that were being
 * written; the chip keeps the others. Where the data sheet says that it does not (some check a
 * group of bytes together, by ECC), `unit` is the size of that group.
 *
 * Threads: the functions of one chip are never called at once by one store. Where others use the
 * bus, `transfer` takes care of that. */
#ifndef NVKV_FLASH_EEPROM_SPI_H
#define NVKV_FLASH_EEPROM_SPI_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The chip, or a part of it. It must live until kv_store_close; nothing here writes to it. */
typedef struct {
    /* Passed to each function as it is. */
    void *bus;

    /* Selects the chip, sends `head`, then sends `size` bytes of `out`, or receives them to `in`
     * where `out` is NULL, and deselects it. SPI mode 0, high bit first. `size` may be 0. 0 when
     * that was done; any other number when the bus failed. Must end in bounded time. Required. */
    int (*transfer)(void *bus, const uint8_t *head, uint32_t head_size, const uint8_t *out,
                    uint8_t *in, uint32_t size);

    /* Called between two questions to a chip that is busy: lets others run, or waits a little.
     * NULL: not needed. */
    void (*pause)(void *bus);

    /* Bytes of an address, 1 to 3, high byte first. With 1, a ninth bit of it goes into the
     * instruction, as 25x040 wants it. */
    uint8_t address_size;

    /* The partition in the chip: its first byte, and its bytes. */
    uint32_t start;
    uint32_t size;

    /* Bytes of a page: a power of two. 0: the chip has none and is never busy, as FRAM. */
    uint32_t page_size;

    /* Bytes that the chip programs and checks as one: 1 (or 0), 4 where the data sheet speaks of
     * ECC over 4 bytes. A power of two, not more than a page. */
    uint32_t unit;

    /* Most bytes of data in one call of `transfer`, for buses with a small buffer. 0: no limit. Not
     * less than `unit`. */
    uint32_t transfer_size;

    /* Questions to a busy chip. 0: 10000. A question takes 2 bytes on the bus, at 10 MHz 2
     * microseconds, and `pause`; together they must be more than the time of a write, which is
     * mostly 5 ms. */
    uint32_t poll_limit;
} nvkv_flash_eeprom_spi_t;

/* Describes the chip for kv_store_config_t. Calls nothing. */
kv_flash_t nvkv_flash_eeprom_spi(const nvkv_flash_eeprom_spi_t *chip);

#ifdef __cplusplus
}
#endif

#endif
