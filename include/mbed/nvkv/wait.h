// Waiting for the thread that makes the first call of the global API.
#ifndef NVKV_WAIT_H
#define NVKV_WAIT_H

#include "lock.h"
#include "names.h"

// NVKV_SLEEP(ms): where the program names its own mutexes, it may define this, too.
#if NVKV_THREADS && !defined(NVKV_SLEEP)
#if defined(MBED_CONF_RTOS_API_PRESENT) || defined(MBED_CONF_RTOS_PRESENT)
#include "cmsis_os2.h"
#define NVKV_SLEEP(ms) osDelay(ms)
#elif defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
#include <chrono>
#include <thread>
#define NVKV_SLEEP(ms) \
    std::this_thread::sleep_for(std::chrono::milliseconds(ms))
#endif
#endif

namespace nvkv_detail {
NVKV_NAMES_BEGIN

#if NVKV_THREADS && defined(NVKV_SLEEP)

inline std::atomic<const void *> &init_thread() {
    static std::atomic<const void *> thread(nullptr);
    return thread;
}

// This thread makes the stores: should it call the global API meanwhile, it does not wait for itself.
class init_mark {
public:
    init_mark() { init_thread().store(NVKV_THREAD()); }
    ~init_mark() { init_thread().store(nullptr); }
};

inline int wait_for_other_thread() {
    if (init_thread().load() == NVKV_THREAD()) {
        return 0;
    }
    NVKV_SLEEP(1);
    return 1;
}

#else

class init_mark {
public:
    init_mark() {}
    ~init_mark() {}
};

inline int wait_for_other_thread() { return 0; }

#endif

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
