/* Iterators of the global API: keys come back in the style of the path that was asked for. */
#include "check.h"
#include "chip.h"

#define ITERATORS 16
#define ROOM (KV_MAX_KEY_LENGTH + KV_PARTITION_NAME_LENGTH + 3)

static kv_store_t *kv, *other;

/* The only key that begins like that comes back as `expected`; NULL: none does. */
static void only(const char *prefix, const char *expected) {
    kv_iterator_t it = NULL;
    char key[ROOM];

    OK(kv_iterator_open(&it, prefix));
    CHECK(it != NULL);
    if (expected != NULL) {
        memset(key, '#', sizeof key);
        OK(kv_iterator_next(it, key, sizeof key));
        CHECK(strcmp(key, expected) == 0);
        CHECK(key[strlen(expected) + 1] == '#');
    }
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, 0));
    EXPECT(NOT_FOUND, kv_iterator_next(it, NULL, 0));
    OK(kv_iterator_close(it));
}

static void styles(void) {
    only(NULL, NULL);
    OK(kv_set("/kv/key3", "v", 1, 0));
    only(NULL, "key3");
    only("", "key3");
    only("key", "key3");
    only("/kv/", "/kv/key3");
    only("/kv/key", "/kv/key3");
    only("kv/", "kv/key3");
    only("/key", "/key3");
    only("/", "/key3");
    only("//", "//key3");
    only("/k/", "/k/key3");
    only("k/ke", "k/key3");
    only("/kv", NULL);
    only("/kv/Key*", NULL);
    only("/kv/a/b", NULL);
    only("/other/", NULL);
    OK(kv_set("/other/theirs", "v", 1, 0));
    only("/other/", "/other/theirs");
    only("/ot/t", "/ot/theirs");
    only(NULL, "key3");
}

static void refused(void) {
    kv_iterator_t it = (kv_iterator_t)(void *)&it;
    char key[ROOM];
    uintptr_t number;

    EXPECT(INVALID_ARGUMENT, kv_iterator_open(NULL, "/kv/"));
    EXPECT(NOT_FOUND, kv_iterator_open(&it, "/nope/"));
    CHECK(it == NULL);
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close((kv_iterator_t)(void *)key));

    OK(kv_iterator_open(&it, "/kv/"));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, NULL, sizeof key));
    /* It is of the global API, not of the handle's. */
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(kv, it));
    OK(kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, NULL, 0));
    for (number = 0; number < 2048; number++) {
        EXPECT(INVALID_ARGUMENT, kv_iterator_close((kv_iterator_t)number));
    }
    OK(kv_store_iterator_open(kv, &it, NULL));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    OK(kv_store_iterator_close(kv, it));
}

/* Whatever does not fit is refused, and no byte beyond the buffer is touched. */
static void small_buffers(void) {
    kv_iterator_t it;
    char key[16];
    size_t size;

    OK(kv_iterator_open(&it, "/kv/"));
    EXPECT(INVALID_SIZE, kv_iterator_next(it, NULL, 0));
    for (size = 0; size <= strlen("/kv/key3"); size++) {
        memset(key, '#', sizeof key);
        EXPECT(INVALID_SIZE, kv_iterator_next(it, key, size));
        CHECK(key[size] == '#');
    }
    OK(kv_iterator_next(it, key, size));
    CHECK(strcmp(key, "/kv/key3") == 0);
    for (size = 0; size < 4; size++) {
        EXPECT(NOT_FOUND, kv_iterator_next(it, key, size));
    }
    OK(kv_iterator_close(it));
}

/* 16 for each partition, and none is taken for another. */
static void sixteen(void) {
    kv_iterator_t its[2 * ITERATORS], it;
    char key[ROOM];
    int i, j;

    for (i = 0; i < 2 * ITERATORS; i++) {
        OK(kv_iterator_open(&its[i], i % 2 == 0 ? "/kv/" : "other/"));
        for (j = 0; j < i; j++) {
            CHECK(its[i] != its[j]);
        }
    }
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, kv_iterator_open(&it, "/kv/"));
    CHECK(it == NULL);
    for (i = 0; i < 2 * ITERATORS; i++) {
        OK(kv_iterator_next(its[i], key, sizeof key));
        CHECK(strcmp(key, i % 2 == 0 ? "/kv/key3" : "other/theirs") == 0);
    }

    /* A place that is taken again does not answer to its old handle. */
    OK(kv_iterator_close(its[4]));
    OK(kv_iterator_open(&it, "/key"));
    CHECK(it != its[4]);
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(its[4], key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(its[4]));
    OK(kv_iterator_next(it, key, sizeof key));
    CHECK(strcmp(key, "/key3") == 0);
    its[4] = it;
    for (i = 0; i < 2 * ITERATORS; i++) {
        OK(kv_iterator_close(its[i]));
    }
}

/* What is visited may be removed or set, also while the iterator is never closed. */
static void changes_meanwhile(void) {
    kv_iterator_t it, second;
    char path[ROOM];
    int i, found = 0;

    for (i = 0; i < 10; i++) {
        sprintf(path, "/kv/visit%d", i);
        OK(kv_set(path, path, 10, 0));
    }
    OK(kv_iterator_open(&it, "/kv/visit"));
    while (kv_iterator_next(it, path, sizeof path) == MBED_SUCCESS) {
        OK(kv_remove(path));
        path[4] = 'V';
        OK(kv_set(path, "new", 3, 0));
        found++;
    }
    CHECK(found == 10);
    OK(kv_iterator_open(&second, "/kv/Vi"));
    while (kv_iterator_next(second, path, sizeof path) == MBED_SUCCESS) {
        OK(kv_remove(path));
        found--;
    }
    CHECK(found == 0);
    OK(kv_iterator_close(second));
    OK(kv_iterator_close(it));
}

/* The longest path and key there can be, and longer ones of the handle API. */
static void longest(void) {
    char path[ROOM + 1], name[KV_PARTITION_NAME_LENGTH + 1], key[2000];
    kv_iterator_t it;

    memset(name, 'n', sizeof name);
    name[KV_PARTITION_NAME_LENGTH] = '\0';
    OK(kv_attach(name, other));
    memset(path, 'k', sizeof path);
    path[0] = '/';
    memcpy(path + 1, name, KV_PARTITION_NAME_LENGTH);
    path[KV_PARTITION_NAME_LENGTH + 1] = '/';
    path[ROOM - 1] = '\0';
    OK(kv_reset("/other/"));
    OK(kv_set(path, "v", 1, 0));
    path[KV_PARTITION_NAME_LENGTH + 2] = '\0';
    OK(kv_iterator_open(&it, path));
    EXPECT(INVALID_SIZE, kv_iterator_next(it, key, ROOM - 1));
    OK(kv_iterator_next(it, key, ROOM));
    CHECK(strlen(key) == ROOM - 1 && memcmp(key, path, KV_PARTITION_NAME_LENGTH + 2) == 0);
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, ROOM));
    OK(kv_iterator_close(it));

    OK(kv_reset("/other/"));
    memset(key, 'K', sizeof key);
    key[1024] = '\0';
    OK(kv_store_set(other, key, "v", 1, 0));
    OK(kv_iterator_open(&it, "/other/"));
    EXPECT(INVALID_SIZE, kv_iterator_next(it, key, 7 + 1024));
    OK(kv_iterator_next(it, key, SIZE_MAX));
    CHECK(strlen(key) == 7 + 1024 && memcmp(key, "/other/KK", 9) == 0);
    OK(kv_iterator_close(it));
    OK(kv_detach(name));
    memset(key, 'K', sizeof key);
    key[1024] = '\0';
    OK(kv_iterator_open(&it, "/other/"));
    OK(kv_detach("other"));
    OK(kv_attach("other", other));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, path, sizeof path));
    key[257] = '\0';
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, kv_iterator_open(&it, key));
    CHECK(it == NULL);
    memset(key, 'K', sizeof key);
    key[1025] = '\0';
    EXPECT(INVALID_ARGUMENT, kv_iterator_open(&it, key));
}

int main(void) {
    chip_t chip, chip_other;

    chip_new(&chip, 8, 4096, 4);
    chip_new(&chip_other, 8, 4096, 4);
    kv = chip_open(&chip, 20);
    other = chip_open(&chip_other, 20);
    OK(kv_attach("kv", kv));
    OK(kv_attach("other", other));
    styles();
    refused();
    small_buffers();
    sixteen();
    changes_meanwhile();
    longest();
    OK(kv_detach("kv"));
    OK(kv_detach("other"));
    chip_close(kv);
    chip_close(other);
    chip_free(&chip);
    chip_free(&chip_other);
    return 0;
}
