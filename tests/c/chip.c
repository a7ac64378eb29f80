#include "chip.h"

#include <stdint.h>

#include "check.h"

static unsigned char erased_byte(const chip_t *chip) {
    return chip->flash.erased == KV_ERASED_00 ? 0x00 : 0xFF;
}

static uint32_t sector_at(const chip_t *chip, uint32_t address, uint32_t *size) {
    uint32_t start = 0;

    for (;;) {
        *size = chip->flash.sector_size_at != NULL
                    ? chip->flash.sector_size_at(chip->flash.context, start)
                    : chip->flash.sector_size;
        if (address < start + *size) {
            return start;
        }
        start += *size;
    }
}

void (*chip_watch)(void);

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
    CHECK(unit == 0 || (address % unit == 0 && size % unit == 0));
}

static int chip_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    chip_t *chip = context;

    begin(chip);
    chip->reads++;
    check_range(chip, address, size, chip->flash.read_size);
    if (chip->read_result == 0) {
        memcpy(buffer, chip->bytes + address, size);
    }
    return chip->read_result;
}

static int chip_program(void *context, uint32_t address, const void *data, uint32_t size) {
    chip_t *chip = context;
    uint32_t unit = chip->flash.program_size;
    uint32_t i;

    begin(chip);
    chip->programs++;
    check_range(chip, address, size, unit);
    CHECK(size <= 1024);
    unit = unit < 4 ? 4 : unit > 32 ? 32 : unit;
    CHECK((uintptr_t)data % unit == 0);
    if (chip->program_result != 0) {
        return chip->program_result;
    }
    for (i = 0; i < size; i++) {
        if (chip->flash.erase != NULL) {
            CHECK(!chip->programmed[address + i]);
            chip->programmed[address + i] = 1;
        }
        chip->bytes[address + i] = ((const unsigned char *)data)[i];
    }
    return 0;
}

static int chip_erase(void *context, uint32_t address, uint32_t size) {
    chip_t *chip = context;
    uint32_t sector_size;

    begin(chip);
    chip->erases++;
    check_range(chip, address, size, 0);
    CHECK(sector_at(chip, address, &sector_size) == address);
    CHECK(sector_size == size);
    if (chip->erase_result != 0) {
        return chip->erase_result;
    }
    memset(chip->bytes + address, erased_byte(chip), size);
    memset(chip->programmed + address, 0, size);
    return 0;
}

static int chip_sync(void *context) {
    chip_t *chip = context;

    begin(chip);
    chip->syncs++;
    return chip->sync_result;
}

void chip_new(chip_t *chip, uint32_t sectors, uint32_t sector_size, uint32_t program_size) {
    memset(chip, 0, sizeof *chip);
    chip->flash.context = chip;
    chip->flash.read = chip_read;
    chip->flash.program = chip_program;
    chip->flash.erase = chip_erase;
    chip->flash.sync = chip_sync;
    chip->flash.size = sectors * sector_size;
    chip->flash.sector_size = sector_size;
    chip->flash.program_size = program_size;
    chip_reshape(chip);
}

void chip_without_erase(chip_t *chip) {
    chip->flash.erase = NULL;
    chip->flash.sector_size = 0;
}

void chip_reshape(chip_t *chip) {
    chip_free(chip);
    chip->bytes = malloc(chip->flash.size);
    chip->programmed = calloc(chip->flash.size, 1);
    CHECK(chip->bytes != NULL && chip->programmed != NULL);
    memset(chip->bytes, erased_byte(chip), chip->flash.size);
}

void chip_free(chip_t *chip) {
    free(chip->bytes);
    free(chip->programmed);
    chip->bytes = NULL;
    chip->programmed = NULL;
}

/* What chip_close has to free. */
static struct {
    kv_store_t *store;
    void *memory;
} opened[8];

kv_store_t *chip_open(chip_t *chip, uint32_t keys) {
    const kv_store_config_t config = {
        .flash = &chip->flash,
        .keys = keys,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };
    const size_t size = kv_store_required_ram(&config);
    unsigned char *memory = malloc(size + 1);
    kv_store_t *store = NULL;
    size_t i = 0;

    CHECK(size > 0 && memory != NULL);
    memset(memory, 0xA5, size + 1);
    OK(kv_store_open(&config, memory + 1, size, &store));
    CHECK(store != NULL);
    while (opened[i].store != NULL) {
        i++;
        CHECK(i < sizeof opened / sizeof opened[0]);
    }
    opened[i].store = store;
    opened[i].memory = memory;
    return store;
}

void chip_close(kv_store_t *store) {
    size_t i = 0;

    OK(kv_store_close(store));
    while (opened[i].store != store) {
        i++;
        CHECK(i < sizeof opened / sizeof opened[0]);
    }
    opened[i].store = NULL;
    free(opened[i].memory);
}
