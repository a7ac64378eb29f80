/* Owns the commands of serial NOR flash, as JEDEC's JESD216 has them in common, and their order:
 * write enable, command, status until idle.
 *
 * Invariant: no command programs across a page or reaches beyond the partition. */
#include "nvkv_flash_spi_nor.h"

#include <string.h>

enum {
    WRITE_STATUS = 0x01,
    PAGE_PROGRAM = 0x02,
    READ = 0x03,
    READ_STATUS = 0x05,
    WRITE_ENABLE = 0x06,
    ERASE_4_KIB = 0x20,
    CLEAR_STATUS = 0x30,
    READ_ID = 0x9F
};

/* Bits of the status register. */
enum { BUSY = 0x01, ENABLED = 0x02 };

enum { DEFAULT_PAGE = 256, DEFAULT_SECTOR = 4096, DEFAULT_POLLS = 10000000 };

/* What three bytes of address reach. */
static const uint32_t REACH = 16 * 1024 * 1024;

static uint32_t page_of(const nvkv_spi_nor_t *nor) {
    return nor->page_size != 0 ? nor->page_size : DEFAULT_PAGE;
}

static uint32_t sector_of(const nvkv_spi_nor_t *nor) {
    return nor->sector_size != 0 ? nor->sector_size : DEFAULT_SECTOR;
}

static int is_inside(const nvkv_spi_nor_t *nor, uint32_t address, uint32_t size) {
    return address <= nor->size && size <= nor->size - address;
}

/* A command of one byte, with what follows it. */
static int command(const nvkv_spi_nor_t *nor, uint8_t code, const void *send, uint32_t send_size,
                   void *receive, uint32_t receive_size) {
    return nor->transfer(nor->context, &code, 1, send, send_size, receive, receive_size);
}

/* A command with the address of a byte of the partition. */
static int command_at(const nvkv_spi_nor_t *nor, uint8_t code, uint32_t address, const void *send,
                      uint32_t send_size, void *receive, uint32_t receive_size) {
    const uint32_t byte = nor->start + address;
    const uint8_t bytes[4] = {code, (uint8_t)(byte >> 16), (uint8_t)(byte >> 8), (uint8_t)byte};

    return nor->transfer(nor->context, bytes, sizeof bytes, send, send_size, receive,
                         receive_size);
}

static int status_of(const nvkv_spi_nor_t *nor, uint8_t *status) {
    return command(nor, READ_STATUS, NULL, 0, status, 1);
}

/* Waits for the end of what the chip is doing; an error that it notes may keep it busy until the
 * note is cleared. */
static int wait_until_idle(const nvkv_spi_nor_t *nor) {
    uint32_t polls = nor->poll_limit != 0 ? nor->poll_limit : DEFAULT_POLLS;
    uint8_t bits;
    int result;

    for (; polls > 0; polls--) {
        result = status_of(nor, &bits);
        if (result != 0) {
            return result;
        }
        if ((bits & nor->error_bits) != 0) {
            result = command(nor, CLEAR_STATUS, NULL, 0, NULL, 0);
            return result != 0 ? result : NVKV_SPI_NOR_FAILED;
        }
        if ((bits & BUSY) == 0) {
            return 0;
        }
        if (nor->pause != NULL) {
            nor->pause(nor->context);
        }
    }
    return NVKV_SPI_NOR_TIMEOUT;
}

/* The chip forgets it after each program and erase. A bus without a chip reads as all ones or all
 * zeros: the one is a chip that is always busy, the other one that is never enabled. */
static int enable(const nvkv_spi_nor_t *nor) {
    uint8_t bits;
    int result = wait_until_idle(nor);

    if (result == 0) {
        result = command(nor, WRITE_ENABLE, NULL, 0, NULL, 0);
    }
    if (result == 0) {
        result = status_of(nor, &bits);
    }
    if (result == 0 && (bits & ENABLED) == 0) {
        result = NVKV_SPI_NOR_NOT_ENABLED;
    }
    return result;
}

static int check_id(const nvkv_spi_nor_t *nor) {
    uint8_t id[3] = {0, 0, 0};
    int result;

    if (nor->jedec_id == 0) {
        return 0;
    }
    result = command(nor, READ_ID, NULL, 0, id, sizeof id);
    if (result == 0
        && ((uint32_t)id[0] << 16 | (uint32_t)id[1] << 8 | id[2]) != nor->jedec_id) {
        result = NVKV_SPI_NOR_WRONG_CHIP;
    }
    return result;
}

static int unprotect(const nvkv_spi_nor_t *nor) {
    uint8_t bits = 0;
    int result = status_of(nor, &bits);

    if (result != 0 || (bits & nor->protection_bits) == 0) {
        return result;
    }
    bits &= (uint8_t)~(nor->protection_bits | BUSY | ENABLED);
    result = enable(nor);
    if (result == 0) {
        result = command(nor, WRITE_STATUS, &bits, 1, NULL, 0);
    }
    if (result == 0) {
        result = wait_until_idle(nor);
    }
    if (result == 0) {
        result = status_of(nor, &bits);
    }
    if (result == 0 && (bits & nor->protection_bits) != 0) {
        result = NVKV_SPI_NOR_NOT_ENABLED;
    }
    return result;
}

int nvkv_spi_nor_open(nvkv_spi_nor_t *nor, kv_flash_t *flash) {
    const uint32_t sector = sector_of(nor);
    const uint32_t page = page_of(nor);
    int result;

    if (nor->transfer == NULL || (sector & (sector - 1)) != 0 || (page & (page - 1)) != 0
        || page > sector || (nor->sector_size != 0) != (nor->erase_command != 0)
        || nor->start % sector != 0 || nor->size == 0 || nor->size % sector != 0
        || nor->start > REACH || nor->size > REACH - nor->start) {
        return NVKV_SPI_NOR_RANGE;
    }
    result = wait_until_idle(nor);
    if (result == NVKV_SPI_NOR_FAILED) {
        /* The note of an operation before the reset; it is cleared now. */
        result = wait_until_idle(nor);
    }
    if (result == 0) {
        result = check_id(nor);
    }
    if (result == 0 && nor->protection_bits != 0) {
        result = unprotect(nor);
    }
    if (result != 0) {
        return result;
    }
    memset(flash, 0, sizeof *flash);
    flash->context = nor;
    flash->read = nvkv_spi_nor_read;
    flash->program = nvkv_spi_nor_program;
    flash->erase = nvkv_spi_nor_erase;
    flash->size = nor->size;
    flash->program_size = 1;
    flash->sector_size = sector;
    return 0;
}

int nvkv_spi_nor_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const nvkv_spi_nor_t *nor = context;

    if (!is_inside(nor, address, size)) {
        return NVKV_SPI_NOR_RANGE;
    }
    return command_at(nor, READ, address, NULL, 0, buffer, size);
}

int nvkv_spi_nor_program(void *context, uint32_t address, const void *data, uint32_t size) {
    const nvkv_spi_nor_t *nor = context;
    const uint32_t page = page_of(nor);
    const unsigned char *from = data;
    uint32_t part;
    int result;

    if (!is_inside(nor, address, size)) {
        return NVKV_SPI_NOR_RANGE;
    }
    while (size > 0) {
        /* The partition begins with a page, so its addresses have the pages of the chip. */
        part = page - address % page;
        if (part > size) {
            part = size;
        }
        result = enable(nor);
        if (result == 0) {
            result = command_at(nor, PAGE_PROGRAM, address, from, part, NULL, 0);
        }
        if (result == 0) {
            result = wait_until_idle(nor);
        }
        if (result != 0) {
            return result;
        }
        address += part;
        from += part;
        size -= part;
    }
    return 0;
}

int nvkv_spi_nor_erase(void *context, uint32_t address, uint32_t size) {
    const nvkv_spi_nor_t *nor = context;
    const uint8_t code = nor->erase_command != 0 ? nor->erase_command : ERASE_4_KIB;
    int result;

    if (!is_inside(nor, address, size) || size != sector_of(nor) || address % size != 0) {
        return NVKV_SPI_NOR_RANGE;
    }
    result = enable(nor);
    if (result == 0) {
        result = command_at(nor, code, address, NULL, 0, NULL, 0);
    }
    if (result == 0) {
        result = wait_until_idle(nor);
    }
    return result;
}
