/* Many threads that use the global API at once: partitions with a mutex each, one of which comes
 * and goes meanwhile; and the first call, from all of them. */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "check.h"
#include "chip.h"

#define THREADS 4
#define ROUNDS 300

static pthread_mutex_t mutexes[3];
static unsigned char rams[3][KV_STORE_RAM(20, 8)];
static kv_store_t *stores[3];
static chip_t chips[3];
static int inits;
static int stop;

static int mutex_lock(void *context) {
    return pthread_mutex_lock(context);
}

static int mutex_unlock(void *context) {
    return pthread_mutex_unlock(context);
}

int kv_init_storage_config(void) {
    inits++;
    OK(kv_attach("kv", stores[0]));
    OK(kv_attach("two", stores[1]));
    return MBED_SUCCESS;
}

static void *work(void *context) {
    const unsigned number = *(const unsigned *)context;
    const char *partition = number % 2 == 0 ? "kv" : "two";
    char path[32], key[32];
    unsigned i, found;
    kv_iterator_t it;
    int status;

    while ((status = kv_exists("/kv/nothing")) == IN_USE) {
    }
    EXPECT(NOT_FOUND, status);
    for (i = 0; i < ROUNDS; i++) {
        sprintf(path, "/%s/t%u-%u", partition, number, i % 3);
        OK(kv_set(path, &i, sizeof i, 0));
        OK(kv_get(path, &found, sizeof found, NULL));
        CHECK(found == i);
        sprintf(path, "/%s/t%u", partition, number);
        OK(kv_iterator_open(&it, path));
        OK(kv_iterator_next(it, key, sizeof key));
        CHECK(strncmp(key, path, strlen(path)) == 0);
        OK(kv_iterator_close(it));
        status = kv_set("/brief/key", &i, sizeof i, 0);
        CHECK(status == MBED_SUCCESS || status == NOT_FOUND);
        status = kv_iterator_open(&it, "/brief/");
        if (status == MBED_SUCCESS) {
            status = kv_iterator_next(it, key, sizeof key);
            CHECK(status == NOT_FOUND || status == INVALID_ARGUMENT
                  || (status == MBED_SUCCESS && strcmp(key, "/brief/key") == 0));
            status = kv_iterator_close(it);
            CHECK(status == MBED_SUCCESS || status == INVALID_ARGUMENT);
        } else {
            CHECK(status == NOT_FOUND);
        }
    }
    return NULL;
}

static void *come_and_go(void *context) {
    static const char *const names[] = {"brief", "briefly", "b", "other"};
    unsigned i;

    (void)context;
    for (i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        /* The place in the table is the same, the name is not. */
        OK(kv_attach(names[i % 4], stores[2]));
        OK(kv_detach(names[i % 4]));
    }
    return NULL;
}

int main(void) {
    pthread_mutexattr_t recursive;
    pthread_t ids[THREADS], changer;
    unsigned numbers[THREADS], i;

    CHECK(pthread_mutexattr_init(&recursive) == 0);
    CHECK(pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE) == 0);
    for (i = 0; i < 3; i++) {
        kv_lock_t lock = {&mutexes[i], mutex_lock, mutex_unlock, NULL};
        kv_store_config_t config = {.keys = 20, .format = KV_FORMAT_IF_UNRECOGNISED};

        CHECK(pthread_mutex_init(&mutexes[i], &recursive) == 0);
        chip_new(&chips[i], 8, 4096, 4);
        config.flash = &chips[i].flash;
        config.lock = &lock;
        OK(kv_store_open(&config, rams[i], sizeof rams[i], &stores[i]));
    }
    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&ids[i], NULL, work, &numbers[i]) == 0);
    }
    while (kv_exists("/kv/nothing") == IN_USE) {
    }
    CHECK(pthread_create(&changer, NULL, come_and_go, NULL) == 0);
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_join(ids[i], NULL) == 0);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(changer, NULL) == 0);
    CHECK(inits == 1);
    /* Nothing was left open by those who opened while the name went. */
    for (i = 0; i < 16; i++) {
        kv_iterator_t it;

        OK(kv_store_iterator_open(stores[2], &it, NULL));
    }
    for (i = 0; i < 3; i++) {
        OK(kv_store_close(stores[i]));
        chip_free(&chips[i]);
    }
    return 0;
}
