/* A serial NOR flash on SPI as a kv_flash_t: the chips of 1 to 16 MiB that know the commands 03h
 * (read), 06h (write enable), 02h (page program), 20h or D8h (erase), 05h (read status) and 9Fh
 * (JEDEC id), which nearly all do.
 *
 * The program gives one function, which carries out a transaction on its bus:
 *
 *     static nvkv_spi_nor_t nor = {.transfer = my_transfer, .jedec_id = 0xEF4018,
 *                                  .start = 0x100000, .size = 0x10000};
 *     kv_flash_t flash;
 *
 *     if (nvkv_spi_nor_open(&nor, &flash) == 0) {
 *         ... kv_store_open with it
 *     }
 *
 * Calls wait for the chip: a page takes milliseconds, a sector up to some hundreds (tPP and tSE in
 * its datasheet). Between two looks at its status `pause` is called, where a thread can sleep. */
#ifndef NVKV_FLASH_SPI_NOR_H
#define NVKV_FLASH_SPI_NOR_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions return where it is not 0. What `transfer` returned is passed on as it is, so
 * these keep away from small numbers. */
enum {
    /* The partition is not made of whole sectors within 16 MiB, a parameter makes no sense, or a
     * call leaves the partition. Nothing was sent. */
    NVKV_SPI_NOR_RANGE = -4001,
    /* The chip is another one than `jedec_id` says, or there is none. */
    NVKV_SPI_NOR_WRONG_CHIP = -4002,
    /* The chip was still busy after `poll_limit` looks. */
    NVKV_SPI_NOR_TIMEOUT = -4003,
    /* The chip did not take the write enable command: it is protected, or not there. */
    NVKV_SPI_NOR_NOT_ENABLED = -4004,
    /* The chip says in its status that the program or erase failed: see `error_bits`. */
    NVKV_SPI_NOR_FAILED = -4005
};

/* A chip, and the partition on it. It must live until kv_store_close, and is not to be changed
 * meanwhile. What is 0 or NULL has its default. */
typedef struct {
    /* Carries out one transaction: selects the chip, sends the `command_size` bytes of `command`
     * (1 to 4), then sends the `send_size` bytes of `send` or receives `receive_size` bytes (one of
     * the two is 0, or both), and deselects. 0 when that was done, any other number when not.
     * Where other devices share the bus, this is where the bus is locked. Required. */
    int (*transfer)(void *context, const uint8_t *command, uint32_t command_size,
                    const void *send, uint32_t send_size, void *receive, uint32_t receive_size);
    /* Called between two looks at a busy chip; NULL: the next look follows at once. */
    void (*pause)(void *context);
    /* Passed to both. */
    void *context;
    /* What the chip answers to 9Fh: manufacturer, type, capacity; EF4018h is a W25Q128JV. 0: it is
     * not asked. */
    uint32_t jedec_id;
    /* The partition: its first byte on the chip, and its bytes. Whole sectors. */
    uint32_t start;
    uint32_t size;
    /* What is erased at a time: 4096 by default, with the command 20h. Chips without that have
     * 65536 with D8h. Both are to be given then. */
    uint32_t sector_size;
    uint8_t erase_command;
    /* Bits of the status register that protect sectors, such as 1Ch. Where one of them is set when
     * the chip is opened, they are all cleared, in the register that survives power loss. 0: they
     * are left alone. The SST25VF chips come up with their bits set and need 3Ch here. */
    uint8_t protection_bits;
    /* Bits of the status register that say that a program or erase failed, such as 60h (E_ERR and
     * P_ERR of the S25FL-S chips). They are cleared with 30h then. 0: the chip has none, and what
     * did not take is found by the store, which reads back. */
    uint8_t error_bits;
    /* What one command can program: 256 by default. 1 for chips that program byte by byte, such as
     * the SST25VF. A power of two. */
    uint32_t page_size;
    /* Looks at a busy chip before an operation counts as failed: 10,000,000 by default, which is
     * seconds on any bus. With a `pause` that sleeps, the longest erase divided by that. */
    uint32_t poll_limit;
} nvkv_spi_nor_t;

/* Waits until the chip is idle (a reset of the processor alone does not end an erase), compares its
 * id, clears its protection where that is wanted, and fills in `flash`: the functions below,
 * program units of one byte, sectors of `sector_size`.
 *
 * Returns
 * - 0: done; `flash` can be given to kv_store_open.
 * - NVKV_SPI_NOR_RANGE, NVKV_SPI_NOR_WRONG_CHIP, NVKV_SPI_NOR_TIMEOUT: see above.
 * - NVKV_SPI_NOR_NOT_ENABLED: the protection could not be cleared.
 * - another number: what `transfer` returned.
 * When it is not 0, `flash` is unchanged, and nothing was programmed. */
int nvkv_spi_nor_open(nvkv_spi_nor_t *nor, kv_flash_t *flash);

/* Reads `size` bytes at `address` of the partition.
 *
 * Returns
 * - 0: done.
 * - NVKV_SPI_NOR_RANGE: beyond the end of the partition.
 * - another number: what `transfer` returned. */
int nvkv_spi_nor_read(void *nor, uint32_t address, void *buffer, uint32_t size);

/* Programs `size` bytes, one command for each page that they touch: a command that ran over the end
 * of a page would go on at its beginning.
 *
 * If power fails, what the commands before wrote is written; the page of the one in progress may
 * hold anything where it was to be programmed, and nothing else is touched.
 *
 * Returns
 * - 0: the chip was idle after each command. The store reads back.
 * - NVKV_SPI_NOR_RANGE, NVKV_SPI_NOR_TIMEOUT, NVKV_SPI_NOR_NOT_ENABLED, NVKV_SPI_NOR_FAILED: see
 *   above. But for the first, a part may be programmed.
 * - another number: what `transfer` returned. */
int nvkv_spi_nor_program(void *nor, uint32_t address, const void *data, uint32_t size);

/* Erases the sector at `address`; `size` is that of a sector.
 *
 * If power fails, the sector may hold anything, and must be erased again.
 *
 * Returns
 * - 0: the chip was idle again.
 * - NVKV_SPI_NOR_RANGE: not one whole sector of the partition.
 * - NVKV_SPI_NOR_TIMEOUT, NVKV_SPI_NOR_NOT_ENABLED, NVKV_SPI_NOR_FAILED: see above.
 * - another number: what `transfer` returned. */
int nvkv_spi_nor_erase(void *nor, uint32_t address, uint32_t size);

#ifdef __cplusplus
}
#endif

#endif
