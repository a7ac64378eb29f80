/* Threads of POSIX that share a store: two recursive mutexes, in memory of the program's own.
 *
 *     static nvkv_lock_posix_t mutexes;
 *     kv_lock_t lock;
 *     if (nvkv_lock_posix(&mutexes, &lock) == 0) {
 *         const kv_store_config_t config = {.flash = &flash, .lock = &lock, ...};
 *
 * Threads wait without a limit, and lend their priority to the one that they wait for where the
 * system has that (PTHREAD_PRIO_INHERIT). Where it has robust mutexes, the value that a thread was
 * storing in pieces when it ended is dropped by the next one that writes; elsewhere by
 * kv_store_set_abort. A system that lacks them: define NVKV_POSIX_ROBUST as 0 for this file.
 *
 * For the threads of one process. A thread must not be cancelled while a call is in progress: its
 * mutex would be given back, but not the store.
 *
 * Signal handlers must not call: they may have interrupted the thread that holds the mutex.
 *
 * Power: mutexes are in RAM alone. */
#ifndef NVKV_LOCK_POSIX_H
#define NVKV_LOCK_POSIX_H

#include <pthread.h>

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The mutexes of one store. They must live until kv_store_close. */
typedef struct {
    pthread_mutex_t call;   /* held during each call */
    pthread_mutex_t writer; /* held while something is changed, or a value comes in pieces */
} nvkv_lock_posix_t;

/* Makes both mutexes and describes them in `*lock` for kv_store_config_t. Once for each store,
 * before it is opened.
 *
 * Returns 0, or an error number of the system, as pthread_mutex_init does; then there are no
 * mutexes, and `*lock` is left alone. */
int nvkv_lock_posix(nvkv_lock_posix_t *mutexes, kv_lock_t *lock);

/* Gives back what the system keeps for them. After kv_store_close, when no thread waits for the
 * store any more. */
void nvkv_lock_posix_destroy(nvkv_lock_posix_t *mutexes);

#ifdef __cplusplus
}
#endif

#endif
