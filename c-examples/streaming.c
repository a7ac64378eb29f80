/* Values that do not fit in RAM: stored in pieces as they come in, read in pieces as they go out.
 * Until the last step the key keeps its old value, and a power cut at any moment leaves the old or
 * the new one.
 *
 *     cc -Iinclude c-examples/streaming.c c-examples/flash_ram.c libnvkv.a
 */
#include <stdio.h>
#include <string.h>

#include "flash_ram.h"
#include "nvkv.h"

#define SECTOR_SIZE 4096
#define SECTORS 8
#define KEYS 10

/* More than a sector, and more than any buffer of this program. */
#define CERTIFICATE_SIZE 6000
#define PIECE 256

static unsigned char chip_bytes[SECTORS * SECTOR_SIZE];
static flash_ram_t chip = {chip_bytes, sizeof chip_bytes, SECTOR_SIZE};
static unsigned char store_ram[KV_STORE_RAM(KEYS, SECTORS)];

/* Stands for the network: fills `piece` with what comes at `offset`. */
static void receive(unsigned char *piece, size_t size, size_t offset) {
    size_t i;

    for (i = 0; i < size; i++) {
        piece[i] = (unsigned char)('A' + (offset + i) % 26);
    }
}

static int download(kv_store_t *store, const char *key, size_t size) {
    kv_set_handle_t handle;
    unsigned char piece[PIECE];
    size_t done = 0;
    int status = kv_store_set_start(store, &handle, key, size, 0);

    while (status == MBED_SUCCESS && done < size) {
        const size_t now = size - done < sizeof piece ? size - done : sizeof piece;

        receive(piece, now, done);
        status = kv_store_set_add_data(store, handle, piece, now);
        done += now;
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_finalize(store, handle);
    }
    return status;
}

/* The other side: the value is verified once, then read piece by piece. */
static int send(kv_store_t *store, const char *key) {
    unsigned char piece[PIECE];
    unsigned char expected[PIECE];
    size_t offset = 0;
    size_t size;

    do {
        const int status = kv_store_get_at(store, key, piece, sizeof piece, &size, offset);

        if (status != MBED_SUCCESS) {
            return status;
        }
        receive(expected, size, offset);
        if (memcmp(piece, expected, size) != 0) {
            return MBED_ERROR_INVALID_DATA_DETECTED;
        }
        offset += size;
    } while (size > 0);
    printf("sent %u bytes\n", (unsigned)offset);
    return MBED_SUCCESS;
}

/* A connection that breaks in the middle: the value that was there stays. */
static int broken_download(kv_store_t *store, const char *key) {
    kv_set_handle_t handle;
    int status = kv_store_set_start(store, &handle, key, CERTIFICATE_SIZE, 0);

    if (status == MBED_SUCCESS) {
        status = kv_store_set_add_data(store, handle, "only the beginning", 18);
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_abort(store, handle);
    }
    return status;
}

static int run(kv_store_t *store) {
    int status = download(store, "certificate", CERTIFICATE_SIZE);

    if (status == MBED_SUCCESS) {
        puts("stored in pieces");
        status = send(store, "certificate");
    }
    if (status == MBED_SUCCESS) {
        status = broken_download(store, "certificate");
    }
    if (status == MBED_SUCCESS) {
        puts("the next download broke off; the certificate is still there:");
        status = send(store, "certificate");
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
