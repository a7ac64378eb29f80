/* Partitions that come and go, and what is open while they do; values in pieces. */
#include "check.h"
#include "chip.h"

static chip_t chips[KV_PARTITIONS + 1];
static kv_store_t *stores[KV_PARTITIONS + 1];

static void names(void) {
    static char name[KV_PARTITION_NAME_LENGTH + 2];
    static char unterminated[1025];
    kv_store_t *closed = stores[0];

    EXPECT(INVALID_ARGUMENT, kv_attach(NULL, stores[0]));
    EXPECT(INVALID_ARGUMENT, kv_attach("", stores[0]));
    EXPECT(INVALID_ARGUMENT, kv_attach("/kv/", stores[0]));
    EXPECT(INVALID_ARGUMENT, kv_attach("k/v", stores[0]));
    EXPECT(INVALID_ARGUMENT, kv_attach("kv", NULL));
    EXPECT(INVALID_ARGUMENT, kv_attach("kv", (kv_store_t *)(void *)((char *)stores[0] + 1)));
    memset(name, 'n', sizeof name - 1);
    EXPECT(INVALID_ARGUMENT, kv_attach(name, stores[0]));
    EXPECT(NOT_FOUND, kv_detach(name));
    memset(unterminated, 'n', sizeof unterminated);
    EXPECT(INVALID_ARGUMENT, kv_attach(unterminated, stores[0]));
    EXPECT(INVALID_ARGUMENT, kv_detach(unterminated));
    name[KV_PARTITION_NAME_LENGTH] = '\0';
    OK(kv_attach(name, stores[0]));
    name[0] = 'm';
    EXPECT(NOT_FOUND, kv_detach(name));
    name[0] = 'n';
    OK(kv_detach(name));
    EXPECT(NOT_FOUND, kv_detach(name));
    EXPECT(NOT_FOUND, kv_detach("kv"));
    EXPECT(INVALID_ARGUMENT, kv_detach(NULL));
    EXPECT(INVALID_ARGUMENT, kv_detach(""));

    /* Nothing is attached. */
    EXPECT(NOT_READY, kv_exists("key"));
    EXPECT(NOT_READY, kv_exists("/kv/key"));
    EXPECT(NOT_READY, kv_reset("/nope/"));

    OK(kv_attach("kv", stores[0]));
    EXPECT(IN_USE, kv_attach("kv", stores[1]));
    OK(kv_detach("kv"));
    memset(unterminated, 0, sizeof unterminated);
    closed = (kv_store_t *)(void *)(unterminated + 64 - (uintptr_t)unterminated % 64);
    EXPECT(NOT_READY, kv_attach("kv", closed));
}

/* As many as there are, each with its own keys; the default is the first that is attached. */
static void many(void) {
    char name[32], path[32], text[32];
    int i;

    for (i = 0; i < KV_PARTITIONS; i++) {
        sprintf(name, "part%d", i);
        OK(kv_attach(name, stores[i]));
        sprintf(path, "/part%d/key", i);
        OK(kv_set(path, name, strlen(name) + 1, 0));
    }
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, kv_attach("more", stores[KV_PARTITIONS]));
    for (i = 0; i < KV_PARTITIONS; i++) {
        sprintf(path, "/part%d/key", i);
        OK(kv_get(path, text, sizeof text, NULL));
        CHECK(text[4] == '0' + i);
        OK(kv_get("key", text, sizeof text, NULL));
        CHECK(text[4] == '0');
    }
    OK(kv_get("/par/key", text, sizeof text, NULL));
    CHECK(text[4] == '0');

    OK(kv_detach("part0"));
    EXPECT(NOT_FOUND, kv_exists("/part0/key"));
    OK(kv_get("key", text, sizeof text, NULL));
    CHECK(text[4] == '1');
    OK(kv_attach("more", stores[0]));
    OK(kv_get("key", text, sizeof text, NULL));
    CHECK(text[4] == '1');
    OK(kv_get("/more/key", text, sizeof text, NULL));
    CHECK(text[4] == '0');

    /* One whose name is the path's comes before one whose name only begins like that. */
    OK(kv_detach("more"));
    OK(kv_attach("part", stores[0]));
    OK(kv_get("/par/key", text, sizeof text, NULL));
    CHECK(text[4] == '1');
    OK(kv_get("/part/key", text, sizeof text, NULL));
    CHECK(text[4] == '0');
    OK(kv_detach("part"));
    for (i = 1; i < KV_PARTITIONS; i++) {
        sprintf(name, "part%d", i);
        OK(kv_detach(name));
    }
}

static void streams(void) {
    kv_set_handle_t handle, second;
    char text[32];
    uintptr_t number;

    OK(kv_reset("/b/"));
    OK(kv_set("/a/key", "old", 4, 0));
    OK(kv_set_start(&handle, "/a/key", 10, 0));
    OK(kv_set_start(&second, "/b/key", 3, 0));
    CHECK(handle != NULL && second != NULL && handle != second);
    OK(kv_set_add_data(handle, "01234", 5));
    OK(kv_set_add_data(second, "xy", 2));
    OK(kv_set_add_data(handle, NULL, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, NULL, 8));
    OK(kv_get("/a/key", text, sizeof text, NULL));
    CHECK(strcmp(text, "old") == 0);
    EXPECT(INVALID_SIZE, kv_set_add_data(handle, "0123456789", 10));
    OK(kv_set_add_data(handle, "56789", 5));
    OK(kv_set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "0", 1));
    EXPECT(INVALID_ARGUMENT, kv_set_abort(handle));
    OK(kv_get("/a/key", text, sizeof text, NULL));
    CHECK(memcmp(text, "0123456789", 10) == 0);
    EXPECT(INVALID_SIZE, kv_set_finalize(second));
    EXPECT(NOT_FOUND, kv_exists("/b/key"));
    OK(kv_set_start(&handle, "/a/key", 1, 0));
    OK(kv_set_abort(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_abort(handle));
    OK(kv_set_start(&handle, "/a/empty", 0, 0));
    OK(kv_set_finalize(handle));
    OK(kv_exists("/a/empty"));

    EXPECT(INVALID_ARGUMENT, kv_set_start(NULL, "/a/key", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_start(&handle, NULL, 1, 0));
    CHECK(handle == NULL);
    EXPECT(INVALID_ARGUMENT, kv_set_start(&handle, "/a/a b", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_start(&handle, "/a/key", 1, KV_RESERVED_FLAG));
    EXPECT(NOT_FOUND, kv_set_start(&handle, "/nope/key", 1, 0));
    EXPECT(MBED_ERROR_MEDIA_FULL, kv_set_start(&handle, "/a/key", SIZE_MAX, 0));
    EXPECT(MBED_ERROR_MEDIA_FULL, kv_set_start(&handle, "/a/key", 0x7FFFFFFF, 0));
    CHECK(handle == NULL);
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(NULL, "0", 1));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(NULL));
    EXPECT(INVALID_ARGUMENT, kv_set_abort(NULL));

    /* A handle of a store is none of the global API, nor the other way round. */
    OK(kv_store_set_start(stores[0], &handle, "key", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
    OK(kv_store_set_abort(stores[0], handle));
    OK(kv_set_start(&handle, "/a/key", 1, KV_REQUIRE_CONFIDENTIALITY_FLAG));
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(stores[0], handle));
    for (number = 0; number < 1024; number++) {
        if (number != (uintptr_t)handle) {
            EXPECT(INVALID_ARGUMENT, kv_set_finalize((kv_set_handle_t)number));
        }
    }
    /* A write drops it. */
    OK(kv_set("/a/key", "new", 4, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "0", 1));
}

/* Detached while something is open: that is closed, and its handles are refused. */
static void detach_while_open(void) {
    kv_iterator_t its[16], it;
    kv_set_handle_t handle;
    char key[16];
    int round, i;

    OK(kv_set("/a/key", "old", 4, 0));
    for (round = 0; round < 3; round++) {
        for (i = 0; i < 16; i++) {
            OK(kv_iterator_open(&its[i], "/a/"));
        }
        OK(kv_iterator_next(its[0], key, sizeof key));
        OK(kv_set_start(&handle, "/a/key", 4, 0));
        OK(kv_set_add_data(handle, "new", 4));
        OK(kv_detach("a"));
        EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
        EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "", 0));
        EXPECT(INVALID_ARGUMENT, kv_iterator_next(its[0], key, sizeof key));
        EXPECT(INVALID_ARGUMENT, kv_iterator_close(its[0]));
        OK(kv_attach("a", stores[0]));
        EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
        EXPECT(INVALID_ARGUMENT, kv_set_abort(handle));
        for (i = 0; i < 16; i++) {
            EXPECT(INVALID_ARGUMENT, kv_iterator_next(its[i], key, sizeof key));
            EXPECT(INVALID_ARGUMENT, kv_iterator_close(its[i]));
        }
        OK(kv_get("/a/key", key, sizeof key, NULL));
        CHECK(strcmp(key, "old") == 0);
    }

    /* What was opened through the handle, or by another name, stays open. */
    OK(kv_attach("alias", stores[0]));
    OK(kv_store_iterator_open(stores[0], &its[0], NULL));
    OK(kv_iterator_open(&its[1], "/alias/"));
    OK(kv_iterator_open(&it, "/a/"));
    OK(kv_detach("a"));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    OK(kv_iterator_next(its[1], key, sizeof key));
    OK(kv_iterator_close(its[1]));
    OK(kv_store_iterator_close(stores[0], its[0]));
    OK(kv_attach("a", stores[0]));
    OK(kv_detach("alias"));
}

/* A store that is busy keeps its name; one that was closed gives it back. */
static void busy(void *context) {
    int *calls = (int *)context;

    ++*calls;
    EXPECT(IN_USE, kv_exists("/a/key"));
    EXPECT(IN_USE, kv_attach("again", stores[0]));
    EXPECT(IN_USE, kv_detach("a"));
    EXPECT(NOT_FOUND, kv_exists("/b/missing"));
}

static void closed(void) {
    kv_iterator_t it;
    kv_set_handle_t handle;
    int calls = 0;

    OK(kv_iterator_open(&it, "/a/"));
    chips[0].meanwhile = busy;
    chips[0].meanwhile_context = &calls;
    OK(kv_set("/a/key", "value", 6, 0));
    chips[0].meanwhile = NULL;
    CHECK(calls > 0);
    OK(kv_iterator_close(it));

    OK(kv_iterator_open(&it, "/a/"));
    OK(kv_set_start(&handle, "/a/key", 4, 0));
    OK(kv_store_close(stores[0]));
    EXPECT(NOT_READY, kv_set("/a/key", "v", 1, 0));
    EXPECT(NOT_READY, kv_get("/a/key", NULL, 0, NULL));
    EXPECT(NOT_READY, kv_reset("/a/"));
    EXPECT(NOT_READY, kv_iterator_open(&it, "/a/"));
    EXPECT(NOT_READY, kv_set_finalize(handle));
    OK(kv_detach("a"));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
    EXPECT(NOT_READY, kv_attach("a", stores[0]));
}

/* The name goes, and another takes its place, just when something was opened: in the mutex. */
static kv_store_t *locked;
static int armed;

static int lock(void *context) {
    (void)context;
    return 0;
}

static int unlock(void *context) {
    (void)context;
    if (armed) {
        armed = 0;
        OK(kv_detach("gone"));
        OK(kv_attach("back", locked));
    }
    return 0;
}

static void detach_between(void) {
    static unsigned char ram[KV_STORE_RAM(10, 8)];
    kv_iterator_t it, its[16];
    kv_set_handle_t handle;
    kv_lock_t mutex;
    kv_store_config_t config;
    int i;

    memset(&mutex, 0, sizeof mutex);
    memset(&config, 0, sizeof config);
    mutex.lock = lock;
    mutex.unlock = unlock;
    config.flash = &chips[0].flash;
    config.lock = &mutex;
    config.keys = 10;
    OK(kv_store_open(&config, ram, sizeof ram, &locked));
    OK(kv_attach("gone", locked));
    armed = 1;
    EXPECT(NOT_FOUND, kv_iterator_open(&it, "/gone/"));
    CHECK(it == NULL && !armed);
    OK(kv_detach("back"));
    OK(kv_attach("gone", locked));
    armed = 1;
    EXPECT(NOT_FOUND, kv_set_start(&handle, "/gone/key", 1, 0));
    CHECK(handle == NULL && !armed);
    OK(kv_detach("back"));

    /* Nothing of it stayed open. */
    for (i = 0; i < 16; i++) {
        OK(kv_store_iterator_open(locked, &its[i], NULL));
    }
    OK(kv_store_close(locked));
}

int main(void) {
    int i;

    for (i = 0; i <= KV_PARTITIONS; i++) {
        chip_new(&chips[i], 8, 4096, 4);
        stores[i] = chip_open(&chips[i], 10);
    }
    names();
    many();
    OK(kv_attach("a", stores[0]));
    OK(kv_attach("b", stores[1]));
    streams();
    detach_while_open();
    closed();
    detach_between();
    OK(kv_detach("b"));
    for (i = 1; i <= KV_PARTITIONS; i++) {
        chip_close(stores[i]);
    }
    for (i = 0; i <= KV_PARTITIONS; i++) {
        chip_free(&chips[i]);
    }
    return 0;
}
