// A program inside Mbed: its own headers and classes, and nvkv's KVStore in place of Mbed's. With
// MBED_LIBRARY, Mbed's own KVStore is in the program, too (mbed_library.cpp).
//
// Written as such programs are: with Mbed's names alone.
#include "blockdevice/BlockDevice.h"
#include "kvstore_global_api/KVMap.h"
#include "kvstore_global_api/kvstore_global_api.h"
#include "platform/PlatformMutex.h"
#include "platform/mbed_error.h"
#include "tdbstore/TDBStore.h"

#include "check.hpp"
#include "device.hpp"

using namespace mbed;

#ifdef MBED_LIBRARY
extern int mbed_calls;
int library_uses_a_store(KVStore *store, size_t *keys);
int library_uses_a_device(BlockDevice *bd);
int library_calls_its_own_functions();
#endif

// Mbed's headers were taken, not nvkv's.
TEST(inside_takes_mbeds_headers) {
    IS(STAND_IN_BLOCK_DEVICE == 1 && STAND_IN_MBED_ERROR == 1);
    bd_addr_t address = 0;
    IS(address == 0 && sizeof(bd_size_t) == 8);
#ifdef NVKV_OWN_BLOCK_DEVICE
    IS(!"the block device is Mbed's");
#endif
#ifdef MBED_LIBRARY
#ifndef NVKV_BESIDE_MBED
    IS(!"that Mbed's KVStore is there was noticed");
#endif
#endif
}

TEST(inside_stores) {
    char buffer[16];
    size_t actual;
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    const int before = PlatformMutex::count();
    OK(store.init());
    OK(store.set("key", "data", 5, 0));
    OK(store.get("key", buffer, sizeof buffer, &actual));
    IS(PlatformMutex::count() > before);
    static kvstore_config_t config;
    config.kvstore_main_instance = &store;
    config.flags_mask = ~0u;
    OK(KVMap::get_instance().init());
    OK(KVMap::get_instance().attach("kv", &config));
    OK(kv_get("/kv/key", buffer, sizeof buffer, &actual));
    OK(kv_set("/kv/key2", "data", 5, 0));
    OK(store.get_info("key2"));
    OK(kv_reset("/kv/"));
    EXPECT(MBED_ERROR_ITEM_NOT_FOUND, store.get_info("key2"));
    kv_iterator_t it;
    OK(kv_iterator_open(&it, NULL));
    OK(kv_iterator_close(it));
#ifdef MBED_LIBRARY
    // Mbed's code gets the store and the device by their base classes.
    size_t keys = 0;
    IS(library_uses_a_store(&store, &keys) == 0 && keys == 2);
    IS(library_uses_a_device(&device) == 0);
    IS(mbed_calls == 0);
    IS(library_calls_its_own_functions() == 0);
    IS(mbed_calls == 3);
#endif
    OK(KVMap::get_instance().deinit());
    IS(store.nvkv_store() == NULL);
}
