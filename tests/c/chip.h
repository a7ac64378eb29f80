/* A flash that insists on the contract of kv_flash_t: ranges, alignment of addresses and buffers,
 * no unit programmed twice. A breach ends the program. It can fail on demand. */
#ifndef CHIP_H
#define CHIP_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    /* The shape; set by chip_new, changed before chip_describe. */
    kv_flash_t flash;

    unsigned char *bytes;
    unsigned char *programmed; /* by byte: since the last erase */

    /* What the functions return where it is not 0. */
    int read_result;
    int program_result;
    int erase_result;
    int sync_result;

    /* Called at the start of each function that reaches the flash. May be NULL. */
    void (*meanwhile)(void *context);
    void *meanwhile_context;

    unsigned reads, programs, erases, syncs;
} chip_t;

/* Called at the start of each function of each chip, where it is not NULL. */
extern void (*chip_watch)(void);

/* A NOR flash of `sectors` sectors, erased. */
void chip_new(chip_t *chip, uint32_t sectors, uint32_t sector_size, uint32_t program_size);

/* Makes it a memory without erase. */
void chip_without_erase(chip_t *chip);

/* Gives it the shape that `flash` says now, with all bytes erased. */
void chip_reshape(chip_t *chip);

void chip_free(chip_t *chip);

/* A store on it, in memory of exactly the size wanted, at an odd address. */
kv_store_t *chip_open(chip_t *chip, uint32_t keys);

/* Closes what chip_open opened. */
void chip_close(kv_store_t *store);

#ifdef __cplusplus
}
#endif

#endif
