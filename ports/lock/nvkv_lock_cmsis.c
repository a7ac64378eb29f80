#include "nvkv_lock_cmsis.h"

#include <stddef.h>

static int lock(void *context) {
    return osMutexAcquire(context, osWaitForever) == osOK ? 0 : -1;
}

/* Fails where the calling thread does not hold the mutex: the library asks that. */
static int unlock(void *context) {
    return osMutexRelease(context) == osOK ? 0 : -1;
}

static osMutexId_t make(const char *name) {
    osMutexAttr_t attributes = {0};
    osMutexId_t mutex;

    attributes.name = name;
    attributes.attr_bits = osMutexRecursive | osMutexPrioInherit | osMutexRobust;
    mutex = osMutexNew(&attributes);
    if (mutex == NULL) {
        /* Over FreeRTOS there are no robust ones. */
        attributes.attr_bits = osMutexRecursive | osMutexPrioInherit;
        mutex = osMutexNew(&attributes);
    }
    return mutex;
}

int nvkv_lock_cmsis(nvkv_lock_cmsis_t *mutexes, kv_lock_t *described) {
    mutexes->call = make("nvkv");
    mutexes->writer = make("nvkv writer");
    if (mutexes->call == NULL || mutexes->writer == NULL) {
        nvkv_lock_cmsis_delete(mutexes);
        return -1;
    }
    described->context = mutexes->call;
    described->lock = lock;
    described->unlock = unlock;
    described->writer = mutexes->writer;
    return 0;
}

void nvkv_lock_cmsis_delete(nvkv_lock_cmsis_t *mutexes) {
    if (mutexes->call != NULL) {
        (void)osMutexDelete(mutexes->call);
    }
    if (mutexes->writer != NULL) {
        (void)osMutexDelete(mutexes->writer);
    }
    mutexes->call = NULL;
    mutexes->writer = NULL;
}
