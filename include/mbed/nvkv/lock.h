// The mutexes of a store: kv_lock_t over PlatformMutex.
#ifndef NVKV_LOCK_H
#define NVKV_LOCK_H

#include <stddef.h>

#include <atomic>

#include "names.h"

#include "../PlatformMutex.h"

// With Mbed's own PlatformMutex: whether there is an operating system behind it.
#ifndef NVKV_THREADS
#if defined(MBED_CONF_RTOS_API_PRESENT) || defined(MBED_CONF_RTOS_PRESENT) || \
    defined(__unix__) || defined(NVKV_THREAD)
#define NVKV_THREADS 1
#else
#define NVKV_THREADS 0
#endif
#endif

#if NVKV_THREADS && !defined(NVKV_THREAD)
#if defined(MBED_CONF_RTOS_API_PRESENT) || defined(MBED_CONF_RTOS_PRESENT)
extern "C" void *osThreadGetId(void);
#define NVKV_THREAD() osThreadGetId()
#else
#define NVKV_THREAD() nvkv_detail::this_thread()
#endif
#endif

namespace nvkv_detail {
NVKV_NAMES_BEGIN

#if NVKV_THREADS && (defined(__unix__) || defined(__APPLE__) || defined(_WIN32))
inline const void *this_thread() {
    static thread_local char here;
    return &here;
}
#endif

// A mutex that refuses to be given back by a thread that does not have it.
class owned_mutex {
public:
    owned_mutex() : _owner(nullptr), _depth(0) {}

    static int obtain(void *context) {
        owned_mutex *self = static_cast<owned_mutex *>(context);
        self->_mutex.lock();
#if NVKV_THREADS
        self->_owner.store(NVKV_THREAD(), std::memory_order_relaxed);
        self->_depth++;
#endif
        return 0;
    }

    static int release(void *context) {
        owned_mutex *self = static_cast<owned_mutex *>(context);
#if NVKV_THREADS
        // What another thread writes meanwhile is never this one's name.
        if (self->_owner.load(std::memory_order_relaxed) != NVKV_THREAD()) {
            return -1;
        }
        self->_depth--;
        if (self->_depth == 0) {
            self->_owner.store(nullptr, std::memory_order_relaxed);
        }
#endif
        self->_mutex.unlock();
        return 0;
    }

private:
    PlatformMutex _mutex;
    std::atomic<const void *> _owner;
    unsigned _depth;
};

// Both mutexes of a store.
class store_lock {
public:
    // For kv_store_config_t; NULL where there is one thread.
    const kv_lock_t *get() {
#if NVKV_THREADS
        _lock.context = &_call;
        _lock.lock = owned_mutex::obtain;
        _lock.unlock = owned_mutex::release;
        _lock.writer = &_writer;
        return &_lock;
#else
        return NULL;
#endif
    }

private:
    owned_mutex _call, _writer;
    kv_lock_t _lock;
};

// Holds a mutex until the end of a block.
class guard {
public:
    explicit guard(PlatformMutex &mutex) : _mutex(mutex) { _mutex.lock(); }
    ~guard() { _mutex.unlock(); }

private:
    guard(const guard &);
    guard &operator=(const guard &);
    PlatformMutex &_mutex;
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
