// Stands for Mbed's header of this name where there is one thread: as Mbed's, it ends the program
// when it is given back without having been obtained.
#ifndef PLATFORM_MUTEX_H
#define PLATFORM_MUTEX_H

#include <stdlib.h>

class PlatformMutex {
public:
    PlatformMutex() : _depth(0) {}
    ~PlatformMutex() {}
    void lock() { _depth++; }
    void unlock() {
        if (_depth == 0) {
            abort();
        }
        _depth--;
    }

private:
    PlatformMutex(const PlatformMutex &);
    PlatformMutex &operator=(const PlatformMutex &);
    int _depth;
};

#endif
