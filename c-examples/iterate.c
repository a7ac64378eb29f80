/* Keys by their beginning: list them, remove them while listing, see what room there is.
 *
 *     cc -Iinclude c-examples/iterate.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096
#define SECTORS 4
#define KEYS 20
#define NAME_SIZE 32 /* this program's names are shorter */

static unsigned char chip_bytes[SECTORS * SECTOR_SIZE];
static flash_ram_t chip = {chip_bytes, sizeof chip_bytes, SECTOR_SIZE};
static unsigned char store_ram[KV_STORE_RAM(KEYS, SECTORS)];

static int store_some(kv_store_t *store) {
    static const char *const names[] = {
        "wifi/home", "wifi/office", "wifi/phone", "sensor/offset", "sensor/gain",
    };
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int status = kv_store_set(store, names[i], "value", 5, 0);

        if (status != MBED_SUCCESS) {
            return status;
        }
    }
    return MBED_SUCCESS;
}

/* Counts the keys that begin with `prefix`, and removes them on the way where `and_remove` says
 * so: changes while an iterator is open are allowed. */
static int count(kv_store_t *store, const char *prefix, int and_remove, unsigned *keys) {
    kv_iterator_t it;
    char name[NAME_SIZE];
    int closed;
    int status = kv_store_iterator_open(store, &it, prefix);

    *keys = 0;
    if (status != MBED_SUCCESS) {
        return status;
    }
    while ((status = kv_store_iterator_next(store, it, name, sizeof name)) == MBED_SUCCESS) {
        ++*keys;
        if (and_remove) {
            status = kv_store_remove(store, name);
            if (status != MBED_SUCCESS) {
                break;
            }
        }
    }
    closed = kv_store_iterator_close(store, it);
    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        status = closed; /* the end of the list, which is no error */
    }
    return status;
}

static int run(kv_store_t *store) {
    unsigned all, wifi, left;
    kv_stats_t stats;
    int status = store_some(store);

    if (status == MBED_SUCCESS) {
        status = count(store, NULL, 0, &all);
    }
    if (status == MBED_SUCCESS) {
        status = count(store, "wifi/", 1, &wifi);
    }
    if (status == MBED_SUCCESS) {
        status = count(store, NULL, 0, &left);
    }
    if (status == MBED_SUCCESS) {
        printf("%u keys, %u of them wifi/; %u left without those\n", all, wifi, left);
        status = kv_store_stats(store, &stats);
    }
    if (status == MBED_SUCCESS) {
        printf("the store counts %u keys too; a further value could have %s 1000 bytes\n",
               (unsigned)stats.keys, stats.largest_value >= 1000 ? "more than" : "fewer than");
    }
    return status;
}

int main(void) {
    const kv_flash_t flash = flash_ram_describe(&chip);
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };
    kv_store_t *store;
    int status;

    flash_ram_clear(&chip);
    status = kv_store_open(&config, store_ram, sizeof store_ram, &store);
    if (status == MBED_SUCCESS) {
        status = run(store);
        kv_store_close(store);
    }
    if (status != MBED_SUCCESS) {
        fprintf(stderr, "failed: %s\n", kv_error_name(status));
        return 1;
    }
    return 0;
}
