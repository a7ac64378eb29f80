/* A flash memory in a file, for programs on a PC whose data must survive, and for tests. It
 * behaves as NOR flash does: an erase sets all bits of a sector, a program can only clear bits.
 *
 *     static nvkv_flash_posix_file_t chip = {
 *         .size = 64 * 1024, .program_size = 8, .sector_size = 4096,
 *     };
 *     if (nvkv_flash_posix_file_open(&chip, "settings.img") == 0) {
 *         const kv_flash_t flash = nvkv_flash_posix_file(&chip);
 *
 * Power: what was programmed and erased is in the file for certain when a call of the store
 * returned, as far as the system's fsync goes. A process that is killed loses nothing that it
 * wrote.
 *
 * Threads: the functions of one chip are never called at once by one store. Other processes are
 * kept out by a lock on the file (fcntl) as long as it is open; a process must not open a file
 * twice, for closing one of both gives the lock back. */
#ifndef NVKV_FLASH_POSIX_FILE_H
#define NVKV_FLASH_POSIX_FILE_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The chip. Set the sizes, then open it. It must live until kv_store_close. */
typedef struct {
    uint32_t size;         /* bytes of the chip; a multiple of the sector size */
    uint32_t program_size; /* bytes of the smallest unit that can be programmed */
    uint32_t sector_size;  /* bytes of the smallest unit that can be erased */
    int file;              /* the file's descriptor, while it is open */
} nvkv_flash_posix_file_t;

/* Opens the file, or makes a new one with all bits set.
 *
 * Returns 0, or -1 when it cannot be opened; `errno` then tells why: EINVAL when it is of another
 * size, and so of another chip; EACCES or EAGAIN when another process has it open; or what the
 * system says. A file that was there is not changed.
 *
 * Power: when it fails while a new file is made, that can be too short, and is refused (EINVAL)
 * until it is removed; it held nothing. */
int nvkv_flash_posix_file_open(nvkv_flash_posix_file_t *chip, const char *path);

/* Closes the file, after kv_store_close. Returns 0, or -1 when the last data could not be written;
 * `errno` then tells why. It is closed in any case. */
int nvkv_flash_posix_file_close(nvkv_flash_posix_file_t *chip);

/* Describes the chip for kv_store_config_t. */
kv_flash_t nvkv_flash_posix_file(nvkv_flash_posix_file_t *chip);

#ifdef __cplusplus
}
#endif

#endif
