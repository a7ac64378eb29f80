/* Two stores at once: what the factory wrote, and what the user changed. Each has a partition,
 * memory and, where threads share it, mutexes of its own; nothing that is done to one touches the
 * other. For two stores by name, with the global API, see partitions.c.
 *
 *     cc -Iinclude c-examples/two_stores.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096
#define KEYS 20

/* Two parts of one chip, or two chips. */
static unsigned char factory_bytes[2 * SECTOR_SIZE];
static unsigned char user_bytes[8 * SECTOR_SIZE];
static flash_ram_t factory_chip = {factory_bytes, sizeof factory_bytes, SECTOR_SIZE};
static flash_ram_t user_chip = {user_bytes, sizeof user_bytes, SECTOR_SIZE};

static unsigned char factory_ram[KV_STORE_RAM(KEYS, 2)];
static unsigned char user_ram[KV_STORE_RAM(KEYS, 8)];
static kv_store_t *factory, *user;

static int open_store(flash_ram_t *chip, void *ram, size_t ram_size, kv_store_t **store) {
    const kv_flash_t flash = flash_ram_describe(chip);
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    return kv_store_open(&config, ram, ram_size, store);
}

/* What the user set, else what the factory did. */
static int setting(const char *key, char *text, size_t size) {
    size_t length = 0;
    int status = kv_store_get(user, key, text, size - 1, &length);

    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        status = kv_store_get(factory, key, text, size - 1, &length);
    }
    text[length] = '\0';
    return status;
}

/* All that the factory set, as it is now: keys of one store, values of both. */
static int show(const char *when) {
    char key[32], text[32];
    unsigned found = 0;
    kv_iterator_t it;
    int status = kv_store_iterator_open(factory, &it, NULL);

    if (status != MBED_SUCCESS) {
        return status;
    }
    while (kv_store_iterator_next(factory, it, key, sizeof key) == MBED_SUCCESS) {
        found++;
    }
    kv_store_iterator_close(factory, it);
    status = setting("language", text, sizeof text);
    if (status == MBED_SUCCESS) {
        printf("%s: %u settings, language %s", when, found, text);
        status = setting("serial", text, sizeof text);
    }
    if (status == MBED_SUCCESS) {
        printf(", serial number %s\n", text);
    }
    return status;
}

static int run(void) {
    int status = kv_store_set(factory, "serial", "A-0042", 6, KV_WRITE_ONCE_FLAG);

    if (status == MBED_SUCCESS) {
        status = kv_store_set(factory, "language", "en", 2, 0);
    }
    if (status == MBED_SUCCESS) {
        status = show("new");
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set(user, "language", "fr", 2, 0);
    }
    if (status == MBED_SUCCESS) {
        status = show("changed");
    }
    /* Back to what the factory set: one store is emptied, the other is not touched. */
    if (status == MBED_SUCCESS) {
        status = kv_store_reset(user);
    }
    return status == MBED_SUCCESS ? show("reset") : status;
}

int main(void) {
    int status;

    flash_ram_clear(&factory_chip);
    flash_ram_clear(&user_chip);
    status = open_store(&factory_chip, factory_ram, sizeof factory_ram, &factory);
    if (status == MBED_SUCCESS) {
        status = open_store(&user_chip, user_ram, sizeof user_ram, &user);
    }
    if (status == MBED_SUCCESS) {
        status = run();
    }
    if (status != MBED_SUCCESS) {
        fprintf(stderr, "failed: %s\n", kv_error_name(status));
        return 1;
    }
    kv_store_close(user);
    kv_store_close(factory);
    return 0;
}
