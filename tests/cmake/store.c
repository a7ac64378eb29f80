#include "store.h"

#include <string.h>

static unsigned char chip[8 * 1024];

static int chip_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    (void)context;
    memcpy(buffer, chip + address, size);
    return 0;
}

static int chip_program(void *context, uint32_t address, const void *data, uint32_t size) {
    (void)context;
    memcpy(chip + address, data, size);
    return 0;
}

static int chip_erase(void *context, uint32_t address, uint32_t size) {
    (void)context;
    memset(chip + address, 0xFF, size);
    return 0;
}

int store_and_read(uint32_t number, uint32_t *read_again) {
    static unsigned char ram[KV_STORE_RAM(10, 8)];
    const kv_flash_t flash = {.read = chip_read, .program = chip_program, .erase = chip_erase,
                              .size = sizeof chip, .sector_size = 1024, .program_size = 4};
    const kv_store_config_t config = {.flash = &flash, .keys = 10,
                                      .format = KV_FORMAT_IF_UNRECOGNISED};
    kv_store_t *store;
    int status = kv_store_open(&config, ram, sizeof ram, &store);

    if (status == MBED_SUCCESS) {
        status = kv_store_set(store, "number", &number, sizeof number, 0);
        kv_store_close(store);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_open(&config, ram, sizeof ram, &store);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_get(store, "number", read_again, sizeof *read_again, NULL);
        kv_store_close(store);
    }
    return status;
}
