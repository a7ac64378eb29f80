// A program that describes no flash, as an Mbed target without one: UNSUPPORTED, from every call;
// until it attaches a store of its own.
#include "FlashIAPBlockDevice.h"
#include "KVMap.h"
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"
#include "kvstore_global_api.h"
#include "nvstore.h"

TEST(without_flash) {
    char buffer[8];
    kv_iterator_t it;
    for (int i = 0; i < 2; i++) {
        EXPECT(MBED_ERROR_UNSUPPORTED, kv_set("/kv/key", "data", 5, 0));
        EXPECT(MBED_ERROR_UNSUPPORTED, kv_get("/kv/key", buffer, sizeof buffer, NULL));
        EXPECT(MBED_ERROR_UNSUPPORTED, kv_reset("/kv/"));
        EXPECT(MBED_ERROR_UNSUPPORTED, kv_iterator_open(&it, "/kv/"));
    }
    mbed::bd_addr_t start;
    mbed::bd_size_t size;
    EXPECT(MBED_ERROR_INITIALIZATION_FAILED, kv_get_default_flash_addresses(&start, &size));
    FlashIAPBlockDevice device;
    EXPECT(-4001, device.init());
    EXPECT(NVSTORE_FLASH_AREA_TOO_SMALL, NVStore::get_instance().init());
    mbed::FlashIAP flash;
    EXPECT(-1, flash.init());
    IS(flash.get_flash_size() == 0 && flash.get_sector_size(0) == MBED_FLASH_INVALID_SIZE);

    Device other(16384, 1, 16, 4096);
    mbed::TDBStore store(&other);
    mbed::kvstore_config_t config = mbed::kvstore_config_t();
    config.kvstore_main_instance = &store;
    OK(store.init());
    OK(mbed::KVMap::get_instance().init());
    OK(mbed::KVMap::get_instance().attach("own", &config));
    OK(kv_set("/own/key", "data", 5, 0));
    OK(mbed::KVMap::get_instance().deinit());
}
