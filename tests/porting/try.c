#define _GNU_SOURCE

#include "nvkv_flash_check.h"
#include "try.h"

#ifdef __linux__
#include <sys/mman.h>
#endif

#define KEYS 6
#define SIZE 700

nor_t try_nor;
int try_is_checked;
static kv_store_t *store;
/* Static: the adapters for 32 bits find what is in it, too. */
static unsigned char ram[KV_STORE_RAM(20, 64)];
static unsigned char value[SIZE], found[SIZE];

void try_new(unsigned char *bytes, uint32_t size, uint32_t sector_size, uint32_t program_size) {
    try_nor.bytes = bytes != NULL ? bytes : malloc(size);
    try_nor.programmed = malloc(size / program_size / 8 + 1);
    CHECK(try_nor.bytes != NULL && try_nor.programmed != NULL);
    try_nor.size = size;
    try_nor.sector_size = sector_size;
    try_nor.program_size = program_size;
    nor_clear(&try_nor);
}

unsigned char *try_map(uint32_t address, uint32_t size) {
#ifdef MAP_FIXED_NOREPLACE
    void *const wanted = (void *)(uintptr_t)address;
    void *const mapped = mmap(wanted, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    CHECK(mapped == wanted);
    return mapped;
#else
    (void)address;
    (void)size;
    CHECK(!"there is a way to map memory at an address");
    return NULL;
#endif
}

int try_is_on(void) {
    return !try_nor.is_off;
}

static void open_store(const kv_flash_t *flash, const kv_lock_t *lock) {
    const kv_store_config_t config = {
        .flash = flash,
        .lock = lock,
        .keys = 20,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    CHECK(kv_store_required_ram(&config) <= sizeof ram);
    CHECK(kv_store_open(&config, ram, sizeof ram, &store) == MBED_SUCCESS);
}

static const char *name(unsigned key) {
    static char text[8];

    sprintf(text, "key%u", key);
    return text;
}

static size_t fill(unsigned key, unsigned round) {
    const size_t size = 1 + (key * 131 + round * 57) % SIZE;
    size_t i;

    for (i = 0; i < size; i++) {
        value[i] = (unsigned char)(i * 3 + key * 13 + round * 7);
    }
    return size;
}

static int set(unsigned key, unsigned round) {
    const size_t size = fill(key, round);

    return kv_store_set(store, name(key), value, size, 0) == MBED_SUCCESS;
}

static int has(unsigned key, unsigned round) {
    const size_t size = fill(key, round);
    size_t actual;

    CHECK(kv_store_get(store, name(key), found, SIZE, &actual) == MBED_SUCCESS);
    return actual == size && memcmp(found, value, size) == 0;
}

/* Sets all keys anew, and is cut off at program or erase `cut`. Whether it came to that. */
static int is_cut(const kv_flash_t *flash, const kv_lock_t *lock, unsigned cut, unsigned round) {
    unsigned key = 0, other;
    int was_cut;

    try_nor.cut = cut;
    while (key < KEYS && set(key, round)) {
        key++;
    }
    was_cut = try_nor.is_off != 0;
    CHECK(key == KEYS || was_cut);
    (void)kv_store_close(store);
    try_nor.cut = 0;
    try_nor.is_off = 0;
    open_store(flash, lock);
    for (other = 0; other < KEYS; other++) {
        CHECK((other < key && has(other, round)) || (other >= key && has(other, round - 1))
              || (other == key && has(other, round)));
    }
    for (; key < KEYS; key++) {
        CHECK(set(key, round));
    }
    return was_cut;
}

int try_store(const kv_flash_t *flash, const kv_lock_t *lock) {
    unsigned key, cut, round = 1;
    unsigned cuts = 0;
    const char *wrong = nvkv_flash_check(flash);

    if (wrong != NULL) {
        fprintf(stderr, "nvkv_flash_check: %s\n", wrong);
        return 1;
    }
    try_is_checked = 1;
    open_store(flash, lock);
    for (key = 0; key < KEYS; key++) {
        CHECK(set(key, round));
    }
    for (cut = 1; cuts < 120; cut++) {
        round++;
        if (is_cut(flash, lock, cut, round)) {
            cuts++;
        } else {
            cut = 0;
        }
    }
    /* Enough for erases on the larger sectors, too. */
    for (round++; round < 2000; round++) {
        CHECK(set(round % KEYS, round));
    }
    CHECK(kv_store_check(store, NULL) == MBED_SUCCESS);
    CHECK(kv_store_close(store) == MBED_SUCCESS);
    CHECK(try_nor.breaches == 0);
    printf("%u cuts\n", cuts);
    return 0;
}
