/* The global API of Mbed OS, as firmware written for Mbed uses it: keys by path from anywhere, and
 * nothing to open first. Only kv_init_storage_config is new: it says where the data is.
 *
 *     cc -Iinclude c-examples/global.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096
#define SECTORS 8
#define KEYS 50

static unsigned char chip_bytes[SECTORS * SECTOR_SIZE];
static flash_ram_t chip = {chip_bytes, sizeof chip_bytes, SECTOR_SIZE};
static unsigned char store_ram[KV_STORE_RAM(KEYS, SECTORS)];

/* Called by the first kv_ function that needs it. An error is the answer of that function, and
 * the next one tries again. */
int kv_init_storage_config(void) {
    const kv_flash_t flash = flash_ram_describe(&chip);
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };
    kv_store_t *store;
    int status = kv_store_open(&config, store_ram, sizeof store_ram, &store);

    if (status != MBED_SUCCESS) {
        return status;
    }
    status = kv_attach("kv", store);
    if (status != MBED_SUCCESS) {
        kv_store_close(store);
    }
    return status;
}

static void report(const char *what, int status) {
    printf("%s: %s\n", what, kv_error_name(status));
}

static void list(const char *prefix) {
    char path[KV_MAX_KEY_LENGTH + KV_PARTITION_NAME_LENGTH + 3];
    kv_iterator_t it;
    unsigned count = 0;
    int status = kv_iterator_open(&it, prefix);

    if (status != MBED_SUCCESS) {
        report("listing", status);
        return;
    }
    while (kv_iterator_next(it, path, sizeof path) == MBED_SUCCESS) {
        count++;
    }
    kv_iterator_close(it);
    printf("%u keys begin with %s\n", count, prefix);
}

int main(void) {
    char name[16] = "";
    size_t size = 0;
    kv_info_t info = {0, 0};

    flash_ram_clear(&chip);
    report("emptying the partition", kv_reset("/kv/"));
    report("setting", kv_set("/kv/name", "pump 1", 7, 0));
    report("setting write-once", kv_set("/kv/serial", "A-0042", 7, KV_WRITE_ONCE_FLAG));
    report("setting that again", kv_set("/kv/serial", "B-9999", 7, 0));

    report("getting", kv_get("/kv/name", name, sizeof name, &size));
    printf("%s, %u bytes\n", name, (unsigned)size);
    report("getting info", kv_get_info("/kv/serial", &info));
    printf("%u bytes, flags %u\n", (unsigned)info.size, (unsigned)info.flags);

    /* The partition that was attached first need not be named. */
    report("getting by its bare name", kv_get("name", name, sizeof name, NULL));
    report("setting a third", kv_set("network", "none", 5, 0));
    list("/kv/n");
    list("/kv/");

    report("removing", kv_remove("/kv/name"));
    report("getting it then", kv_get("/kv/name", name, sizeof name, NULL));
    report("setting in a partition that is not there", kv_set("/sd/name", "x", 2, 0));
    return 0;
}
