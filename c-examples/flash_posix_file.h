/* A flash memory in a file, for programs on a PC whose data must survive. It behaves as NOR flash
 * does: an erase sets all bits of a sector, a program can only clear bits. It can also lose its
 * power in the middle of a program call, which ends the process. */
#ifndef FLASH_POSIX_FILE_H
#define FLASH_POSIX_FILE_H

#include "nvkv.h"

/* How the process ends when the power is cut. */
#define FLASH_FILE_CUT_EXIT_CODE 86

/* The chip. Set the sizes, then call flash_file_open. */
typedef struct {
    uint32_t size;         /* bytes of the chip; a multiple of the sector size */
    uint32_t program_size; /* bytes of the smallest unit that can be programmed */
    uint32_t sector_size;  /* bytes of the smallest unit that can be erased */

    /* In which program call from now on the power is cut: 1 is the next. 0: in none. */
    uint32_t cut_in_program;

    /* What happened so far. */
    uint32_t bytes_read;
    uint32_t programs;
    uint32_t erases;

    int file;
} flash_file_t;

/* Opens the file, or makes a new one with all bits set. Returns 0, or -1 when it cannot be opened
 * or is of another size; `errno` then tells why. */
int flash_file_open(flash_file_t *chip, const char *path);

/* Closes the file. Returns 0, or -1 when the last data could not be written. */
int flash_file_close(flash_file_t *chip);

/* Describes the chip for kv_store_config_t. */
kv_flash_t flash_file_describe(flash_file_t *chip);

#endif
