/* The flash of Nordic's nRF51 and nRF52 (nRF52832, 52833, 52840) as a kv_flash_t: pages of the
 * program memory, written and erased through the NVMC, the controller of that memory.
 *
 *     static const nvkv_nvmc_t settings = {.start = 0x38000, .size = 0x8000};
 *     kv_flash_t flash;
 *
 *     if (nvkv_nvmc_describe(&settings, &flash) == 0) {
 *         ... kv_store_open with it
 *     }
 *
 * The linker must keep the program out of these pages. While the controller writes or erases, a
 * processor that runs from the same flash stands still, interrupts included; erasing a page is the
 * longest of these: some tens of milliseconds, tERASEPAGE in the product specification of the chip.
 * Where Nordic's SoftDevice is enabled, the NVMC is the SoftDevice's, and its functions must be
 * used in place of this driver. Not for nRF53 and nRF91, whose controller has no register for the
 * page. */
#ifndef NVKV_FLASH_NVMC_NRF51_H
#define NVKV_FLASH_NVMC_NRF51_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where the registers of the controller are in all of these chips. */
#define NVKV_NVMC_REGISTERS 0x4001E000u

/* What the functions return where it is not 0. */
enum {
    /* The partition does not consist of whole pages, or a call leaves it. Nothing was done. */
    NVKV_NVMC_RANGE = -1,
    /* The controller did not become ready in `poll_limit` looks. What it was doing may be done in
     * part; the store treats these bytes as lost, and writes elsewhere. */
    NVKV_NVMC_TIMEOUT = -2
};

/* The partition. It is read during the calls of the flash functions, so it must live until
 * kv_store_close. What is 0 has its default. */
typedef struct {
    /* Address of the first page in the memory map. */
    uintptr_t start;
    /* Bytes, a multiple of the page. */
    uint32_t size;
    /* Bytes of a page: 1024 on an nRF51 (the default), 4096 on an nRF52. */
    uint32_t page_size;
    /* The controller; NVKV_NVMC_REGISTERS by default. */
    uintptr_t registers;
    /* How often READY is looked at before an operation counts as failed; 1,000,000 by default. A
     * program in the same flash stands still meanwhile and finds it ready at the first look; one
     * in RAM looks some ten cycles apart, so that the default is longer than any erase. */
    uint32_t poll_limit;
} nvkv_nvmc_t;

/* Fills in `flash`: the functions below, program units of one word (4 bytes), sectors of a page.
 *
 * Returns
 * - 0: done; `flash` can be given to kv_store_open.
 * - NVKV_NVMC_RANGE: a size is 0 or not whole pages, the start is not that of a page, or the page
 *   is no power of two of at least 4 bytes. `flash` is unchanged. */
int nvkv_nvmc_describe(const nvkv_nvmc_t *nvmc, kv_flash_t *flash);

/* Copies `size` bytes at `address` of the partition. The flash is in the memory map: this waits for
 * nothing.
 *
 * Returns
 * - 0: done.
 * - NVKV_NVMC_RANGE: beyond the end of the partition. */
int nvkv_nvmc_read(void *nvmc, uint32_t address, void *buffer, uint32_t size);

/* Writes words; each one 0 bits only, as the controller does. `address` and `size` are multiples of
 * 4, and `data` is aligned to that. Writing is off again when it returns.
 *
 * If power fails, the words before the one being written are written, and that one may hold
 * anything.
 *
 * Returns
 * - 0: each word was written; the controller reports no other errors. The store reads back.
 * - NVKV_NVMC_RANGE: beyond the end of the partition, or not whole words.
 * - NVKV_NVMC_TIMEOUT: see above. */
int nvkv_nvmc_program(void *nvmc, uint32_t address, const void *data, uint32_t size);

/* Erases the page at `address`: all its bytes read as 0xFF then. `size` is the size of a page.
 * Erasing is off again when it returns.
 *
 * If power fails, the page may hold anything, and must be erased again.
 *
 * Returns
 * - 0: the controller was ready again.
 * - NVKV_NVMC_RANGE: not one whole page of the partition.
 * - NVKV_NVMC_TIMEOUT: see above. */
int nvkv_nvmc_erase(void *nvmc, uint32_t address, uint32_t size);

#ifdef __cplusplus
}
#endif

#endif
