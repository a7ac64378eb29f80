/* Several partitions by name: settings in one flash, what is measured in another. Each is a store
 * of its own, so that one can be emptied, or wear out, without the other.
 *
 *     cc -Iinclude c-examples/partitions.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096

/* Two sectors of the processor's own flash, and a chip beside it. */
static unsigned char internal_bytes[2 * SECTOR_SIZE];
static unsigned char external_bytes[16 * SECTOR_SIZE];
static flash_ram_t internal = {internal_bytes, sizeof internal_bytes, SECTOR_SIZE};
static flash_ram_t external = {external_bytes, sizeof external_bytes, SECTOR_SIZE};

static unsigned char internal_ram[KV_STORE_RAM(20, 2)];
static unsigned char external_ram[KV_STORE_RAM(200, 16)];

static int mount(flash_ram_t *chip, uint32_t keys, const char *name, void *ram, size_t ram_size,
                 kv_store_t **store) {
    const kv_flash_t flash = flash_ram_describe(chip);
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = keys,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };
    int status = kv_store_open(&config, ram, ram_size, store);

    if (status != MBED_SUCCESS) {
        return status;
    }
    status = kv_attach(name, *store);
    if (status != MBED_SUCCESS) {
        kv_store_close(*store);
    }
    return status;
}

/* A value in pieces: it is never in RAM as a whole. */
static int log_measurements(unsigned day) {
    char path[32];
    kv_set_handle_t handle;
    unsigned hour;
    int status;

    snprintf(path, sizeof path, "/log/day%u", day);
    status = kv_set_start(&handle, path, 24 * sizeof hour, 0);
    for (hour = 0; status == MBED_SUCCESS && hour < 24; hour++) {
        status = kv_set_add_data(handle, &hour, sizeof hour);
    }
    return status == MBED_SUCCESS ? kv_set_finalize(handle) : status;
}

static unsigned count(const char *prefix) {
    char path[KV_MAX_KEY_LENGTH + KV_PARTITION_NAME_LENGTH + 3];
    kv_iterator_t it;
    unsigned found = 0;

    if (kv_iterator_open(&it, prefix) == MBED_SUCCESS) {
        while (kv_iterator_next(it, path, sizeof path) == MBED_SUCCESS) {
            found++;
        }
        kv_iterator_close(it);
    }
    return found;
}

int main(void) {
    kv_store_t *settings, *log;
    unsigned day, hour = 0;
    int status;

    flash_ram_clear(&internal);
    flash_ram_clear(&external);
    status = mount(&internal, 20, "settings", internal_ram, sizeof internal_ram, &settings);
    if (status == MBED_SUCCESS) {
        status = mount(&external, 200, "log", external_ram, sizeof external_ram, &log);
    }
    if (status == MBED_SUCCESS) {
        status = kv_set("/settings/interval", "3600", 5, 0);
    }
    for (day = 1; status == MBED_SUCCESS && day <= 7; day++) {
        status = log_measurements(day);
    }
    if (status != MBED_SUCCESS) {
        fprintf(stderr, "failed: %s\n", kv_error_name(status));
        return 1;
    }
    printf("%u settings, %u days\n", count("/settings/"), count("/log/"));

    /* One value of many, without the others. */
    status = kv_get_at("/log/day3", &hour, sizeof hour, NULL, 12 * sizeof hour);
    printf("day 3, 12:00: %u (%s)\n", hour, kv_error_name(status));

    /* What was read out is deleted; the settings stay. */
    kv_reset("/log/");
    printf("%u settings, %u days\n", count("/settings/"), count("/log/"));
    printf("interval: %s\n", kv_error_name(kv_exists("interval")));

    /* A chip that is taken out: first its name, then its store. */
    kv_detach("log");
    kv_store_close(log);
    printf("day 1: %s\n", kv_error_name(kv_exists("/log/day1")));
    kv_detach("settings");
    kv_store_close(settings);
    return 0;
}
