// ports for Mbed: a store opened with kv_store_open on a block device and on the flash of the chip,
// with the locks of Mbed's operating system.
#include <thread>

#include "FlashIAPBlockDevice.h"
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"
#include "flash.hpp"
#include "nvkv_flash_block_device.h"
#include "nvkv_lock_mbed.h"

namespace {

unsigned char ram[KV_STORE_RAM_LARGE_UNIT(40, 64, 512)];

// A store on a device, as a program has it.
struct Opened {
    explicit Opened(mbed::BlockDevice *bd) : store(NULL) {
        OK(flash.open(bd));
        kv_store_config_t config = kv_store_config_t();
        config.flash = flash.get();
        config.lock = mutexes.get();
        config.keys = 40;
        config.format = KV_FORMAT_IF_UNRECOGNISED;
        OK(kv_store_open(&config, ram, sizeof ram, &store));
    }
    ~Opened() {
        OK(kv_store_close(store));
        OK(flash.close());
    }

    nvkv_flash_block_device flash;
    nvkv_lock_mbed mutexes;
    kv_store_t *store;
};

bool has(kv_store_t *store, const char *key, const char *expected) {
    char found[32];
    size_t actual = 0;
    const int status = kv_store_get(store, key, found, sizeof found, &actual);
    return status == MBED_SUCCESS && actual == strlen(expected) &&
           memcmp(found, expected, actual) == 0;
}

} // namespace

TEST(a_store_on_a_block_device) {
    Device device(65536, 1, 16, 4096);
    {
        Opened opened(&device);
        IS(device.inits == 1);
        OK(kv_store_set(opened.store, "key", "value", 5, 0));
        IS(has(opened.store, "key", "value"));
    }
    IS(device.inits == 0);
    Opened again(&device);
    IS(has(again.store, "key", "value"));
}

// Odd read units, an unknown erase value, sectors of two sizes.
TEST(a_store_on_devices_of_all_shapes) {
    Device odd(49152, 48, 16, 4096), large(65536, 512, 512, 4096), unknown(65536, 1, 8, 4096, -1);
    MixedDevice mixed(131072, 8, 4096);
    mbed::BlockDevice *const devices[] = {&odd, &large, &unknown, &mixed};
    for (mbed::BlockDevice *device : devices) {
        {
            Opened opened(device);
            OK(kv_store_set(opened.store, "key", "value", 5, 0));
        }
        Opened again(device);
        IS(has(again.store, "key", "value"));
    }
}

TEST(a_store_is_that_of_tdbstore) {
    Device device(65536, 1, 16, 4096);
    {
        Opened opened(&device);
        OK(kv_store_set(opened.store, "key", "value", 5, 0));
    }
    {
        mbed::TDBStore store(&device);
        char found[8];
        size_t actual = 0;
        OK(store.init());
        OK(store.get("key", found, sizeof found, &actual));
        IS(actual == 5 && memcmp(found, "value", 5) == 0);
        OK(store.set("key", "other", 5, 0));
        OK(store.deinit());
    }
    Opened again(&device);
    IS(has(again.store, "key", "other"));
}

TEST(a_store_in_the_flash_of_the_chip) {
    FlashIAPBlockDevice device(FLASH_START + 8 * FLASH_SECTOR, 4 * FLASH_SECTOR);
    {
        Opened opened(&device);
        OK(kv_store_set(opened.store, "key", "value", 5, 0));
    }
    Opened again(&device);
    IS(has(again.store, "key", "value"));
}

TEST(devices_that_cannot_be_are_refused) {
    Device unit(65536, 1, 48, 4096), large(65536, 1, 2048, 4096), broken(65536, 1, 16, 4096);
    nvkv_flash_block_device flash;
    EXPECT(INVALID_ARGUMENT, flash.open(NULL));
    EXPECT(INVALID_ARGUMENT, flash.open(&large));
    IS(large.inits == 0 && flash.get() == NULL);
    broken.fail_init = -7;
    EXPECT(-7, flash.open(&broken));
    OK(flash.close());
    // What the store says of the rest.
    OK(flash.open(&unit));
    EXPECT(INVALID_ARGUMENT, flash.open(&broken));
    kv_store_config_t config = kv_store_config_t();
    kv_store_t *store;
    config.flash = flash.get();
    EXPECT(INVALID_ARGUMENT, kv_store_open(&config, ram, sizeof ram, &store));
    OK(flash.close());
    IS(unit.inits == 0);
}

// Threads wait for each other, and nothing is torn.
TEST(threads_share_a_store) {
    Device device(65536, 1, 16, 4096);
    Opened opened(&device);
    nvkv_lock_mbed other;
    IS(opened.mutexes.get() != NULL && other.get()->context != opened.mutexes.get()->context);
    std::thread threads[4];
    unsigned failures[4] = {0, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        threads[i] = std::thread([i, &failures, &opened] {
            const char key[] = {'k', static_cast<char>('0' + i), '\0'};
            for (unsigned round = 0; round < 100; round++) {
                unsigned found = ~round;
                kv_set_handle_t handle;
                failures[i] +=
                    kv_store_set_start(opened.store, &handle, key, sizeof round, 0) != 0 ||
                    kv_store_set_add_data(opened.store, handle, &round, sizeof round) != 0 ||
                    kv_store_set_finalize(opened.store, handle) != 0 ||
                    kv_store_get(opened.store, key, &found, sizeof found, NULL) != 0 ||
                    found != round;
            }
        });
    }
    for (int i = 0; i < 4; i++) {
        threads[i].join();
        IS(failures[i] == 0);
    }
}
