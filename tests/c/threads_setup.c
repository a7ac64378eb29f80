#define _XOPEN_SOURCE 700

#include "threads.h"

#include <sched.h>
#include <time.h>

#include "nvkv_lock_posix.h"

kv_store_t *store;
chip_t chip;
api_t api;
kind_t kind;

int by_paths;
static unsigned char ram[KV_STORE_RAM(40, 8)];
static pthread_mutex_t call_mutex, writer_mutex;
static nvkv_lock_posix_t ready;
static kv_spin_t call_spin, writer_spin;

static int mutex_lock(void *mutex) {
    return pthread_mutex_lock(mutex);
}

static int mutex_unlock(void *mutex) {
    return pthread_mutex_unlock(mutex);
}

static int no_lock(void *mutex) {
    (void)mutex;
    return 0;
}

static int half_lock(void *mutex) {
    return mutex == &writer_mutex ? 0 : pthread_mutex_lock(mutex);
}

static int half_unlock(void *mutex) {
    return mutex == &writer_mutex ? 0 : pthread_mutex_unlock(mutex);
}

/* Not pthread_self: a new thread may get that of one which is gone. */
static size_t self(void) {
    static size_t threads;
    static __thread size_t own;

    if (own == 0) {
        own = __atomic_add_fetch(&threads, 1, __ATOMIC_RELAXED);
    }
    return own;
}

static void yield_processor(void) {
    sched_yield();
}

static void mutex_new(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;

    CHECK(pthread_mutexattr_init(&attributes) == 0);
    CHECK(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0);
    CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
    /* One whose thread is gone cannot be destroyed, only overwritten. */
    memset(mutex, 0, sizeof *mutex);
    CHECK(pthread_mutex_init(mutex, &attributes) == 0);
    pthread_mutexattr_destroy(&attributes);
}

static kv_lock_t lock_new(void) {
    kv_lock_t lock = {&call_mutex, mutex_lock, mutex_unlock, &writer_mutex};
    const kv_spin_t spin = {self, yield_processor, {0, 0, 0}};

    switch (kind) {
    case ROBUST:
        memset(&ready, 0, sizeof ready);
        CHECK(nvkv_lock_posix(&ready, &lock) == 0);
        return lock;
    case SPIN:
        call_spin = spin;
        writer_spin = spin;
        lock.context = &call_spin;
        lock.writer = &writer_spin;
        lock.lock = kv_spin_lock;
        lock.unlock = kv_spin_unlock;
        return lock;
    case SINGLE:
        lock.writer = NULL;
        break;
    case UNLOCKED:
        lock.lock = no_lock;
        lock.unlock = no_lock;
        break;
    case HALF:
        lock.lock = half_lock;
        lock.unlock = half_unlock;
        break;
    default:
        break;
    }
    mutex_new(&call_mutex);
    mutex_new(&writer_mutex);
    return lock;
}

static int own_set(const char *key, const void *value, size_t size) {
    return kv_store_set(store, key, value, size, 0);
}
static int own_get(const char *key, void *buffer, size_t size, size_t *actual) {
    return kv_store_get(store, key, buffer, size, actual);
}
static int own_exists(const char *key) {
    return kv_store_exists(store, key);
}
static int own_remove(const char *key) {
    return kv_store_remove(store, key);
}
static int own_start(kv_set_handle_t *handle, const char *key, size_t size) {
    return kv_store_set_start(store, handle, key, size, 0);
}
static int own_add(kv_set_handle_t handle, const void *data, size_t size) {
    return kv_store_set_add_data(store, handle, data, size);
}
static int own_finalize(kv_set_handle_t handle) {
    return kv_store_set_finalize(store, handle);
}
static int own_abort(kv_set_handle_t handle) {
    return kv_store_set_abort(store, handle);
}
static int own_open(kv_iterator_t *it, const char *prefix) {
    return kv_store_iterator_open(store, it, prefix);
}
static int own_next(kv_iterator_t it, char *key, size_t size) {
    return kv_store_iterator_next(store, it, key, size);
}
static int own_close(kv_iterator_t it) {
    return kv_store_iterator_close(store, it);
}

static int path_set(const char *key, const void *value, size_t size) {
    return kv_set(key, value, size, 0);
}
static int path_start(kv_set_handle_t *handle, const char *key, size_t size) {
    return kv_set_start(handle, key, size, 0);
}

void store_open(void) {
    const kv_lock_t lock = lock_new();
    kv_store_config_t config = {.keys = 40, .format = KV_FORMAT_IF_UNRECOGNISED};

    config.flash = &chip.flash;
    config.lock = kind == NONE ? NULL : &lock;
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    if (by_paths) {
        OK(kv_attach("kv", store));
    }
}

void store_close(void) {
    if (by_paths) {
        OK(kv_detach("kv"));
    }
    OK(kv_store_close(store));
}

void store_begin(int by_path) {
    const api_t by_handle = {own_set, own_get, own_exists, own_remove, own_start, own_add,
                             own_finalize, own_abort, own_open, own_next, own_close};
    const api_t through_paths = {path_set, kv_get, kv_exists, kv_remove, path_start,
                                 kv_set_add_data, kv_set_finalize, kv_set_abort,
                                 kv_iterator_open, kv_iterator_next, kv_iterator_close};

    by_paths = by_path;
    api = by_path ? through_paths : by_handle;
    chip_new(&chip, 8, 4096, 4);
    store_open();
    reset_steps();
}

void store_end(void) {
    OK(kv_store_check(store, NULL));
    store_close();
    chip_free(&chip);
}

void store_restart(void) {
    store_close();
    store_open();
}

static int highest;

void reset_steps(void) {
    __atomic_store_n(&highest, 0, __ATOMIC_SEQ_CST);
}

int reached(void) {
    return __atomic_load_n(&highest, __ATOMIC_SEQ_CST);
}

void reach(int step) {
    __atomic_store_n(&highest, step, __ATOMIC_SEQ_CST);
}

void await(int step) {
    unsigned waited;

    for (waited = 0; reached() < step; waited++) {
        if (waited == 60000) {
            fprintf(stderr, "step %d is not reached: still at %d\n", step, reached());
            exit(1);
        }
        pause_ms(1);
    }
}

void pause_ms(unsigned ms) {
    struct timespec time = {0, 0};

    time.tv_nsec = (long)ms * 1000000;
    nanosleep(&time, NULL);
}

pthread_t begin(void *(*work)(void *), void *context) {
    pthread_t id;

    CHECK(pthread_create(&id, NULL, work, context) == 0);
    return id;
}

void join(pthread_t id) {
    CHECK(pthread_join(id, NULL) == 0);
}

void value_is(const char *key, const char *expected) {
    char buffer[64];
    size_t actual;

    OK(api.get(key, buffer, sizeof buffer, &actual));
    CHECK(actual == strlen(expected) && memcmp(buffer, expected, actual) == 0);
}

kv_set_handle_t begin_value(const char *key, const char *text) {
    kv_set_handle_t handle = NULL;

    OK(api.start(&handle, key, strlen(text)));
    OK(api.add(handle, text, strlen(text) - 1));
    return handle;
}

void end_value(kv_set_handle_t handle, const char *text) {
    OK(api.add(handle, text + strlen(text) - 1, 1));
    OK(api.finalize(handle));
}
