// Waiting for the thread that makes the first call of the global API.
#ifndef NVKV_WAIT_H
#define NVKV_WAIT_H

#include "lock.h"
#include "names.h"

namespace nvkv_detail {
NVKV_NAMES_BEGIN

#if NVKV_THREADS && defined(NVKV_SLEEP)

inline std::atomic<const void *> &init_thread() {
    static std::atomic<const void *> thread(nullptr);
    return thread;
}

// This thread makes the stores: should it call the global API meanwhile, it does not wait for
// itself.
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
