// The store that the general tests share.
#ifndef STORE_HPP
#define STORE_HPP

#include "TDBStore.h"
#include "device.hpp"

inline mbed::KVStore *shared_store() {
    static Device device(64 * 1024, 1, 16, 4096);
    static mbed::TDBStore store(&device);
    if (store.nvkv_store() == NULL) {
        store.init();
    }
    return &store;
}

#endif
