// The mutexes of a store: kv_lock_t over PlatformMutex.
#ifndef NVKV_LOCK_H
#define NVKV_LOCK_H

#include <stddef.h>

#include <atomic>

#include "names.h"

#include "../PlatformMutex.h"

// With Mbed's own PlatformMutex: whether there is an operating system behind it. In Mbed's
// bare-metal profile there is none, even where MBED_CONF_RTOS_API_PRESENT is defined.
#ifndef NVKV_THREADS
#if defined(MBED_CONF_RTOS_PRESENT) || defined(__unix__) || defined(NVKV_THREAD)
#define NVKV_THREADS 1
#else
#define NVKV_THREADS 0
#endif
#endif

#if NVKV_THREADS && !defined(NVKV_THREAD)
#ifdef MBED_CONF_RTOS_PRESENT
extern "C" void *osThreadGetId(void);
#define NVKV_THREAD() osThreadGetId()
#else
#define NVKV_THREAD() nvkv_detail::this_thread()
#endif
#endif

// NVKV_SLEEP(ms): where the program names its own mutexes, it may define this, too.
#if NVKV_THREADS && !defined(NVKV_SLEEP)
#ifdef MBED_CONF_RTOS_PRESENT
#include "cmsis_os2.h"
#define NVKV_SLEEP(ms) osDelay(ms)
#elif defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
#include <chrono>
#include <thread>
#define NVKV_SLEEP(ms) std::this_thread::sleep_for(std::chrono::milliseconds(ms))
#endif
#endif
#ifdef NVKV_SLEEP
#define NVKV_YIELD() NVKV_SLEEP(1)
#else
#define NVKV_YIELD() static_cast<void>(0)
#endif

namespace nvkv_detail {
NVKV_NAMES_BEGIN

#if NVKV_THREADS && (defined(__unix__) || defined(__APPLE__) || defined(_WIN32))
inline const void *this_thread() {
    static thread_local char here;
    return &here;
}
#endif

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

    // The writer's: waits until no other thread stores a value in pieces.
    void hold_writer() { owned_mutex::obtain(&_writer); }
    void release_writer() { owned_mutex::release(&_writer); }

private:
    owned_mutex _call, _writer;
    kv_lock_t _lock;
};

// A store that is open, and how many calls are in it: who closes it waits for them, so that its
// memory can be used again.
class open_store {
public:
    open_store() : _store(nullptr), _calls(0) {}

    kv_store_t *get() const { return _store.load(); }
    void set(kv_store_t *store) { _store.store(store); }

    kv_store_t *enter() {
#if NVKV_THREADS
        guard guard(_gate);
        kv_store_t *const store = _store.load();
        _calls += store != nullptr;
        return store;
#else
        return _store.load();
#endif
    }

    void leave() {
#if NVKV_THREADS
        guard guard(_gate);
        _calls--;
#endif
    }

    // From now on nobody comes in. Returns when all who were in have left: the store was closed
    // before, and told them so.
    void forget() {
        _store.store(nullptr);
#if NVKV_THREADS
        while (is_in_use()) {
            NVKV_YIELD();
        }
#endif
    }

private:
#if NVKV_THREADS
    bool is_in_use() {
        guard guard(_gate);
        return _calls != 0;
    }

    PlatformMutex _gate;
#endif
    std::atomic<kv_store_t *> _store;
    unsigned _calls;
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
