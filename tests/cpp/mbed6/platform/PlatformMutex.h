// Stands for Mbed's header of this name: a recursive mutex that ends the program when a thread
// gives it back that does not have it, as Mbed's does.
#ifndef PLATFORM_MUTEX_H
#define PLATFORM_MUTEX_H

#include <stdlib.h>

#include <atomic>
#include <mutex>
#include <thread>

class PlatformMutex {
public:
    PlatformMutex() : _depth(0) {}
    void lock() {
        _mutex.lock();
        _owner = std::this_thread::get_id();
        _depth++;
        count()++;
    }
    void unlock() {
        if (_depth == 0 || _owner != std::this_thread::get_id()) {
            abort();
        }
        _depth--;
        _mutex.unlock();
    }
    // How often any was obtained.
    static std::atomic<int> &count() {
        static std::atomic<int> all(0);
        return all;
    }

private:
    std::recursive_mutex _mutex;
    std::thread::id _owner;
    int _depth;
};

#endif
