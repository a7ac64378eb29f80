/* Tries a flash driver on its chip: erases, programs and reads as the library does, and says what
 * it finds wrong first. For the day on which you write one:
 *
 *     const char *wrong = nvkv_flash_check(&my_flash);
 *     puts(wrong != NULL ? wrong : "the driver does what it must");
 *
 * What it finds: addresses that are off, sectors that are not where they are said to be, erased
 * bytes of another value, programs that lose or repeat bytes at the border of a page, reads that
 * show what was there before (a cache), functions that touch what they were not asked for. What it
 * cannot find: what happens when power fails.
 *
 * Everything that is stored in the partition is lost. It takes the first two sectors and the last
 * one, each of which is erased twice. */
#ifndef NVKV_FLASH_CHECK_H
#define NVKV_FLASH_CHECK_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Returns NULL where nothing is wrong, else what is, in a few words that live for ever.
 *
 * Takes as long as six erases, programming three sectors twice and reading them some twenty times;
 * 2 KiB of RAM. No store may be open on the flash. Not for two flashes at once. */
const char *nvkv_flash_check(const kv_flash_t *flash);

#ifdef __cplusplus
}
#endif

#endif
