/* Who may call when: hooks around every call, calls out of a flash function, several threads. */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "check.h"
#include "chip.h"

static kv_store_t *store;

/* Mutexes that count: that of the calls, and the writer's. */
typedef struct {
    int depth, deepest, locks, result;
} counted_t;
static counted_t counted, writer;

static int count_lock(void *context) {
    counted_t *mutex = context;

    CHECK(mutex == &counted || mutex == &writer);
    /* The writer's comes first, so that nobody waits for one who waits. */
    CHECK(mutex == &counted || counted.depth == 0);
    if (mutex->result != 0) {
        return mutex->result;
    }
    mutex->locks++;
    mutex->depth++;
    mutex->deepest = mutex->depth > mutex->deepest ? mutex->depth : mutex->deepest;
    return 0;
}

static int count_unlock(void *context) {
    counted_t *mutex = context;

    CHECK((mutex == &counted || mutex == &writer) && mutex->depth > 0);
    mutex->depth--;
    return 0;
}

/* What a flash function must not do. */
static void call_into_the_store(void *context) {
    char buffer[8];
    kv_iterator_t it;

    ++*(unsigned *)context;
    EXPECT(IN_USE, kv_store_get(store, "key", buffer, sizeof buffer, NULL));
    EXPECT(IN_USE, kv_store_set(store, "key", "v", 1, 0));
    EXPECT(IN_USE, kv_store_iterator_open(store, &it, NULL));
    EXPECT(IN_USE, kv_store_close(store));
}

static void reentry(chip_t *chip) {
    unsigned calls = 0;

    chip->meanwhile = call_into_the_store;
    chip->meanwhile_context = &calls;
    OK(kv_store_set(store, "key", "value", 5, 0));
    OK(kv_store_exists(store, "key"));
    OK(kv_store_remove(store, "key"));
    chip->meanwhile = NULL;
    CHECK(calls > 2);
    OK(kv_store_set(store, "key", "value", 5, 0));
}

/* The writer's mutex is held while a value is open, and once only whatever ends it. */
static void streams(void) {
    kv_set_handle_t handle, second;

    OK(kv_store_set_start(store, &handle, "stream", 2, 0));
    CHECK(writer.depth == 1 && counted.depth == 0);
    OK(kv_store_set_add_data(store, handle, "12", 2));
    OK(kv_store_exists(store, "key"));
    EXPECT(INVALID_SIZE, kv_store_set_add_data(store, handle, "3", 1));
    CHECK(writer.depth == 1 && counted.depth == 0);
    OK(kv_store_set_finalize(store, handle));
    CHECK(writer.depth == 0 && counted.depth == 0);
    OK(kv_store_set_start(store, &handle, "stream", 2, 0));
    OK(kv_store_set_start(store, &second, "stream", 2, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(store, handle));
    CHECK(writer.depth == 1 && counted.depth == 0);
    EXPECT(INVALID_SIZE, kv_store_set_start(store, &handle, "stream", SIZE_MAX, 0));
    CHECK(writer.depth == 1);
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(store, handle));
    OK(kv_store_set_abort(store, second));
    CHECK(writer.depth == 0 && counted.depth == 0);

    /* A mutex that gives up: nothing is held, and an open value stays open. */
    writer.result = 1;
    EXPECT(IN_USE, kv_store_set(store, "key", "value", 5, 0));
    OK(kv_store_exists(store, "key"));
    writer.result = 0;
    counted.result = 1;
    EXPECT(IN_USE, kv_store_set(store, "key", "value", 5, 0));
    counted.result = 0;
    CHECK(writer.depth == 0 && counted.depth == 0);
    OK(kv_store_set_start(store, &handle, "stream", 0, 0));
    counted.result = 1;
    EXPECT(IN_USE, kv_store_set_finalize(store, handle));
    counted.result = 0;
    CHECK(writer.depth == 1);
    OK(kv_store_set_finalize(store, handle));
    CHECK(writer.depth == 0 && counted.depth == 0);
}

static void hooks(chip_t *chip, const kv_store_config_t *config, void *ram, size_t size) {
    int before;

    OK(kv_store_open(config, ram, size, &store));
    OK(kv_store_set(store, "key", "value", 5, 0));
    CHECK(counted.depth == 0);
    before = counted.locks;
    OK(kv_store_exists(store, "key"));
    EXPECT(NOT_FOUND, kv_store_exists(store, "other"));
    CHECK(counted.locks == before + 2 && counted.depth == 0 && counted.deepest == 1);
    CHECK(writer.locks == 1 && writer.depth == 0);
    streams();

    /* The mutex lets the same thread in again; the store does not. */
    reentry(chip);
    CHECK(counted.depth == 0 && counted.deepest == 2 && writer.depth == 0);

    counted.result = -1;
    EXPECT(IN_USE, kv_store_exists(store, "key"));
    EXPECT(IN_USE, kv_store_close(store));
    counted.result = 0;
    OK(kv_store_close(store));
    EXPECT(NOT_READY, kv_store_exists(store, "key"));
    CHECK(counted.depth == 0);
}

#define THREADS 4
#define ROUNDS 200

static int mutex_lock(void *context) {
    return pthread_mutex_lock(context);
}

static int mutex_unlock(void *context) {
    return pthread_mutex_unlock(context);
}

static void *work(void *context) {
    const unsigned number = *(const unsigned *)context;
    char key[16];
    unsigned i, found;

    for (i = 0; i < ROUNDS; i++) {
        sprintf(key, "thread%u/%u", number, i % 3);
        OK(kv_store_set(store, key, &i, sizeof i, 0));
        OK(kv_store_get(store, key, &found, sizeof found, NULL));
        CHECK(found == i);
    }
    return NULL;
}

static void threads(kv_store_config_t *config, void *ram, size_t size) {
    pthread_mutex_t mutex;
    pthread_mutexattr_t recursive;
    kv_lock_t lock = {&mutex, mutex_lock, mutex_unlock, NULL};
    pthread_t ids[THREADS];
    unsigned numbers[THREADS];
    kv_stats_t stats;
    unsigned i;

    CHECK(pthread_mutexattr_init(&recursive) == 0);
    CHECK(pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE) == 0);
    CHECK(pthread_mutex_init(&mutex, &recursive) == 0);
    config->lock = &lock;
    OK(kv_store_open(config, ram, size, &store));
    OK(kv_store_reset(store));
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&ids[i], NULL, work, &numbers[i]) == 0);
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(ids[i], NULL) == 0);
    }
    OK(kv_store_stats(store, &stats));
    CHECK(stats.keys == 3 * THREADS);
    OK(kv_store_close(store));
    pthread_mutex_destroy(&mutex);
}

int main(void) {
    static unsigned char ram[KV_STORE_RAM(20, 8)];
    kv_lock_t lock = {&counted, count_lock, count_unlock, &writer};
    kv_store_config_t config = {.keys = 20, .format = KV_FORMAT_IF_UNRECOGNISED};
    chip_t chip;

    chip_new(&chip, 8, 4096, 4);
    config.flash = &chip.flash;

    OK(kv_store_open(&config, ram, sizeof ram, &store));
    reentry(&chip);
    OK(kv_store_close(store));

    config.lock = &lock;
    hooks(&chip, &config, ram, sizeof ram);
    threads(&config, ram, sizeof ram);
    chip_free(&chip);
    return 0;
}
