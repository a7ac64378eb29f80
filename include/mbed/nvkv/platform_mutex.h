// PlatformMutex for programs without Mbed: a recursive mutex.
//
// On a PC it is that of the C++ library. Elsewhere there is none, and one thread is assumed, unless
// the program defines, for all its files alike,
//
// * NVKV_MUTEX: a class with `void lock()` and `void unlock()`, a recursive mutex of its operating
//   system;
// * NVKV_THREAD(): what tells the calling thread from others, as `const void *`; not NULL.
#ifndef NVKV_OWN_PLATFORM_MUTEX
#define NVKV_OWN_PLATFORM_MUTEX
#define PLATFORM_MUTEX_H

#if defined(NVKV_MUTEX)
#define NVKV_THREADS 1
typedef NVKV_MUTEX PlatformMutex;
#elif defined(__unix__) || defined(__APPLE__) || defined(_WIN32)
#define NVKV_THREADS 1
#include <mutex>
typedef std::recursive_mutex PlatformMutex;
#else
#define NVKV_THREADS 0
class PlatformMutex {
public:
    void lock() {}
    void unlock() {}
};
#endif

#endif
