/* Threads of a system with CMSIS-RTOS2 that share a store: Mbed OS, Keil RTX5, FreeRTOS as
 * STM32Cube has it, and others.
 *
 *     static nvkv_lock_cmsis_t mutexes;
 *     kv_lock_t lock;
 *     if (nvkv_lock_cmsis(&mutexes, &lock) == 0) {
 *         const kv_store_config_t config = {.flash = &flash, .lock = &lock, ...};
 *
 * The mutexes are recursive, lend the priority of who waits, and are robust where the system has
 * that: RTX5 and so Mbed OS give back those of a thread that ends. Where it has not, finish or
 * abort the value that is open before its thread ends; kv_store_set_abort says what holds then.
 *
 * Their memory is the system's, as osMutexNew takes it: nothing here knows how much that is.
 *
 * Interrupts: a call from one is refused with MBED_ERROR_ALREADY_IN_USE, because osMutexAcquire is.
 *
 * Power: mutexes are in RAM alone. */
#ifndef NVKV_LOCK_CMSIS_H
#define NVKV_LOCK_CMSIS_H

#include "cmsis_os2.h"

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The mutexes of one store. They must live until kv_store_close. */
typedef struct {
    osMutexId_t call;   /* held during each call */
    osMutexId_t writer; /* held while something is changed, or a value comes in pieces */
} nvkv_lock_cmsis_t;

/* Makes both mutexes and describes them in `*lock` for kv_store_config_t. After osKernelInitialize,
 * once for each store, before it is opened; not from an interrupt.
 *
 * Returns 0, or -1 where the system makes no mutex; then there are none, and `*lock` is left
 * alone. */
int nvkv_lock_cmsis(nvkv_lock_cmsis_t *mutexes, kv_lock_t *lock);

/* Gives them back to the system. After kv_store_close, when no thread waits for the store any
 * more. */
void nvkv_lock_cmsis_delete(nvkv_lock_cmsis_t *mutexes);

#ifdef __cplusplus
}
#endif

#endif
