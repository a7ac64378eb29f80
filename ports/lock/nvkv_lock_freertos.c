#include "nvkv_lock_freertos.h"

#ifndef NVKV_FREERTOS_IN_INTERRUPT
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
#define NVKV_FREERTOS_IN_INTERRUPT() (xPortIsInsideInterrupt() != pdFALSE)
#elif defined(ESP_PLATFORM)
#define NVKV_FREERTOS_IN_INTERRUPT() (xPortInIsrContext() != pdFALSE)
#else
#define NVKV_FREERTOS_IN_INTERRUPT() 0
#endif
#endif

/* A static mutex's handle is its address; SemaphoreHandle_t is what the kernel calls it. */
static int lock(void *context) {
    const SemaphoreHandle_t mutex = context;

    if (NVKV_FREERTOS_IN_INTERRUPT()) {
        return -1;
    }
    return xSemaphoreTakeRecursive(mutex, portMAX_DELAY) == pdTRUE ? 0 : -1;
}

/* Fails where the calling task does not hold the mutex: the library asks that. */
static int unlock(void *context) {
    const SemaphoreHandle_t mutex = context;

    return xSemaphoreGiveRecursive(mutex) == pdTRUE ? 0 : -1;
}

kv_lock_t nvkv_lock_freertos(nvkv_lock_freertos_t *mutexes) {
    const kv_lock_t described = {
        .context = xSemaphoreCreateRecursiveMutexStatic(&mutexes->call),
        .lock = lock,
        .unlock = unlock,
        .writer = xSemaphoreCreateRecursiveMutexStatic(&mutexes->writer),
    };

    return described;
}

void nvkv_lock_freertos_delete(nvkv_lock_freertos_t *mutexes) {
    vSemaphoreDelete((SemaphoreHandle_t)&mutexes->call);
    vSemaphoreDelete((SemaphoreHandle_t)&mutexes->writer);
}
