// What Mbed's own tests of TDBStore assert: contract 5.1 (the module test) and 5.6 (the white box).
#include <stdlib.h>

#include "HeapBlockDevice.h"
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"

using mbed::TDBStore;

namespace {

char buffer[128];
size_t actual;

// The module test's device, and a store on it.
struct Module {
    Module() : heap(256 * 200, 256, 256, 256), store(&heap) {
        OK(store.init());
        OK(store.reset());
    }
    ~Module() { OK(store.deinit()); }
    mbed::HeapBlockDevice heap;
    TDBStore store;
};

} // namespace

TEST(module_init) {
    Module module;
    OK(module.store.deinit());
    OK(module.store.init());
    OK(module.store.init());
}

TEST(module_set_get) {
    Module module;
    OK(module.store.set("key", "data", 5, 0));
    OK(module.store.get("key", buffer, sizeof buffer, &actual));
    IS(actual == 5 && check::same(buffer, "data"));
}

TEST(module_erased_set_get) {
    Module module;
    OK(module.store.deinit());
    OK(module.heap.init());
    OK(module.heap.erase(0, module.heap.size()));
    OK(module.heap.deinit());
    OK(module.store.init());
    OK(module.store.set("key", "data", 5, 0));
    OK(module.store.get("key", buffer, sizeof buffer, &actual));
    IS(actual == 5 && check::same(buffer, "data"));
}

TEST(module_set_deinit_init_get) {
    Module module;
    for (int i = 0; i < 100; i++) {
        char value[16];
        const size_t size = static_cast<size_t>(snprintf(value, sizeof value, "data%d", i)) + 1;
        OK(module.store.set("key", value, size, 0));
        OK(module.store.deinit());
        OK(module.store.init());
        OK(module.store.get("key", buffer, sizeof buffer, &actual));
        IS(actual == size && check::same(buffer, value));
        OK(module.store.remove("key"));
    }
}

TEST(module_corrupted_set_deinit_init_get) {
    Module module;
    srand(1);
    for (int round = 0; round < 10; round++) {
        OK(module.store.deinit());
        OK(module.heap.init());
        unsigned char page[256];
        for (uint32_t at = 0; at < 100 * 256; at += sizeof page) {
            for (size_t i = 0; i < sizeof page; i++) {
                page[i] = static_cast<unsigned char>(rand() >> 7);
            }
            OK(module.heap.program(page, at, sizeof page));
        }
        OK(module.heap.deinit());
        OK(module.store.init());
        for (int i = 0; i < 10; i++) {
            unsigned char value[50];
            memset(value, 'a' + i, sizeof value);
            OK(module.store.set("key", value, sizeof value, 0));
            OK(module.store.deinit());
            OK(module.store.init());
            OK(module.store.get("key", buffer, sizeof buffer, &actual));
            IS(actual == 50 && memcmp(buffer, value, 50) == 0);
        }
        OK(module.store.remove("key"));
    }
}

TEST(module_set_multiple_iterate) {
    Module module;
    mbed::KVStore::iterator_t it;
    OK(module.store.set("primary_key", "data", 5, 0));
    OK(module.store.set("primary_hey", "data", 5, 0));
    OK(module.store.iterator_open(&it, "primary"));
    OK(module.store.iterator_next(it, buffer, sizeof buffer));
    OK(module.store.iterator_next(it, buffer, sizeof buffer));
    EXPECT(NOT_FOUND, module.store.iterator_next(it, buffer, sizeof buffer));
    OK(module.store.iterator_close(it));
}

TEST(module_reserved_data_set_get) {
    Module module;
    OK(module.store.reserved_data_set("abcde", 6));
    OK(module.store.reserved_data_get(buffer, sizeof buffer, &actual));
    IS(actual == 6 && check::same(buffer, "abcde"));
    EXPECT(MBED_ERROR_WRITE_FAILED, module.store.reserved_data_set("abcde", 6));
}

namespace {

const char *const KEYS[] = {"key1", "key2", "key3", "This_is_the_name_of_key4",
                            "This_is_the_name_of_key5"};

void has(TDBStore &store, const char *key, const char *value) {
    memset(buffer, 0, sizeof buffer);
    OK(store.get(key, buffer, sizeof buffer, &actual));
    IS(actual == strlen(value) && memcmp(buffer, value, actual) == 0);
}

int put(TDBStore &store, const char *key, const char *value, uint32_t flags) {
    return store.set(key, value, strlen(value), flags);
}

void white_box_sets(TDBStore &store) {
    OK(put(store, KEYS[0], "val1", 0));
    OK(put(store, KEYS[1], "Val2", 0));
    OK(put(store, KEYS[1], "Val2 again", 0));
    OK(put(store, KEYS[2], "val 3", 0));
    OK(put(store, KEYS[2], "another value of key 3", 0));
    has(store, KEYS[1], "Val2 again");
    has(store, KEYS[2], "another value of key 3");

    mbed::KVStore::set_handle_t handle;
    OK(store.set_start(&handle, KEYS[0], 15, 0));
    OK(store.set_add_data(handle, "0123456789", 10));
    OK(store.set_add_data(handle, "abcde", 5));
    OK(store.set_finalize(handle));
    has(store, KEYS[0], "0123456789abcde");
    OK(store.get(KEYS[0], buffer, 7, &actual, 4));
    IS(actual == 7 && memcmp(buffer, "456789a", 7) == 0);

    OK(store.remove(KEYS[2]));
    EXPECT(NOT_FOUND, store.get(KEYS[2], buffer, sizeof buffer, &actual));
    EXPECT(NOT_FOUND, store.get_info(KEYS[2], NULL));

    OK(put(store, KEYS[3], "written once", TDBStore::WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, put(store, KEYS[3], "written twice", 0));
    EXPECT(PROTECTED, store.remove(KEYS[3]));
    mbed::KVStore::info_t info;
    OK(store.get_info(KEYS[3], &info));
    IS(info.size == 12 && info.flags == TDBStore::WRITE_ONCE_FLAG);
    OK(put(store, KEYS[4], "fifth", 0));
}

void white_box_reads(TDBStore &store) {
    has(store, KEYS[0], "0123456789abcde");
    has(store, KEYS[1], "Val2 again");
    EXPECT(NOT_FOUND, store.get(KEYS[2], buffer, sizeof buffer, &actual));
    has(store, KEYS[3], "written once");
    has(store, KEYS[4], "fifth");

    mbed::KVStore::iterator_t it;
    int seen4 = 0, seen5 = 0;
    OK(store.iterator_open(&it, "This"));
    for (int i = 0; i < 2; i++) {
        OK(store.iterator_next(it, buffer, sizeof buffer));
        seen4 += check::same(buffer, KEYS[3]);
        seen5 += check::same(buffer, KEYS[4]);
    }
    EXPECT(NOT_FOUND, store.iterator_next(it, buffer, sizeof buffer));
    OK(store.iterator_close(it));
    IS(seen4 == 1 && seen5 == 1);

    OK(store.reserved_data_get(buffer, sizeof buffer, &actual));
    IS(actual == 9 && memcmp(buffer, "reserved!", 9) == 0);
}

void white_box(Device &device) {
    device.junk();
    TDBStore store(&device);
    OK(store.init());
    OK(store.reset());
    EXPECT(NOT_FOUND, store.reserved_data_get(buffer, sizeof buffer, &actual));
    OK(store.reserved_data_set("reserved!", 9));
    EXPECT(MBED_ERROR_WRITE_FAILED, store.reserved_data_set("reserved!", 9));
    white_box_sets(store);
    for (int i = 0; i < 2; i++) {
        white_box_reads(store);
        OK(store.deinit());
        OK(store.init());
    }
    OK(store.deinit());
    IS(device.inits == 0);
}

} // namespace

TEST(white_box_8192_r1_p16_e4096) {
    Device device(8192, 1, 16, 4096);
    white_box(device);
}

TEST(white_box_16384_r1_p1_e4096) {
    Device device(16384, 1, 1, 4096);
    white_box(device);
}

TEST(white_box_8192_r64_p128_e2048) {
    Device device(8192, 64, 128, 2048);
    white_box(device);
}

TEST(white_box_2048_r1_p4_e128) {
    Device device(2048, 1, 4, 128);
    white_box(device);
}

// Not in Mbed's list: what an erased byte reads as is unknown, or 0; sectors of two sizes; read
// units that the library has to be helped with.
TEST(white_box_other_devices) {
    Device unknown(8192, 1, 16, 4096, -1), zero(8192, 4, 8, 2048, 0);
    Device card(65536, 512, 512, 512, -1), odd(49152, 48, 16, 2048);
    MixedDevice mixed(16 * 1024 * 8, 32, 8 * 1024);
    white_box(unknown);
    white_box(zero);
    white_box(card);
    white_box(mixed);
    white_box(odd);
}

TEST(white_box_multiple_set) {
    Device device(32768, 1, 1, 4096);
    device.junk();
    TDBStore store(&device);
    OK(store.init());
    OK(store.reset());
    char key[33], value[512], read[512];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 16; i++) {
            snprintf(key, sizeof key, "key_of_thirty_two_characters_%03d", i);
            memset(value, round * 16 + i, sizeof value);
            OK(store.set(key, value, sizeof value, 0));
        }
    }
    for (int init = 0; init < 2; init++) {
        for (int i = 0; i < 16; i++) {
            snprintf(key, sizeof key, "key_of_thirty_two_characters_%03d", i);
            memset(value, 32 + i, sizeof value);
            OK(store.get(key, read, sizeof read, &actual));
            IS(actual == 512 && memcmp(value, read, 512) == 0);
        }
        OK(store.deinit());
        OK(store.init());
    }
}
