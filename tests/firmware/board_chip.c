/* The functions of tests/c/chip.h on the flash of the board: the programs of tests/c run over its
 * driver. Shapes that the flash does not have become the nearest that it has: larger sectors and
 * program units. What chip.c insists on, this does too. */
#include "chip.h"

#include <stdint.h>

#include "board.h"
#include "check.h"

void (*chip_watch)(void);

static kv_flash_t board;

/* Chips lie one after the other; one that is freed gives back what it had when it was the last. */
static uint32_t used;

/* Where a chip is on the flash; for which `bytes` has room. */
static uint32_t start_of(const chip_t *chip) {
    return (uint32_t)(uintptr_t)chip->bytes - 1;
}

static void begin(chip_t *chip) {
    if (chip_watch != NULL) {
        chip_watch();
    }
    if (chip->meanwhile != NULL) {
        chip->meanwhile(chip->meanwhile_context);
    }
}

static void check_range(const chip_t *chip, uint32_t address, uint32_t size, uint32_t unit) {
    CHECK(size > 0);
    CHECK(address <= chip->flash.size && size <= chip->flash.size - address);
    CHECK(address % unit == 0 && size % unit == 0);
}

static int chip_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    chip_t *chip = context;

    begin(chip);
    chip->reads++;
    check_range(chip, address, size, 1);
    if (chip->read_result != 0) {
        return chip->read_result;
    }
    return board.read(board.context, start_of(chip) + address, buffer, size);
}

static int chip_program(void *context, uint32_t address, const void *data, uint32_t size) {
    chip_t *chip = context;
    uint32_t unit = chip->flash.program_size;
    uint32_t at;

    begin(chip);
    chip->programs++;
    check_range(chip, address, size, unit);
    CHECK(size <= 1024);
    if (chip->program_result != 0) {
        return chip->program_result;
    }
    for (at = address; at < address + size; at += unit) {
        unsigned char *bits = &chip->programmed[at / unit / 8];
        const unsigned char bit = (unsigned char)(1u << at / unit % 8);

        CHECK((*bits & bit) == 0);
        *bits |= bit;
    }
    unit = unit < 4 ? 4 : unit > 32 ? 32 : unit;
    CHECK((uintptr_t)data % unit == 0);
    return board.program(board.context, start_of(chip) + address, data, size);
}

static void erase(chip_t *chip, uint32_t address, uint32_t size) {
    const uint32_t unit = chip->flash.program_size;
    uint32_t at;

    for (at = address; at < address + size; at += board.sector_size) {
        OK(board.erase(board.context, start_of(chip) + at, board.sector_size));
    }
    memset(chip->programmed + address / unit / 8, 0, size / unit / 8);
}

static int chip_erase(void *context, uint32_t address, uint32_t size) {
    chip_t *chip = context;

    begin(chip);
    chip->erases++;
    check_range(chip, address, size, chip->flash.sector_size);
    CHECK(size == chip->flash.sector_size);
    if (chip->erase_result == 0) {
        erase(chip, address, size);
    }
    return chip->erase_result;
}

static int chip_sync(void *context) {
    chip_t *chip = context;

    begin(chip);
    chip->syncs++;
    return chip->sync_result;
}

void chip_new(chip_t *chip, uint32_t sectors, uint32_t sector_size, uint32_t program_size) {
    memset(chip, 0, sizeof *chip);
    if (board.size == 0) {
        OK(board_flash(&board));
    }
    if (sector_size < board.sector_size) {
        sector_size = board.sector_size;
    }
    if (program_size < board.program_size) {
        program_size = board.program_size;
    }
    /* Fewer sectors than asked for, where the flash has no more; but four. */
    if (sectors > (board.size - used) / sector_size) {
        sectors = (board.size - used) / sector_size;
    }
    CHECK(sectors >= 4);
    chip->flash.context = chip;
    chip->flash.read = chip_read;
    chip->flash.program = chip_program;
    chip->flash.erase = chip_erase;
    chip->flash.sync = chip_sync;
    chip->flash.size = sectors * sector_size;
    chip->flash.sector_size = sector_size;
    chip->flash.program_size = program_size;
    chip->bytes = (unsigned char *)(uintptr_t)(used + 1);
    chip->programmed = calloc(chip->flash.size / program_size / 8, 1);
    CHECK(chip->programmed != NULL);
    used += chip->flash.size;
    erase(chip, 0, chip->flash.size);
}

void chip_free(chip_t *chip) {
    if (chip->bytes != NULL && start_of(chip) + chip->flash.size == used) {
        used = start_of(chip);
    }
    free(chip->programmed);
    chip->bytes = NULL;
    chip->programmed = NULL;
}
