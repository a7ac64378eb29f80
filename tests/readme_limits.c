/* The limits in the table of README.md, each tried just inside and just outside. Compiled by
 * tests/readme.rs with the numbers of that table as macros before it. */
#include "nvkv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char *chip;

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

static kv_flash_t flash;
static kv_store_config_t config;

static void defaults(void) {
    memset(&flash, 0, sizeof flash);
    flash.read = chip_read;
    flash.program = chip_program;
    flash.erase = chip_erase;
    flash.size = 8u << 20;
    flash.sector_size = 64u << 10;
    flash.program_size = 4;
    memset(&config, 0, sizeof config);
    config.flash = &flash;
    config.keys = 10;
    config.format = KV_FORMAT_IF_UNRECOGNISED;
}

static void must(int condition, const char *what) {
    if (!condition) {
        fprintf(stderr, "not so: %s\n", what);
        exit(1);
    }
}

static void keys_and_values(kv_store_t *store) {
    static unsigned char value[LIMIT_VALUE + 1];
    static char key[LIMIT_KEY + 2];

    memset(key, 'k', LIMIT_KEY);
    must(kv_store_set(store, key, "v", 1, 0) == MBED_SUCCESS, "the longest key");
    key[LIMIT_KEY] = 'k';
    must(kv_store_set(store, key, "v", 1, 0) != MBED_SUCCESS, "a longer key is refused");
    must(kv_store_set(store, "", "v", 1, 0) != MBED_SUCCESS, "an empty key is refused");
    must(kv_store_set(store, "v", value, LIMIT_VALUE, 0) == MBED_SUCCESS, "the longest value");
    must(kv_store_set(store, "v", value, LIMIT_VALUE + 1, 0) != MBED_SUCCESS,
         "a longer value is refused");
}

static void iterators_and_streams(kv_store_t *store) {
    kv_iterator_t iterators[LIMIT_ITERATORS + 1];
    kv_set_handle_t first, second;
    unsigned i;

    for (i = 0; i < LIMIT_ITERATORS; i++) {
        must(kv_store_iterator_open(store, &iterators[i], NULL) == MBED_SUCCESS, "an iterator");
    }
    must(kv_store_iterator_open(store, &iterators[i], NULL) == MBED_ERROR_OUT_OF_RESOURCES,
         "one more iterator is refused");
    for (i = 0; i < LIMIT_ITERATORS; i++) {
        must(kv_store_iterator_close(store, iterators[i]) == MBED_SUCCESS, "closing it");
    }
    must(kv_store_set_start(store, &first, "a", 4, 0) == MBED_SUCCESS, "a value in pieces");
    must(kv_store_set_start(store, &second, "b", 4, 0) == MBED_SUCCESS, "another one");
    must(kv_store_set_add_data(store, first, "data", 4) != MBED_SUCCESS, "only the last is open");
    must(kv_store_set_abort(store, second) == MBED_SUCCESS, "ending it");
}

int main(void) {
    kv_store_t *store;
    void *ram;

    defaults();
    chip = malloc(flash.size);
    must(chip != NULL, "memory");
    memset(chip, 0xFF, flash.size);
    ram = malloc(kv_store_required_ram(&config));
    must(kv_store_open(&config, ram, kv_store_required_ram(&config), &store) == MBED_SUCCESS,
         "opening");
    keys_and_values(store);
    iterators_and_streams(store);
    must(kv_store_close(store) == MBED_SUCCESS, "closing");

    /* What kv_store_required_ram refuses, kv_store_open refuses. */
    defaults();
    flash.program_size = LIMIT_PROGRAM;
    must(kv_store_required_ram(&config) != 0, "the largest program unit");
    flash.program_size = 2 * LIMIT_PROGRAM;
    must(kv_store_required_ram(&config) == 0, "a larger one is refused");
    defaults();
    flash.read_size = LIMIT_READ;
    must(kv_store_required_ram(&config) != 0, "the largest read unit");
    flash.read_size = 2 * LIMIT_READ;
    must(kv_store_required_ram(&config) == 0, "a larger one is refused");
    defaults();
    flash.size = 2 * flash.sector_size;
    must(kv_store_required_ram(&config) != 0, "two segments");
    flash.size = flash.sector_size;
    must(kv_store_required_ram(&config) == 0, "one segment is refused");
    flash.size = LIMIT_PARTITION_GIB << 30;
    must(kv_store_required_ram(&config) != 0, "the largest partition");
    flash.size += flash.sector_size;
    must(kv_store_required_ram(&config) == 0, "a larger one is refused");

    puts("all limits hold");
    return 0;
}
