/* ports/lock/nvkv_lock_cmsis.c on a stand-in for the system: mutexes that count, two threads by
 * turns, and interrupts. */
#include "chip.h"
#include "check.h"
#include "nvkv_lock_cmsis.h"

typedef struct {
    int is_there;
    int owner; /* 0: nobody */
    unsigned depth;
} mutex_t;

static mutex_t mutexes[2];
static int is_robust = 1, room = 2, thread = 1, is_interrupt;
static unsigned made, acquired;

osMutexId_t osMutexNew(const osMutexAttr_t *attr) {
    mutex_t *mutex = mutexes;

    CHECK((attr->attr_bits & osMutexRecursive) != 0 && (attr->attr_bits & osMutexPrioInherit) != 0);
    CHECK(attr->cb_mem == NULL && attr->cb_size == 0);
    if (made == (unsigned)room || (!is_robust && (attr->attr_bits & osMutexRobust) != 0)) {
        return NULL;
    }
    while (mutex->is_there) {
        mutex++;
    }
    memset(mutex, 0, sizeof *mutex);
    mutex->is_there = 1;
    made++;
    return mutex;
}

osStatus_t osMutexDelete(osMutexId_t id) {
    mutex_t *mutex = id;

    CHECK(mutex->is_there && mutex->depth == 0);
    mutex->is_there = 0;
    made--;
    return osOK;
}

osStatus_t osMutexAcquire(osMutexId_t id, uint32_t timeout) {
    mutex_t *mutex = id;

    CHECK(mutex->is_there && timeout == osWaitForever);
    if (is_interrupt) {
        return osErrorISR;
    }
    /* The other thread would wait for ever. */
    CHECK(mutex->owner == 0 || mutex->owner == thread);
    mutex->owner = thread;
    mutex->depth++;
    acquired++;
    return osOK;
}

osStatus_t osMutexRelease(osMutexId_t id) {
    mutex_t *mutex = id;

    CHECK(mutex->is_there);
    if (is_interrupt) {
        return osErrorISR;
    }
    if (mutex->owner != thread) {
        return osErrorResource;
    }
    mutex->depth--;
    if (mutex->depth == 0) {
        mutex->owner = 0;
    }
    return osOK;
}

static void uses_a_store(void) {
    static unsigned char ram[KV_STORE_RAM(20, 8)];
    nvkv_lock_cmsis_t made_mutexes;
    kv_lock_t lock;
    kv_store_config_t config = {.keys = 20, .format = KV_FORMAT_IF_UNRECOGNISED};
    kv_set_handle_t handle;
    kv_store_t *store;
    chip_t chip;
    char found[8];

    chip_new(&chip, 8, 4096, 4);
    CHECK(nvkv_lock_cmsis(&made_mutexes, &lock) == 0);
    CHECK(made == 2 && lock.context != lock.writer);
    config.flash = &chip.flash;
    config.lock = &lock;
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    acquired = 0;
    OK(kv_store_set(store, "key", "value", 5, 0));
    CHECK(acquired >= 2);

    is_interrupt = 1;
    EXPECT(IN_USE, kv_store_set(store, "key", "other", 5, 0));
    EXPECT(IN_USE, kv_store_exists(store, "key"));
    is_interrupt = 0;

    /* While the first thread has a value open, the second reads; and drops it. */
    OK(kv_store_set_start(store, &handle, "key", 8, 0));
    thread = 2;
    OK(kv_store_get(store, "key", found, sizeof found, NULL));
    OK(kv_store_set_abort(store, handle));
    thread = 1;
    OK(kv_store_set(store, "key", "again", 5, 0));
    OK(kv_store_get(store, "key", found, sizeof found, NULL));
    CHECK(memcmp(found, "again", 5) == 0);
    OK(kv_store_close(store));
    CHECK(mutexes[0].depth == 0 && mutexes[1].depth <= 1);
    mutexes[1].depth = 0;
    nvkv_lock_cmsis_delete(&made_mutexes);
    CHECK(made == 0);
    chip_free(&chip);
}

static void without_room(void) {
    const kv_lock_t untouched = {0};
    nvkv_lock_cmsis_t made_mutexes;
    kv_lock_t lock = untouched;

    for (room = 0; room < 2; room++) {
        CHECK(nvkv_lock_cmsis(&made_mutexes, &lock) != 0);
        CHECK(made == 0 && lock.lock == NULL);
        nvkv_lock_cmsis_delete(&made_mutexes);
    }
    room = 2;
}

int main(void) {
    uses_a_store();
    /* As over FreeRTOS. */
    is_robust = 0;
    uses_a_store();
    without_room();
    return 0;
}
