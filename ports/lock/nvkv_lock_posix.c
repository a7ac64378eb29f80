#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* for recursive and robust mutexes */
#endif

#include "nvkv_lock_posix.h"

#include <errno.h>

#ifndef NVKV_POSIX_ROBUST
#ifdef __APPLE__
#define NVKV_POSIX_ROBUST 0
#else
#define NVKV_POSIX_ROBUST 1
#endif
#endif

static int lock(void *context) {
    int result = pthread_mutex_lock(context);

#if NVKV_POSIX_ROBUST
    if (result == EOWNERDEAD) {
        result = pthread_mutex_consistent(context);
    }
#endif
    return result;
}

/* Fails where the calling thread does not hold the mutex: the library asks that. */
static int unlock(void *context) {
    return pthread_mutex_unlock(context);
}

static int make(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    int result = pthread_mutexattr_init(&attributes);

    if (result != 0) {
        return result;
    }
    result = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
#if NVKV_POSIX_ROBUST
    if (result == 0) {
        result = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    }
#endif
    /* Not all systems have it, and what is stored does not depend on it. */
    (void)pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (result == 0) {
        result = pthread_mutex_init(mutex, &attributes);
    }
    (void)pthread_mutexattr_destroy(&attributes);
    return result;
}

int nvkv_lock_posix(nvkv_lock_posix_t *mutexes, kv_lock_t *described) {
    int result = make(&mutexes->call);

    if (result != 0) {
        return result;
    }
    result = make(&mutexes->writer);
    if (result != 0) {
        (void)pthread_mutex_destroy(&mutexes->call);
        return result;
    }
    described->context = &mutexes->call;
    described->lock = lock;
    described->unlock = unlock;
    described->writer = &mutexes->writer;
    return 0;
}

void nvkv_lock_posix_destroy(nvkv_lock_posix_t *mutexes) {
    (void)pthread_mutex_destroy(&mutexes->call);
    (void)pthread_mutex_destroy(&mutexes->writer);
}
