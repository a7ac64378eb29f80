/* Iterators and reserved data. */
#include "check.h"
#include "chip.h"

#define KEYS 30
#define ITERATORS 16

static kv_store_t *store;

static void fill(void) {
    char key[16];
    unsigned i;

    for (i = 0; i < KEYS; i++) {
        sprintf(key, "%s%u", i % 3 == 0 ? "wifi/" : "key", i);
        OK(kv_store_set(store, key, &i, sizeof i, 0));
    }
}

/* How many keys begin like that; each must come once, and end with NUL. */
static unsigned count(const char *prefix) {
    kv_iterator_t it = NULL;
    unsigned char seen[KEYS] = {0};
    char key[16];
    unsigned found = 0;
    int status;

    OK(kv_store_iterator_open(store, &it, prefix));
    CHECK(it != NULL);
    memset(key, '#', sizeof key);
    while ((status = kv_store_iterator_next(store, it, key, sizeof key)) == MBED_SUCCESS) {
        unsigned i = 77;

        CHECK(memchr(key, '\0', sizeof key) != NULL);
        CHECK(prefix == NULL || strncmp(key, prefix, strlen(prefix)) == 0);
        OK(kv_store_get(store, key, &i, sizeof i, NULL));
        CHECK(i < KEYS && !seen[i]);
        seen[i] = 1;
        found++;
        memset(key, '#', sizeof key);
    }
    EXPECT(NOT_FOUND, status);
    EXPECT(NOT_FOUND, kv_store_iterator_next(store, it, key, sizeof key));
    EXPECT(NOT_FOUND, kv_store_iterator_next(store, it, NULL, 0));
    OK(kv_store_iterator_close(store, it));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(store, it));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_next(store, it, key, sizeof key));
    return found;
}

/* Too small a buffer: the iterator stays where it is. */
static void small_buffers(void) {
    kv_iterator_t it;
    char key[8] = "#######";

    OK(kv_store_set(store, "unique", NULL, 0, 0));
    OK(kv_store_iterator_open(store, &it, "uniq"));
    EXPECT(INVALID_SIZE, kv_store_iterator_next(store, it, NULL, 0));
    EXPECT(INVALID_SIZE, kv_store_iterator_next(store, it, key, 0));
    EXPECT(INVALID_SIZE, kv_store_iterator_next(store, it, key, 1));
    EXPECT(INVALID_SIZE, kv_store_iterator_next(store, it, key, 6));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_next(store, it, NULL, 8));
    OK(kv_store_iterator_next(store, it, key, 7));
    CHECK(strcmp(key, "unique") == 0);
    EXPECT(NOT_FOUND, kv_store_iterator_next(store, it, key, 0));
    OK(kv_store_iterator_close(store, it));
    OK(kv_store_remove(store, "unique"));
}

static void sixteen(void) {
    kv_iterator_t its[ITERATORS], one_more;
    char key[16];
    unsigned i, j;

    for (i = 0; i < ITERATORS; i++) {
        OK(kv_store_iterator_open(store, &its[i], "wifi/"));
        for (j = 0; j < i; j++) {
            CHECK(its[i] != its[j]);
        }
    }
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, kv_store_iterator_open(store, &one_more, NULL));
    CHECK(one_more == NULL);
    for (i = 0; i < ITERATORS; i++) {
        for (j = 0; j < i % 10; j++) {
            OK(kv_store_iterator_next(store, its[i], key, sizeof key));
        }
    }

    /* One that was closed is refused, though its place is taken again. */
    OK(kv_store_iterator_close(store, its[5]));
    OK(kv_store_iterator_open(store, &one_more, NULL));
    CHECK(one_more != its[5]);
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_next(store, its[5], key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(store, its[5]));
    its[5] = one_more;
    for (i = 0; i < ITERATORS; i++) {
        OK(kv_store_iterator_close(store, its[i]));
    }
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(store, (kv_iterator_t)(void *)key));
}

/* Removes what it visits; all that stays is visited still. */
static void changes_meanwhile(void) {
    kv_iterator_t it;
    char key[16];
    unsigned found = 0;

    OK(kv_store_iterator_open(store, &it, NULL));
    while (kv_store_iterator_next(store, it, key, sizeof key) == MBED_SUCCESS) {
        found++;
        if (strncmp(key, "wifi/", 5) == 0) {
            OK(kv_store_remove(store, key));
        } else {
            OK(kv_store_set(store, key, "rewritten", 9, 0));
        }
    }
    OK(kv_store_iterator_close(store, it));
    CHECK(found == KEYS);
}

static void reserved_data(void) {
    unsigned char data[65], found[65];
    size_t actual = 77;

    memset(data, 0x5A, sizeof data);
    EXPECT(NOT_FOUND, kv_store_reserved_data_get(store, found, sizeof found, &actual));
    EXPECT(NOT_FOUND, kv_store_reserved_data_get(store, NULL, 0, &actual));
    EXPECT(INVALID_SIZE, kv_store_reserved_data_set(store, data, 65));
    EXPECT(INVALID_SIZE, kv_store_reserved_data_set(store, data, SIZE_MAX));
    EXPECT(INVALID_ARGUMENT, kv_store_reserved_data_set(store, NULL, 1));
    CHECK(actual == 77);
    OK(kv_store_reserved_data_set(store, data, 64));
    EXPECT(MBED_ERROR_WRITE_FAILED, kv_store_reserved_data_set(store, data, 3));
    EXPECT(INVALID_SIZE, kv_store_reserved_data_get(store, found, 63, &actual));
    EXPECT(INVALID_SIZE, kv_store_reserved_data_get(store, found, 0, &actual));
    CHECK(actual == 77);
    OK(kv_store_reserved_data_get(store, NULL, 0, &actual));
    CHECK(actual == 64);
    memset(found, 0, sizeof found);
    OK(kv_store_reserved_data_get(store, found, SIZE_MAX, &actual));
    CHECK(actual == 64 && memcmp(found, data, 64) == 0 && found[64] == 0);
    OK(kv_store_reserved_data_get(store, found, 64, NULL));

    /* It is no key, and only a reset clears it. */
    CHECK(count(NULL) == KEYS);
    OK(kv_store_reset(store));
    EXPECT(NOT_FOUND, kv_store_reserved_data_get(store, NULL, 0, NULL));
    CHECK(count(NULL) == 0);
    OK(kv_store_reserved_data_set(store, NULL, 0));
    OK(kv_store_reserved_data_get(store, found, 0, &actual));
    CHECK(actual == 0);
}

int main(void) {
    chip_t chip;
    static char long_prefix[1026];
    kv_iterator_t it;

    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, KEYS);
    CHECK(count(NULL) == 0);
    fill();
    CHECK(count(NULL) == KEYS);
    CHECK(count("") == KEYS);
    CHECK(count("wifi/") == KEYS / 3);
    CHECK(count("wifi/0") == 1);
    CHECK(count("key") == KEYS - KEYS / 3);
    CHECK(count("nothing") == 0);
    memset(long_prefix, 'p', 1025);
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_open(store, &it, long_prefix));
    CHECK(it == NULL);
    long_prefix[257] = '\0';
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, kv_store_iterator_open(store, &it, long_prefix));
    CHECK(it == NULL);
    long_prefix[256] = '\0';
    OK(kv_store_iterator_open(store, &it, long_prefix));
    OK(kv_store_iterator_close(store, it));
    small_buffers();
    sixteen();
    reserved_data();
    fill();
    changes_meanwhile();
    CHECK(count("wifi/") == 0);
    chip_close(store);
    chip_free(&chip);
    return 0;
}
