// TDBStore and its device: what init() makes of what it finds (contract 2.3.7), devices that fail,
// power that goes, memory that is lent; and the block devices of programs without Mbed.
#include "FlashIAPBlockDevice.h"
#include "HeapBlockDevice.h"
#include "SlicingBlockDevice.h"
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"

using mbed::TDBStore;

namespace {

char buffer[256];
size_t actual;

} // namespace

TEST(init_formats_what_is_not_recognised) {
    Device device(16384, 1, 16, 4096);
    device.junk();
    TDBStore store(&device);
    OK(store.init());
    EXPECT(NOT_FOUND, store.get("key", buffer, sizeof buffer, &actual));
    OK(store.set("key", "data", 5, 0));
    OK(store.deinit());
    // The tail is junk, as a cut may leave it; what is whole before it stays.
    device.junk(8192);
    OK(store.init());
    OK(store.get("key", buffer, sizeof buffer, &actual));
}

// Mbed's own store, as its master record shows, is not formatted: its data would be lost.
TEST(init_leaves_mbeds_own_store_alone) {
    static const unsigned char master[] = {
        0x83, 0x66, 0x68, 0x54, 0x18, 0,    1,    0,    0,    0,    0, 0, 4, 0, 0, 0, 8, 0,
        0,    0,    0x73, 0x20, 0xda, 0xb8, 'T',  'D',  'B',  'S',  1, 0, 1, 0, 0, 0, 0, 0};
    Device device(8192, 1, 1, 4096);
    memcpy(device.bytes() + 0x48, master, sizeof master);
    TDBStore store(&device);
    EXPECT(MBED_ERROR_INVALID_FORMAT, store.init());
    IS(device.inits == 0 && device.programs == 0 && device.erases == 0);
    EXPECT(NOT_FOUND, store.get("key", buffer, sizeof buffer, &actual));
    OK(store.nvkv_format());
    OK(store.set("key", "data", 5, 0));
    EXPECT(MBED_ERROR_ALREADY_IN_USE, store.nvkv_format());
    OK(store.deinit());
    OK(store.init());
    OK(store.get("key", buffer, sizeof buffer, &actual));
}

TEST(init_refuses_what_cannot_be) {
    Device one(4096, 1, 16, 4096), unit(65536, 1, 48, 4096), large(65536, 1, 2048, 4096);
    Device ragged(65536, 1, 4096, 2048);
    mbed::BlockDevice *const devices[] = {NULL, &one, &unit, &large, &ragged};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        TDBStore store(devices[i]);
        EXPECT(INVALID_ARGUMENT, store.init());
        EXPECT(NOT_READY, store.set("key", "data", 5, 0));
    }
    IS(one.inits == 0 && unit.inits == 0);
}

TEST(init_passes_on_what_the_device_says) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    device.fail_init = mbed::BD_ERROR_DEVICE_ERROR;
    EXPECT(-4001, store.init());
    device.fail_init = 0;
    device.fail_reads = -5;
    EXPECT(MBED_ERROR_READ_FAILED, store.init());
    IS(device.inits == 0);
    device.fail_reads = 0;
    OK(store.init());
}

TEST(device_failures) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    OK(store.init());
    static char large[1000];
    OK(store.set("large", large, sizeof large, 0));
    OK(store.set("key", "data", 5, 0));
    device.fail_reads = -1;
    EXPECT(MBED_ERROR_READ_FAILED, store.get("large", large, sizeof large, &actual));
    device.fail_reads = 0;
    device.fail_programs = -1;
    EXPECT(MBED_ERROR_WRITE_FAILED, store.set("key", "new", 4, 0));
    EXPECT(MBED_ERROR_WRITE_FAILED, store.remove("key"));
    device.fail_erases = -1;
    TDBStore::set_handle_t handle;
    int status = store.set_start(&handle, "key", 200, 0);
    status = status != MBED_SUCCESS ? status : store.set_add_data(handle, buffer, 200);
    status = status != MBED_SUCCESS ? status : store.set_finalize(handle);
    IS(status == MBED_ERROR_WRITE_FAILED || status == MBED_ERROR_OPERATION_PROHIBITED);
    EXPECT(INVALID_ARGUMENT, store.set_finalize(handle));
    // Nothing is lost, and nothing stays locked.
    OK(store.get("key", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "data"));
    device.fail_programs = device.fail_erases = 0;
    OK(store.get("key", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "data"));
}

// What was programmed is read back: what is not as it was written is written elsewhere.
TEST(device_programs_badly) {
    Device device(32768, 1, 16, 4096);
    TDBStore store(&device);
    OK(store.init());
    OK(store.set("key", "data", 5, 0));
    for (unsigned bad = 1; bad <= 3; bad++) {
        device.bad_programs = bad;
        OK(store.set("other", "a value in more than one unit", 30, 0));
        IS(device.bad_programs == 0);
        OK(store.get("other", buffer, sizeof buffer, &actual));
        IS(actual == 30 && check::same(buffer, "a value in more than one unit"));
    }
    device.bad_programs = 10000;
    const int status = store.set("key", "new", 4, 0);
    IS(status == MBED_ERROR_WRITE_FAILED || status == MBED_ERROR_OPERATION_PROHIBITED);
    device.bad_programs = 0;
    OK(store.get("key", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "data"));
}

// A value that rotted is an error, and not a byte of it is left in the buffer.
TEST(device_damage) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    OK(store.init());
    OK(store.set("key", "a value that will rot", 22, 0));
    OK(store.set("good", "data", 5, 0));
    for (uint32_t i = 0; i < 16384 - 8; i++) {
        if (memcmp(device.bytes() + i, "will rot", 8) == 0) {
            device.bytes()[i] ^= 4;
            break;
        }
    }
    memset(buffer, 'x', sizeof buffer);
    EXPECT(INVALID_DATA, store.get("key", buffer, sizeof buffer, &actual));
    IS(strstr(buffer, "rot") == NULL);
    OK(store.get("good", buffer, sizeof buffer, &actual));
}

namespace {

// The value of `number`, in a buffer of 100 bytes.
void value_of(int number, char *value) { memset(value, 'a' + number % 26, 100); }

// Sets keys until power goes; returns how many sets were acknowledged.
int set_until_power_goes(Device &device, int programs) {
    TDBStore store(&device);
    if (store.init() != MBED_SUCCESS) {
        return 0;
    }
    device.power = programs;
    int done = 0;
    char value[100], key[] = "kX";
    for (; done < 60; done++) {
        key[1] = static_cast<char>('0' + done % 6);
        value_of(done, value);
        if (store.set(key, value, sizeof value, 0) != MBED_SUCCESS) {
            break;
        }
    }
    return done;
}

} // namespace

TEST(power_goes_at_every_program) {
    for (int programs = 1; programs < 500; programs += 3) {
        Device device(8192, 1, 16, 2048);
        const int done = set_until_power_goes(device, programs);
        device.power = -1;
        TDBStore store(&device);
        OK(store.init());
        for (int key_number = 0; key_number < 6; key_number++) {
            // The last acknowledged set of this key, and the one that was in flight.
            int last = done - 1;
            while (last >= 0 && last % 6 != key_number) {
                last--;
            }
            const char key[] = {'k', static_cast<char>('0' + key_number), '\0'};
            char old_value[100], new_value[100];
            value_of(last < 0 ? 0 : last, old_value);
            value_of(done, new_value);
            const int status = store.get(key, buffer, sizeof buffer, &actual);
            const bool is_new = done % 6 == key_number && status == MBED_SUCCESS &&
                                memcmp(buffer, new_value, 100) == 0;
            const bool is_old = last < 0 ? status == NOT_FOUND
                                         : status == MBED_SUCCESS && actual == 100 &&
                                               memcmp(buffer, old_value, 100) == 0;
            IS(is_new || is_old);
        }
        OK(store.set("k0", "after", 6, 0));
        OK(store.get("k0", buffer, sizeof buffer, &actual));
        IS(actual == 6);
    }
}

TEST(lent_memory) {
    static unsigned char ram[KV_STORE_RAM(50, 4)];
    static unsigned char little[64];
    Device device(16384, 1, 16, 4096);
    {
        TDBStore store(&device, ram + 1, sizeof ram - 1);
        OK(store.init());
        OK(store.set("key", "data", 5, 0));
        OK(store.deinit());
        OK(store.init());
        OK(store.get("key", buffer, sizeof buffer, &actual));
    }
    TDBStore store(&device, little, sizeof little);
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, store.init());
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, store.nvkv_format());
    TDBStore none(&device, NULL, 0);
    IS(none.init() != MBED_SUCCESS);
    TDBStore heap(&device);
    OK(heap.init());
    OK(heap.get("key", buffer, sizeof buffer, &actual));
}

// How small sectors are grouped is part of what is on flash: a change would lose every store.
TEST(segments_of_small_sectors) {
    IS(nvkv_detail::segment_size(65536, 4096, 4) == 4096);
    IS(nvkv_detail::segment_size(262144, 131072, 32) == 131072);
    IS(nvkv_detail::segment_size(65536, 512, 512) == 8192);
    IS(nvkv_detail::segment_size(16384, 256, 256) == 4096);
    IS(nvkv_detail::segment_size(8192, 128, 4) == 1024);
    IS(nvkv_detail::segment_size(2048, 128, 4) == 512);
    IS(nvkv_detail::segment_size(1024, 1, 1) == 16);
    IS(nvkv_detail::segment_size(65536, 3072, 4) == 3072);
    IS(TDBStore::nvkv_index_keys(8192) == 64 && TDBStore::nvkv_index_keys(1 << 20) == 1024);
}

TEST(the_handle_of_the_c_api) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    IS(store.nvkv_store() == NULL);
    OK(store.init());
    OK(store.set("key", "data", 5, 0));
    kv_stats_t stats;
    OK(kv_store_stats(store.nvkv_store(), &stats));
    IS(stats.keys == 1);
    OK(kv_store_check(store.nvkv_store(), NULL));
    IS(kv_store_maintain(store.nvkv_store(), 10) >= 0);
}

#ifdef NVKV_OWN_HEAP_BLOCK_DEVICE
TEST(heap_block_device) {
    mbed::HeapBlockDevice heap(4096, 1, 4, 512);
    IS(heap.size() == 4096 && heap.get_read_size() == 1 && heap.get_program_size() == 4);
    IS(heap.get_erase_size() == 512 && heap.get_erase_size(100) == 512);
    IS(heap.get_erase_value() == -1 && check::same(heap.get_type(), "HEAP"));
    EXPECT(-4001, heap.read(buffer, 0, 4));
    OK(heap.init());
    OK(heap.read(buffer, 100, 4));
    IS(buffer[0] == 0 && buffer[3] == 0);
    OK(heap.program("0123456789ab", 508, 12));
    OK(heap.read(buffer, 509, 10));
    IS(memcmp(buffer, "123456789a", 10) == 0);
    EXPECT(-4001, heap.program("abc", 0, 3));
    EXPECT(-4001, heap.program("abcd", 4096, 4));
    EXPECT(-4001, heap.read(buffer, 4090, 10));
    EXPECT(-4001, heap.erase(1, 512));
    OK(heap.erase(0, 1024));
    OK(heap.trim(0, 512));
    OK(heap.sync());
    OK(heap.deinit());
    EXPECT(-4001, heap.read(buffer, 0, 4));
}
#endif

#ifdef NVKV_OWN_SLICING_BLOCK_DEVICE
TEST(slicing_block_device) {
    mbed::HeapBlockDevice heap(8192, 1, 4, 512);
    mbed::SlicingBlockDevice middle(&heap, 1024, 4096), rest(&heap, 4096), last(&heap, -1024);
    OK(middle.init());
    OK(rest.init());
    OK(last.init());
    IS(middle.size() == 3072 && rest.size() == 4096 && last.size() == 1024);
    OK(middle.program("abcd", 0, 4));
    OK(heap.read(buffer, 1024, 4));
    IS(memcmp(buffer, "abcd", 4) == 0);
    OK(last.program("last", 1020, 4));
    OK(heap.read(buffer, 8188, 4));
    IS(memcmp(buffer, "last", 4) == 0);
    EXPECT(-4001, middle.read(buffer, 3070, 4));
    EXPECT(-4001, middle.program(buffer, 3072, 4));
    EXPECT(-4001, middle.erase(0, 4096));
    OK(middle.erase(512, 512));
    mbed::SlicingBlockDevice beyond(&heap, 4096, 16384), ragged(&heap, 100, 1000);
    EXPECT(-4001, beyond.init());
    EXPECT(-4001, ragged.init());
    // Two stores on one device.
    TDBStore first(&middle), second(&rest);
    OK(first.init());
    OK(second.init());
    OK(first.set("key", "first", 6, 0));
    OK(second.set("key", "second", 7, 0));
    OK(first.reset());
    OK(second.get("key", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "second"));
}
#endif
