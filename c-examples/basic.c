/* The first steps: store a value, read it, look at it, remove it; all of it survives a restart.
 *
 *     cc -Iinclude c-examples/basic.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096
#define SECTORS 8
#define KEYS 50 /* for so many keys every lookup is fast; more work too */

static unsigned char chip_bytes[SECTORS * SECTOR_SIZE];
static flash_ram_t chip = {chip_bytes, sizeof chip_bytes, SECTOR_SIZE};

/* The store lives in memory that the program lends it: no heap is used. */
static unsigned char store_ram[KV_STORE_RAM(KEYS, SECTORS)];

/* Settings as a firmware might have them. No gap between them is left to chance: all bytes of a
 * value are stored. */
typedef struct {
    uint32_t baud_rate;
    uint32_t brightness;
} settings_t;

static int open_store(kv_store_t **store) {
    const kv_flash_t flash = flash_ram_describe(&chip);
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED, /* a new chip holds no store yet */
    };

    return kv_store_open(&config, store_ram, sizeof store_ram, store);
}

/* Settings that were never stored have their defaults. Any other error is one. */
static int load_settings(kv_store_t *store, settings_t *settings) {
    size_t size;
    int status = kv_store_get(store, "settings", settings, sizeof *settings, &size);

    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        settings->baud_rate = 9600;
        settings->brightness = 50;
        status = MBED_SUCCESS;
    } else if (status == MBED_SUCCESS && size != sizeof *settings) {
        status = MBED_ERROR_INVALID_SIZE; /* written by a firmware with other settings */
    }
    return status;
}

static int first_start(kv_store_t *store) {
    settings_t settings;
    kv_info_t info;
    int status = load_settings(store, &settings);

    if (status != MBED_SUCCESS) {
        return status;
    }
    printf("defaults: %u baud, brightness %u\n", (unsigned)settings.baud_rate,
           (unsigned)settings.brightness);

    settings.baud_rate = 115200;
    status = kv_store_set(store, "settings", &settings, sizeof settings, 0);
    if (status != MBED_SUCCESS) {
        return status;
    }

    /* Write-once: nothing but kv_store_reset changes or removes it. */
    status = kv_store_set(store, "serial number", "A-0042", 6, KV_WRITE_ONCE_FLAG);
    if (status != MBED_SUCCESS) {
        return status;
    }
    status = kv_store_set(store, "serial number", "B-9999", 6, 0);
    printf("changing the serial number: %s\n", kv_error_name(status));

    status = kv_store_get_info(store, "serial number", &info);
    if (status == MBED_SUCCESS) {
        printf("serial number: %u bytes, flags %u\n", (unsigned)info.size, (unsigned)info.flags);
    }
    return status;
}

static int second_start(kv_store_t *store) {
    settings_t settings;
    int status = load_settings(store, &settings);

    if (status != MBED_SUCCESS) {
        return status;
    }
    printf("after a restart: %u baud, brightness %u\n", (unsigned)settings.baud_rate,
           (unsigned)settings.brightness);

    status = kv_store_remove(store, "settings");
    if (status != MBED_SUCCESS) {
        return status;
    }
    printf("removed; looking for it: %s\n", kv_error_name(kv_store_exists(store, "settings")));
    return MBED_SUCCESS;
}

int main(void) {
    int (*const starts[])(kv_store_t *) = {first_start, second_start};
    size_t i;

    flash_ram_clear(&chip);
    for (i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        kv_store_t *store;
        int status = open_store(&store);

        if (status == MBED_SUCCESS) {
            status = starts[i](store);
            kv_store_close(store);
        }
        if (status != MBED_SUCCESS) {
            fprintf(stderr, "failed: %s\n", kv_error_name(status));
            return 1;
        }
    }
    return 0;
}
