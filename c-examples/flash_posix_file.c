#define _POSIX_C_SOURCE 200809L

#include "flash_posix_file.h"

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

static int flash_file_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    flash_file_t *chip = context;

    chip->bytes_read += size;
    return read_all(chip->file, address, buffer, size);
}

static int flash_file_program(void *context, uint32_t address, const void *data, uint32_t size) {
    flash_file_t *chip = context;

    chip->programs++;
    if (chip->cut_in_program > 0 && --chip->cut_in_program == 0) {
        /* The power goes when half of the bytes are in the chip. Nothing after this runs. */
        (void)clear_bits(chip->file, address, data, size / 2);
        _exit(FLASH_FILE_CUT_EXIT_CODE);
    }
    return clear_bits(chip->file, address, data, size);
}

static int flash_file_erase(void *context, uint32_t address, uint32_t size) {
    flash_file_t *chip = context;

    chip->erases++;
    return set_all_bits(chip->file, address, size);
}

static int flash_file_sync(void *context) {
    flash_file_t *chip = context;

    return fsync(chip->file);
}

int flash_file_open(flash_file_t *chip, const char *path) {
    struct stat found;

    chip->cut_in_program = 0;
    chip->bytes_read = 0;
    chip->programs = 0;
    chip->erases = 0;
    chip->file = open(path, O_RDWR | O_CREAT, 0644);
    if (chip->file < 0) {
        return -1;
    }
    if (fstat(chip->file, &found) == 0) {
        if (found.st_size == (off_t)chip->size) {
            return 0;
        }
        if (found.st_size == 0 && set_all_bits(chip->file, 0, chip->size) == 0) {
            return 0;
        }
        if (found.st_size != 0) {
            errno = EINVAL; /* an image of another chip: not to be touched */
        }
    }
    (void)close(chip->file);
    return -1;
}

int flash_file_close(flash_file_t *chip) {
    const int synced = fsync(chip->file);

    return close(chip->file) == 0 ? synced : -1;
}

kv_flash_t flash_file_describe(flash_file_t *chip) {
    const kv_flash_t flash = {
        .context = chip,
        .read = flash_file_read,
        .program = flash_file_program,
        .erase = flash_file_erase,
        .sync = flash_file_sync,
        .size = chip->size,
        .program_size = chip->program_size,
        .sector_size = chip->sector_size,
    };

    return flash;
}
