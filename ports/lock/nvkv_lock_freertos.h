/* Tasks of FreeRTOS that share a store: two recursive mutexes, in memory of the program's own.
 *
 *     static nvkv_lock_freertos_t mutexes;
 *     const kv_lock_t lock = nvkv_lock_freertos(&mutexes);
 *     const kv_store_config_t config = {.flash = &flash, .lock = &lock, ...};
 *
 * FreeRTOSConfig.h needs configUSE_MUTEXES, configUSE_RECURSIVE_MUTEXES and
 * configSUPPORT_STATIC_ALLOCATION, each 1. Nothing is taken from a heap.
 *
 * Tasks wait without a limit, and FreeRTOS lends the one that they wait for their priority. What
 * waits is in the Blocked state: it costs no processor time.
 *
 * Interrupts: a call from one is refused with MBED_ERROR_ALREADY_IN_USE, where the port can tell.
 * That is asked by NVKV_FREERTOS_IN_INTERRUPT(), which a program can define for this file; by
 * default it is xPortIsInsideInterrupt on Cortex-M and xPortInIsrContext in ESP-IDF. Elsewhere
 * nothing is asked, and no interrupt may call.
 *
 * Not to be called between vTaskSuspendAll and xTaskResumeAll, nor in a critical section: there
 * nobody can wait. Before vTaskStartScheduler it can be.
 *
 * A task that is deleted while it stores a value in pieces leaves the writers' mutex behind, as
 * FreeRTOS does not give it back. Finish or abort the value first, or let another task end it with
 * kv_store_set_abort; that function says what holds then.
 *
 * Power: mutexes are in RAM alone. */
#ifndef NVKV_LOCK_FREERTOS_H
#define NVKV_LOCK_FREERTOS_H

#ifdef ESP_PLATFORM
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#else
#include "FreeRTOS.h"
#include "semphr.h"
#endif

#include "nvkv.h"

#if configUSE_MUTEXES != 1 || configUSE_RECURSIVE_MUTEXES != 1 \
    || configSUPPORT_STATIC_ALLOCATION != 1
#error "FreeRTOSConfig.h: nvkv needs mutexes, recursive mutexes and static allocation"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The mutexes of one store. They must live until kv_store_close. */
typedef struct {
    StaticSemaphore_t call;   /* held during each call */
    StaticSemaphore_t writer; /* held while something is changed, or a value comes in pieces */
} nvkv_lock_freertos_t;

/* Makes both mutexes and describes them for kv_store_config_t. Once for each store, before it is
 * opened and before any other task uses it. Does not fail. */
kv_lock_t nvkv_lock_freertos(nvkv_lock_freertos_t *mutexes);

/* Takes both mutexes out of the kernel's lists (the queue registry, and what traces them). After
 * kv_store_close, when no task waits for the store any more. Programs that never close need not. */
void nvkv_lock_freertos_delete(nvkv_lock_freertos_t *mutexes);

#ifdef __cplusplus
}
#endif

#endif
