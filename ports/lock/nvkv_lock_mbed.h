// Threads of Mbed OS that share a store which kv_store_open opened: two PlatformMutex. C++11.
//
//     static nvkv_lock_mbed mutexes;
//     kv_store_config_t config = {};
//     config.lock = mutexes.get();
//
// Needs include/mbed of nvkv on the include path, before Mbed's own headers (docs/from-mbed.md says
// why). The classes TDBStore, KVMap and NVStore have these locks already.
//
// Without Mbed's operating system (its bare-metal profile) there is one thread, get() is NULL, and
// so config.lock is. Programs in C take nvkv_lock_cmsis.c.
//
// Interrupts must not call where there is an operating system: Mbed's mutex ends the program there.
//
// Power: mutexes are in RAM alone.
#ifndef NVKV_LOCK_MBED_H
#define NVKV_LOCK_MBED_H

#include "nvkv/lock.h"

// The mutexes of one store. They must live until kv_store_close.
class nvkv_lock_mbed {
public:
    // For kv_store_config_t. NULL: there is one thread.
    const kv_lock_t *get() { return _lock.get(); }

private:
    nvkv_detail::store_lock _lock;
};

#endif
