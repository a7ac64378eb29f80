// TDBStore by the rows of contract 1.5, 2.2 and 2.3: states, order of checks, values in pieces,
// offsets, iterators, reserved data, what init() makes of a device; and what nvkv adds.
#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"

using mbed::TDBStore;

namespace {

typedef TDBStore::iterator_t iterator_t;
typedef TDBStore::set_handle_t set_handle_t;

char buffer[256];
size_t actual;
TDBStore::info_t details;
iterator_t it;
set_handle_t handle;

struct Fresh {
    explicit Fresh(uint32_t size = 16384) : device(size, 1, 16, 4096), store(&device) {
        OK(store.init());
    }
    Device device;
    TDBStore store;
};

// A full store, of values of 1000 bytes under k0, k1 and so on.
void fill(TDBStore &store) {
    char value[1000], key[16];
    memset(value, 7, sizeof value);
    int status = MBED_SUCCESS;
    for (int i = 0; status == MBED_SUCCESS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        status = store.set(key, value, sizeof value, 0);
    }
    EXPECT(FULL, status);
    for (int i = 0; store.set("filler", value, static_cast<size_t>(1000 - i * 10), 0) == FULL;) {
        i++;
    }
}

} // namespace

TEST(key_rules) {
    Fresh fresh;
    char key[130];
    for (size_t length = 1; length <= 129; length++) {
        memset(key, 'k', length);
        key[length] = '\0';
        EXPECT(length <= 128 ? static_cast<int>(MBED_SUCCESS) : static_cast<int>(INVALID_ARGUMENT),
               fresh.store.set(key, "v", 1, 0));
        IS(fresh.store.is_valid_key(key) == (length <= 128));
        if (length < 127) {
            OK(fresh.store.remove(key));
        }
    }
    // The longest key works, and is another than the one that it begins with.
    memset(key, 'k', 128);
    key[128] = '\0';
    OK(fresh.store.set(key, "longest", 7, 0));
    OK(fresh.store.get(key, buffer, sizeof buffer, &actual));
    IS(actual == 7);
    key[127] = '\0';
    OK(fresh.store.get(key, buffer, sizeof buffer, &actual));
    IS(actual == 1);

    IS(!fresh.store.is_valid_key(NULL) && !fresh.store.is_valid_key(""));
    for (const char *bad = "*/?:;\"|<>\\ "; *bad != '\0'; bad++) {
        const char name[] = {'a', *bad, '\0'};
        IS(!fresh.store.is_valid_key(name));
        EXPECT(INVALID_ARGUMENT, fresh.store.get(name, buffer, 1, &actual));
        EXPECT(INVALID_ARGUMENT, fresh.store.get_info(name, &details));
        EXPECT(INVALID_ARGUMENT, fresh.store.remove(name));
        EXPECT(INVALID_ARGUMENT, fresh.store.set_start(&handle, name, 1, 0));
    }
    // All else is a key.
    for (int each = 1; each < 256; each++) {
        const char name[] = {static_cast<char>(each), '\0'};
        if (strchr("*/?:;\"|<>\\ ", each) == NULL) {
            OK(fresh.store.set(name, name, 1, 0));
        }
    }
}

// Mbed's store keeps its own record under this name, and damages it.
TEST(key_tdbs_is_an_ordinary_key) {
    Fresh fresh;
    OK(fresh.store.iterator_open(&it));
    EXPECT(NOT_FOUND, fresh.store.iterator_next(it, buffer, sizeof buffer));
    OK(fresh.store.iterator_close(it));
    EXPECT(NOT_FOUND, fresh.store.get("TDBS", buffer, sizeof buffer, &actual));
    OK(fresh.store.set("TDBS", "data", 5, 0));
    OK(fresh.store.deinit());
    OK(fresh.store.init());
    OK(fresh.store.get("TDBS", buffer, sizeof buffer, &actual));
    OK(fresh.store.remove("TDBS"));
}

// Two names with the same CRC-32, which Mbed's store takes for one.
TEST(keys_whose_hashes_collide) {
    Fresh fresh;
    OK(fresh.store.set("key12182_34739", "first", 6, 0));
    OK(fresh.store.set("key29959_44472", "second", 7, 0));
    OK(fresh.store.get("key12182_34739", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "first"));
    OK(fresh.store.get("key29959_44472", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "second"));
    OK(fresh.store.remove("key12182_34739"));
    OK(fresh.store.get("key29959_44472", buffer, sizeof buffer, &actual));
}

TEST(state_never_initialised) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    EXPECT(NOT_FOUND, store.get("key", buffer, sizeof buffer, &actual));
    EXPECT(NOT_FOUND, store.get_info("key", &details));
    EXPECT(INVALID_ARGUMENT, store.get("", buffer, sizeof buffer, &actual));
    EXPECT(NOT_READY, store.set("key", "data", 5, 0));
    EXPECT(NOT_READY, store.set_start(&handle, "key", 5, 0));
    EXPECT(NOT_READY, store.set_add_data(NULL, "data", 5));
    EXPECT(NOT_READY, store.set_finalize(NULL));
    EXPECT(NOT_READY, store.remove("key"));
    EXPECT(NOT_READY, store.reset());
    EXPECT(NOT_READY, store.iterator_open(&it));
    EXPECT(NOT_READY, store.iterator_next(NULL, buffer, sizeof buffer));
    EXPECT(NOT_READY, store.iterator_close(NULL));
    EXPECT(MBED_ERROR_READ_FAILED, store.reserved_data_get(buffer, sizeof buffer, &actual));
    EXPECT(NOT_READY, store.reserved_data_set("data", 5));
    OK(store.deinit());
    IS(device.inits == 0 && device.reads + device.programs + device.erases == 0);
}

TEST(state_initialised) {
    Fresh fresh;
    OK(fresh.store.init());
    IS(fresh.device.inits == 1);
    OK(fresh.store.deinit());
    IS(fresh.device.inits == 0);
    OK(fresh.store.deinit());
    IS(fresh.device.inits == 0);
}

TEST(state_after_deinit) {
    Fresh fresh;
    OK(fresh.store.set("key", "data", 5, 0));
    OK(fresh.store.iterator_open(&it));
    OK(fresh.store.set_start(&handle, "key", 5, 0));
    const set_handle_t opened = handle;
    iterator_t other;
    OK(fresh.store.deinit());
    EXPECT(NOT_READY, fresh.store.get("key", buffer, sizeof buffer, &actual));
    EXPECT(NOT_READY, fresh.store.get_info("key", &details));
    EXPECT(NOT_READY, fresh.store.set("key", "data", 5, 0));
    EXPECT(NOT_READY, fresh.store.remove("key"));
    EXPECT(NOT_READY, fresh.store.reset());
    EXPECT(NOT_READY, fresh.store.set_start(&handle, "key", 5, 0));
    IS(handle == NULL);
    handle = opened;
    EXPECT(NOT_READY, fresh.store.set_add_data(handle, "data", 5));
    EXPECT(NOT_READY, fresh.store.set_finalize(handle));
    EXPECT(NOT_READY, fresh.store.iterator_open(&other));
    EXPECT(NOT_READY, fresh.store.iterator_next(it, buffer, sizeof buffer));
    EXPECT(NOT_READY, fresh.store.iterator_close(it));
    EXPECT(NOT_READY, fresh.store.reserved_data_get(buffer, sizeof buffer, &actual));
    EXPECT(NOT_READY, fresh.store.reserved_data_set("data", 5));
    OK(fresh.store.init());
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual));
    // What was open before is gone.
    EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, fresh.store.iterator_next(it, buffer, sizeof buffer));
}

TEST(set_order_of_checks) {
    Fresh fresh;
    EXPECT(INVALID_ARGUMENT, fresh.store.set("key", NULL, 1, 0));
    EXPECT(INVALID_ARGUMENT, fresh.store.set("a/b", "data", 5, 0));
    const uint32_t bad[] = {4, 16, 1u << 30, 0x80000000u};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        EXPECT(INVALID_ARGUMENT, fresh.store.set("key", "data", 5, bad[i]));
        EXPECT(INVALID_ARGUMENT, fresh.store.set_start(&handle, "key", 5, bad[i] | 1));
    }
    // On a TDBStore itself, all three flags are stored and told.
    OK(fresh.store.set("key", "data", 5, 2 | 8));
    OK(fresh.store.get_info("key", &details));
    IS(details.flags == (2 | 8));
    // Mbed's flag for "removed" is not one of the program's: the key stays.
    EXPECT(INVALID_ARGUMENT, fresh.store.set("key", NULL, 0, 0x80000000u));
    OK(fresh.store.get_info("key", &details));
    EXPECT(INVALID_ARGUMENT, fresh.store.set_start(NULL, "key", 5, 0));
}

TEST(set_full_existence_before_space) {
    Fresh fresh;
    OK(fresh.store.set("once", "data", 5, TDBStore::WRITE_ONCE_FLAG));
    fill(fresh.store);
    char big[2000];
    memset(big, 1, sizeof big);
    const unsigned before = fresh.device.programs + fresh.device.erases;
    EXPECT(PROTECTED, fresh.store.set("once", big, sizeof big, 0));
    EXPECT(NOT_FOUND, fresh.store.remove("missing"));
    EXPECT(FULL, fresh.store.set("new", big, sizeof big, 0));
    EXPECT(FULL, fresh.store.set_start(&handle, "new", 100000, 0));
    // A refusal costs nothing.
    IS(fresh.device.programs + fresh.device.erases == before);
    // A full store can be emptied.
    OK(fresh.store.remove("k0"));
    OK(fresh.store.remove("k1"));
    OK(fresh.store.set("new", big, 1000, 0));
    OK(fresh.store.get("once", buffer, sizeof buffer, &actual));
}

TEST(set_update_needs_room_for_both) {
    Fresh fresh(8192);
    static char value[8192], read[8192];
    // docs/mbed-differences.md says how large it may be.
    for (int i = 0; i < 20; i++) {
        memset(value, i, sizeof value);
        OK(fresh.store.set("one", value, 1160, 0));
        OK(fresh.store.get("one", read, sizeof read, &actual));
        IS(actual == 1160 && memcmp(value, read, 1160) == 0);
    }
    EXPECT(FULL, fresh.store.set("never", value, sizeof value, 0));
    // A chip with large sectors: STM32H7.
    static char large[32000], back[32000];
    Device chip(2 * 128 * 1024, 1, 32, 128 * 1024);
    TDBStore store(&chip);
    OK(store.init());
    for (int i = 0; i < 12; i++) {
        memset(large, i, sizeof large);
        OK(store.set("one", large, sizeof large, 0));
        OK(store.get("one", back, sizeof back, &actual));
        IS(actual == sizeof large && memcmp(large, back, sizeof large) == 0);
    }
}

TEST(get_offsets_and_buffers) {
    Fresh fresh;
    OK(fresh.store.set("key", "0123456789", 10, 0));
    OK(fresh.store.get("key", buffer, 4, &actual, 3));
    IS(actual == 4 && memcmp(buffer, "3456", 4) == 0);
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual, 8));
    IS(actual == 2 && memcmp(buffer, "89", 2) == 0);
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual, 10));
    IS(actual == 0);
    actual = 77;
    EXPECT(INVALID_SIZE, fresh.store.get("key", buffer, sizeof buffer, &actual, 11));
    EXPECT(NOT_FOUND, fresh.store.get("missing", buffer, sizeof buffer, &actual, 11));
    IS(actual == 77);
    // Defaults.
    OK(fresh.store.get("key", buffer, sizeof buffer));
    OK(fresh.store.get("key", NULL, 0));
    EXPECT(INVALID_ARGUMENT, fresh.store.get("key", NULL, 4, &actual));
    EXPECT(NOT_FOUND, fresh.store.get("missing", NULL, 4, &actual));
    OK(fresh.store.set("empty", NULL, 0, 0));
    OK(fresh.store.get("empty", NULL, 4, &actual));
    IS(actual == 0);
    OK(fresh.store.get_info("key"));
    OK(fresh.store.get_info("key", NULL));
}

TEST(stream_state_machine) {
    Fresh fresh;
    set_handle_t stale;
    OK(fresh.store.set("key", "old", 4, 0));
    // Idle.
    EXPECT(INVALID_ARGUMENT, fresh.store.set_add_data(NULL, "data", 5));
    EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(NULL));
    // Open: the old value is seen, and wrong calls leave it open.
    OK(fresh.store.set_start(&handle, "key", 10, 0));
    stale = handle;
    EXPECT(INVALID_ARGUMENT, fresh.store.set_add_data(NULL, "data", 5));
    EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(NULL));
    EXPECT(INVALID_ARGUMENT, fresh.store.set_add_data(handle, NULL, 5));
    EXPECT(INVALID_SIZE, fresh.store.set_add_data(handle, "0123456789a", 11));
    OK(fresh.store.set_add_data(handle, NULL, 0));
    OK(fresh.store.set_add_data(handle, "01234", 5));
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual));
    IS(actual == 4 && check::same(buffer, "old"));
    OK(fresh.store.get_info("key", &details));
    IS(details.size == 4);
    OK(fresh.store.iterator_open(&it));
    OK(fresh.store.iterator_next(it, buffer, sizeof buffer));
    EXPECT(NOT_FOUND, fresh.store.iterator_next(it, buffer, sizeof buffer));
    OK(fresh.store.iterator_close(it));
    EXPECT(INVALID_SIZE, fresh.store.set_add_data(handle, "012345", 6));
    OK(fresh.store.set_add_data(handle, "56789", 5));
    OK(fresh.store.set_finalize(handle));
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual));
    IS(actual == 10 && memcmp(buffer, "0123456789", 10) == 0);
    // Idle again.
    EXPECT(INVALID_ARGUMENT, fresh.store.set_add_data(stale, "d", 1));
    EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(stale));
    // Too few bytes: the old value stays.
    OK(fresh.store.set_start(&handle, "key", 10, 0));
    OK(fresh.store.set_add_data(handle, "abc", 3));
    EXPECT(INVALID_SIZE, fresh.store.set_finalize(handle));
    OK(fresh.store.get("key", buffer, sizeof buffer, &actual));
    IS(actual == 10);
    EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(handle));
}

TEST(stream_dropped_by_the_same_thread) {
    Fresh fresh;
    OK(fresh.store.set("key", "old", 4, 0));
    for (int way = 0; way < 5; way++) {
        set_handle_t dropped;
        OK(fresh.store.set_start(&dropped, "key", 4, 0));
        OK(fresh.store.set_add_data(dropped, "new", 4));
        switch (way) {
        case 0:
            OK(fresh.store.set("other", "data", 5, 0));
            break;
        case 1:
            OK(fresh.store.remove("other"));
            break;
        case 2:
            OK(fresh.store.set_start(&handle, "other", 1, 0));
            break;
        case 3:
            OK(fresh.store.reserved_data_set("data", 5));
            break;
        default:
            OK(fresh.store.reset());
        }
        EXPECT(INVALID_ARGUMENT, fresh.store.set_add_data(dropped, "x", 0));
        EXPECT(INVALID_ARGUMENT, fresh.store.set_finalize(dropped));
        if (way < 4) {
            OK(fresh.store.get("key", buffer, sizeof buffer, &actual));
            IS(check::same(buffer, "old"));
        }
    }
    EXPECT(NOT_FOUND, fresh.store.get("key", buffer, sizeof buffer, &actual));
}

TEST(stream_write_once_and_update) {
    Fresh fresh;
    OK(fresh.store.set_start(&handle, "once", 4, TDBStore::WRITE_ONCE_FLAG));
    OK(fresh.store.set_add_data(handle, "data", 4));
    OK(fresh.store.set_finalize(handle));
    EXPECT(PROTECTED, fresh.store.set_start(&handle, "once", 4, 0));
    OK(fresh.store.get_info("once", &details));
    IS(details.flags == TDBStore::WRITE_ONCE_FLAG && details.size == 4);
}

TEST(iterators_limits) {
    Fresh fresh;
    iterator_t all[16];
    OK(fresh.store.set("key", "data", 5, 0));
    for (int i = 0; i < 16; i++) {
        OK(fresh.store.iterator_open(&all[i], "k"));
    }
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, fresh.store.iterator_open(&it, "k"));
    OK(fresh.store.iterator_close(all[3]));
    EXPECT(INVALID_ARGUMENT, fresh.store.iterator_close(all[3]));
    EXPECT(INVALID_ARGUMENT, fresh.store.iterator_next(all[3], buffer, sizeof buffer));
    OK(fresh.store.iterator_open(&it, "k"));
    EXPECT(INVALID_ARGUMENT, fresh.store.iterator_next(NULL, buffer, sizeof buffer));
    EXPECT(INVALID_ARGUMENT, fresh.store.iterator_close(NULL));
    // Too small a buffer: the same key again.
    memset(buffer, 'x', sizeof buffer);
    EXPECT(INVALID_SIZE, fresh.store.iterator_next(it, buffer, 0));
    EXPECT(INVALID_SIZE, fresh.store.iterator_next(it, buffer, 3));
    OK(fresh.store.iterator_next(it, buffer, 4));
    IS(check::same(buffer, "key") && buffer[4] == 'x');
}

TEST(iterators_while_setting_and_removing) {
    Fresh fresh(65536);
    char key[16];
    int seen[40] = {0};
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "key%02d", i);
        OK(fresh.store.set(key, key, 6, 0));
    }
    OK(fresh.store.iterator_open(&it, "key"));
    int step = 0;
    while (fresh.store.iterator_next(it, buffer, sizeof buffer) == MBED_SUCCESS) {
        const int number = (buffer[3] - '0') * 10 + buffer[4] - '0';
        seen[number]++;
        // Others come and go, and this one is changed.
        char value[600];
        memset(value, step, sizeof value);
        OK(fresh.store.set(buffer, value, sizeof value, 0));
        snprintf(key, sizeof key, "new%d", step++);
        OK(fresh.store.set(key, "data", 5, 0));
        if (step % 3 == 0) {
            OK(fresh.store.remove(key));
        }
    }
    for (int i = 0; i < 40; i++) {
        IS(seen[i] == 1);
    }
    OK(fresh.store.iterator_close(it));
}

TEST(reserved_data) {
    Fresh fresh;
    char data[65];
    memset(data, 5, sizeof data);
    EXPECT(NOT_FOUND, fresh.store.reserved_data_get(buffer, sizeof buffer, &actual));
    EXPECT(INVALID_SIZE, fresh.store.reserved_data_set(data, 65));
    EXPECT(INVALID_ARGUMENT, fresh.store.reserved_data_set(NULL, 4));
    OK(fresh.store.reserved_data_set(data, 64));
    EXPECT(MBED_ERROR_WRITE_FAILED, fresh.store.reserved_data_set(data, 16));
    EXPECT(INVALID_SIZE, fresh.store.reserved_data_get(buffer, 63, &actual));
    actual = 0;
    OK(fresh.store.reserved_data_get(NULL, 0, &actual));
    IS(actual == 64);
    OK(fresh.store.reserved_data_get(buffer, sizeof buffer));
    IS(memcmp(buffer, data, 64) == 0);
    // Through collection, and a new start.
    char value[1000];
    memset(value, 1, sizeof value);
    for (int i = 0; i < 60; i++) {
        OK(fresh.store.set("key", value, sizeof value, 0));
    }
    OK(fresh.store.deinit());
    OK(fresh.store.init());
    OK(fresh.store.reserved_data_get(buffer, sizeof buffer, &actual));
    IS(actual == 64 && memcmp(buffer, data, 64) == 0);
    OK(fresh.store.reset());
    EXPECT(NOT_FOUND, fresh.store.reserved_data_get(buffer, sizeof buffer, &actual));
    OK(fresh.store.reserved_data_set(NULL, 0));
    EXPECT(MBED_ERROR_WRITE_FAILED, fresh.store.reserved_data_set(data, 16));
    static_assert(TDBStore::RESERVED_AREA_SIZE == 64, "Mbed's number");
}

TEST(reset_removes_everything) {
    Fresh fresh;
    OK(fresh.store.set("once", "data", 5, TDBStore::WRITE_ONCE_FLAG));
    OK(fresh.store.iterator_open(&it));
    OK(fresh.store.reset());
    EXPECT(NOT_FOUND, fresh.store.iterator_next(it, buffer, sizeof buffer));
    EXPECT(NOT_FOUND, fresh.store.get("once", buffer, sizeof buffer, &actual));
    OK(fresh.store.set("once", "again", 6, TDBStore::WRITE_ONCE_FLAG));
    OK(fresh.store.deinit());
    OK(fresh.store.init());
    OK(fresh.store.get("once", buffer, sizeof buffer, &actual));
    IS(check::same(buffer, "again"));
}
