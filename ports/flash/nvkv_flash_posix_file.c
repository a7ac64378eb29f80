#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include "nvkv_flash_posix_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* The file is read and written in pieces of this size at most. */
#define PIECE 4096

static uint32_t min(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* pread may return early, after a signal for example: goes on until all is read. */
static int read_all(int file, uint32_t address, unsigned char *buffer, uint32_t size) {
    while (size > 0) {
        const ssize_t count = pread(file, buffer, size, (off_t)address);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return -1;
        }
        address += (uint32_t)count;
        buffer += count;
        size -= (uint32_t)count;
    }
    return 0;
}

static int write_all(int file, uint32_t address, const unsigned char *data, uint32_t size) {
    while (size > 0) {
        const ssize_t count = pwrite(file, data, size, (off_t)address);

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return -1;
        }
        address += (uint32_t)count;
        data += count;
        size -= (uint32_t)count;
    }
    return 0;
}

static int set_all_bits(int file, uint32_t address, uint32_t size) {
    unsigned char erased[PIECE];

    memset(erased, 0xFF, sizeof erased);
    while (size > 0) {
        const uint32_t piece = min(size, PIECE);

        if (write_all(file, address, erased, piece) != 0) {
            return -1;
        }
        address += piece;
        size -= piece;
    }
    return 0;
}

static int clear_bits(int file, uint32_t address, const unsigned char *data, uint32_t size) {
    unsigned char bytes[PIECE];

    while (size > 0) {
        const uint32_t piece = min(size, PIECE);
        uint32_t i;

        if (read_all(file, address, bytes, piece) != 0) {
            return -1;
        }
        for (i = 0; i < piece; i++) {
            bytes[i] &= data[i];
        }
        if (write_all(file, address, bytes, piece) != 0) {
            return -1;
        }
        address += piece;
        data += piece;
        size -= piece;
    }
    return 0;
}

/* Drivers do not trust their caller: the file must not grow. */
static int is_inside(const nvkv_flash_posix_file_t *chip, uint32_t address, uint32_t size) {
    return address <= chip->size && size <= chip->size - address;
}

static int file_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const nvkv_flash_posix_file_t *chip = context;

    return is_inside(chip, address, size) ? read_all(chip->file, address, buffer, size) : -1;
}

static int file_program(void *context, uint32_t address, const void *data, uint32_t size) {
    const nvkv_flash_posix_file_t *chip = context;

    return is_inside(chip, address, size) ? clear_bits(chip->file, address, data, size) : -1;
}

static int file_erase(void *context, uint32_t address, uint32_t size) {
    const nvkv_flash_posix_file_t *chip = context;

    return is_inside(chip, address, size) ? set_all_bits(chip->file, address, size) : -1;
}

static int file_sync(void *context) {
    const nvkv_flash_posix_file_t *chip = context;

    return fsync(chip->file);
}

/* Keeps other processes out, from the first byte to the last that the file will ever have. */
static int lock(int file) {
    struct flock whole;

    memset(&whole, 0, sizeof whole);
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return fcntl(file, F_SETLK, &whole);
}

/* Whether the file is of this size, or new and made so. */
static int has_size(int file, uint32_t size) {
    struct stat found;

    if (fstat(file, &found) != 0) {
        return 0;
    }
    if (found.st_size == 0) {
        return set_all_bits(file, 0, size) == 0;
    }
    if (found.st_size != (off_t)size) {
        errno = EINVAL;
        return 0;
    }
    return 1;
}

int nvkv_flash_posix_file_open(nvkv_flash_posix_file_t *chip, const char *path) {
    int why;

    chip->file = open(path, O_RDWR | O_CREAT, 0644);
    if (chip->file < 0) {
        return -1;
    }
    if (lock(chip->file) == 0 && has_size(chip->file, chip->size)) {
        return 0;
    }
    why = errno;
    (void)close(chip->file);
    chip->file = -1;
    errno = why;
    return -1;
}

int nvkv_flash_posix_file_close(nvkv_flash_posix_file_t *chip) {
    const int synced = fsync(chip->file);
    const int why = errno;
    const int closed = close(chip->file);

    chip->file = -1;
    if (synced != 0) {
        errno = why;
    }
    return synced == 0 ? closed : -1;
}

kv_flash_t nvkv_flash_posix_file(nvkv_flash_posix_file_t *chip) {
    const kv_flash_t flash = {
        .context = chip,
        .read = file_read,
        .program = file_program,
        .erase = file_erase,
        .sync = file_sync,
        .size = chip->size,
        .program_size = chip->program_size,
        .sector_size = chip->sector_size,
    };

    return flash;
}
