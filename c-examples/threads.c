/* Threads that share a store: it gets two recursive mutexes of the operating system. Here those of
 * POSIX; ports/README.md has those of other systems.
 *
 *     cc -Iinclude -Iports/lock c-examples/threads.c c-examples/flash_ram.c
 *        ports/lock/nvkv_lock_posix.c libnvkv.a -lpthread
 */
#include <pthread.h>
#include <stdio.h>

#include "flash_ram.h"
#include "nvkv.h"
#include "nvkv_lock_posix.h"

#define SECTOR_SIZE 4096
#define SECTORS 8
#define KEYS 50
#define SENSORS 3
#define ROUNDS 100

static unsigned char chip_bytes[SECTORS * SECTOR_SIZE];
static flash_ram_t chip = {chip_bytes, sizeof chip_bytes, SECTOR_SIZE};
static unsigned char store_ram[KV_STORE_RAM(KEYS, SECTORS)];
static kv_store_t *store;

static int open_store(void) {
    static nvkv_lock_posix_t mutexes;
    const kv_flash_t flash = flash_ram_describe(&chip);
    kv_lock_t lock;
    const kv_store_config_t config = {
        .flash = &flash,
        .lock = &lock,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    if (nvkv_lock_posix(&mutexes, &lock) != 0) {
        return MBED_ERROR_OUT_OF_RESOURCES;
    }
    return kv_store_open(&config, store_ram, sizeof store_ram, &store);
}

/* Each sensor has a key of its own. What it returns is NULL, or the name of an error. */
static void *measure(void *context) {
    const unsigned sensor = *(const unsigned *)context;
    char key[16];
    unsigned value;
    int status = MBED_SUCCESS;

    snprintf(key, sizeof key, "sensor%u", sensor);
    for (value = 1; status == MBED_SUCCESS && value <= ROUNDS; value++) {
        status = kv_store_set(store, key, &value, sizeof value, 0);
    }
    return status == MBED_SUCCESS ? NULL : (void *)kv_error_name(status);
}

/* A log in pieces, while the sensors write theirs: they wait until it is finalized. */
static int write_log(void) {
    kv_set_handle_t handle;
    unsigned line;
    int status = kv_store_set_start(store, &handle, "log", ROUNDS * sizeof line, 0);

    for (line = 0; status == MBED_SUCCESS && line < ROUNDS; line++) {
        status = kv_store_set_add_data(store, handle, &line, sizeof line);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_finalize(store, handle);
    }
    return status;
}

static int failed(int status) {
    fprintf(stderr, "failed: %s\n", kv_error_name(status));
    return 1;
}

int main(void) {
    pthread_t threads[SENSORS];
    unsigned numbers[SENSORS], i, value;
    kv_info_t info;
    void *error;
    int status;

    flash_ram_clear(&chip);
    status = open_store();
    if (status != MBED_SUCCESS) {
        return failed(status);
    }
    for (i = 0; i < SENSORS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, measure, &numbers[i]) != 0) {
            return failed(MBED_ERROR_OUT_OF_RESOURCES);
        }
    }
    status = write_log();
    for (i = 0; i < SENSORS; i++) {
        pthread_join(threads[i], &error);
        if (error != NULL) {
            fprintf(stderr, "sensor %u: %s\n", i, (const char *)error);
            return 1;
        }
    }
    if (status != MBED_SUCCESS) {
        return failed(status);
    }
    for (i = 0; i < SENSORS; i++) {
        char key[16];

        snprintf(key, sizeof key, "sensor%u", i);
        status = kv_store_get(store, key, &value, sizeof value, NULL);
        if (status != MBED_SUCCESS) {
            return failed(status);
        }
        printf("%s: %u\n", key, value);
    }
    status = kv_store_get_info(store, "log", &info);
    if (status != MBED_SUCCESS) {
        return failed(status);
    }
    printf("log: %u bytes\n", (unsigned)info.size);
    return kv_store_close(store) == MBED_SUCCESS ? 0 : 1;
}
