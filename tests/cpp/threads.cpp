// Threads that share a TDBStore, and the global API: contract 5.3 and 5.5 (what is called
// "multithreaded" there), 2.3.3, and the first call from several threads at once.
#include <atomic>
#include <thread>

#include "TDBStore.h"
#include "check.hpp"
#include "device.hpp"
#include "flash.hpp"
#include "kvstore_global_api.h"

using mbed::TDBStore;

namespace {

// Waits until `condition` holds, for ten seconds at most.
template <typename Condition> bool until(Condition condition) {
    for (int i = 0; i < 10000; i++) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
}

// Long enough for a thread that does not wait to go on.
void a_while() { std::this_thread::sleep_for(std::chrono::milliseconds(50)); }

struct Fresh {
    Fresh() : device(65536, 1, 16, 4096), store(&device) { OK(store.init()); }
    Device device;
    TDBStore store;
};

} // namespace

// The first call makes the store, and takes a while; the others wait for it.
TEST(static_first_call_from_many_threads) {
    std::atomic<int> failures(0), ready(0);
    std::thread threads[8];
    for (int i = 0; i < 8; i++) {
        threads[i] = std::thread([i, &failures, &ready] {
            const char key[] = {'k', static_cast<char>('0' + i), '\0'};
            ready++;
            while (ready < 8) {
            }
            failures += kv_set(key, key, 3, 0) != MBED_SUCCESS;
        });
    }
    for (std::thread &each : threads) {
        each.join();
    }
    IS(failures == 0);
    for (int i = 0; i < 8; i++) {
        const char key[] = {'k', static_cast<char>('0' + i), '\0'};
        OK(kv_exists(key));
    }
    OK(kv_reset("/kv/"));
}

TEST(static_set_several_keys_multithreaded) {
    static const char *const names[3] = {"key1", "key2", "key3"};
    int status[3];
    std::thread threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] =
            std::thread([i, &status] { status[i] = kv_set(names[i], names[i], 5, 0); });
    }
    for (int i = 0; i < 3; i++) {
        char value[8];
        size_t actual;
        threads[i].join();
        OK(status[i]);
        OK(kv_get(names[i], value, sizeof value, &actual));
        IS(actual == 5 && check::same(value, names[i]));
    }
}

TEST(static_get_several_keys_multithreaded) {
    std::atomic<int> failures(0);
    std::thread threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = std::thread([i, &failures] {
            const char key[] = {'k', 'e', 'y', static_cast<char>('1' + i), '\0'};
            for (int round = 0; round < 100; round++) {
                char value[8];
                size_t actual;
                failures += kv_get(key, value, sizeof value, &actual) != MBED_SUCCESS ||
                            strcmp(value, key) != 0;
            }
        });
    }
    for (std::thread &each : threads) {
        each.join();
    }
    IS(failures == 0);
    OK(kv_reset("/kv/"));
}

TEST(set_several_keys_multithreaded) {
    Fresh fresh;
    std::atomic<int> failures(0);
    std::thread threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = std::thread([i, &fresh, &failures] {
            const char key[] = {'k', 'e', 'y', static_cast<char>('0' + i), '\0'};
            for (int round = 0; round < 100; round++) {
                char value[64];
                memset(value, i * 3 + round, sizeof value);
                failures += fresh.store.set(key, value, sizeof value, 0) != MBED_SUCCESS;
            }
        });
    }
    for (std::thread &each : threads) {
        each.join();
    }
    IS(failures == 0);
    for (int i = 0; i < 3; i++) {
        const char key[] = {'k', 'e', 'y', static_cast<char>('0' + i), '\0'};
        char value[64], expected[64];
        memset(expected, i * 3 + 99, sizeof expected);
        OK(fresh.store.get(key, value, sizeof value));
        IS(memcmp(value, expected, sizeof value) == 0);
        OK(fresh.store.remove(key));
    }
}

TEST(get_several_keys_multithreaded) {
    Fresh fresh;
    std::atomic<int> failures(0);
    std::thread threads[3];
    OK(fresh.store.set("key0", "data0", 6, 0));
    OK(fresh.store.set("key1", "data1", 6, 0));
    OK(fresh.store.set("key2", "data2", 6, 0));
    for (int i = 0; i < 3; i++) {
        threads[i] = std::thread([i, &fresh, &failures] {
            const char key[] = {'k', 'e', 'y', static_cast<char>('0' + i), '\0'};
            for (int round = 0; round < 200; round++) {
                char value[8];
                failures += fresh.store.get(key, value, sizeof value) != MBED_SUCCESS ||
                            value[4] != '0' + i;
            }
        });
    }
    for (std::thread &each : threads) {
        each.join();
    }
    IS(failures == 0);
}

// The rule: of two threads that start a value, the second waits until the first finalizes its own.
// What only reads goes on meanwhile, and sees the old value.
TEST(stream_second_set_start_waits) {
    Fresh fresh;
    TDBStore::set_handle_t handle;
    OK(fresh.store.set("key", "old", 4, 0));
    OK(fresh.store.set_start(&handle, "key", 6, 0));
    OK(fresh.store.set_add_data(handle, "fir", 3));

    std::atomic<int> started(0);
    std::thread second([&fresh, &started] {
        TDBStore::set_handle_t own;
        OK(fresh.store.set_start(&own, "key", 7, 0));
        started = 1;
        OK(fresh.store.set_add_data(own, "second", 7));
        OK(fresh.store.set_finalize(own));
    });
    std::atomic<int> set(0);
    std::thread third([&fresh, &set] {
        OK(fresh.store.set("other", "data", 5, 0));
        set = 1;
    });
    std::atomic<int> read(0);
    std::thread reader([&fresh, &read] {
        char value[8];
        TDBStore::iterator_t it;
        OK(fresh.store.get("key", value, sizeof value));
        IS(check::same(value, "old"));
        OK(fresh.store.get_info("key"));
        OK(fresh.store.iterator_open(&it));
        OK(fresh.store.iterator_next(it, value, sizeof value));
        OK(fresh.store.iterator_close(it));
        read = 1;
    });
    reader.join();
    IS(read == 1);
    a_while();
    IS(started == 0 && set == 0);
    OK(fresh.store.set_add_data(handle, "st", 3));
    OK(fresh.store.set_finalize(handle));
    IS(until([&started, &set] { return started == 1 && set == 1; }));
    second.join();
    third.join();
    char value[8];
    OK(fresh.store.get("key", value, sizeof value));
    IS(check::same(value, "second"));
    OK(fresh.store.get_info("other"));
}

// A value that ends early lets the others in, too: Mbed's store keeps its mutex there.
TEST(stream_that_fails_lets_others_in) {
    for (int way = 0; way < 3; way++) {
        Fresh fresh;
        TDBStore::set_handle_t handle;
        OK(fresh.store.set_start(&handle, "key", 2000, 0));
        static char data[2000];
        switch (way) {
        case 0:
            EXPECT(INVALID_SIZE, fresh.store.set_finalize(handle));
            break;
        case 1:
            fresh.device.fail_programs = fresh.device.fail_erases = -1;
            IS(fresh.store.set_add_data(handle, data, sizeof data) != MBED_SUCCESS ||
               fresh.store.set_finalize(handle) != MBED_SUCCESS);
            fresh.device.fail_programs = fresh.device.fail_erases = 0;
            break;
        default:
            // Dropped by the thread's own write.
            OK(fresh.store.set("other", "data", 5, 0));
        }
        std::atomic<int> status(1);
        std::thread other([&fresh, &status] {
            char value[8];
            fresh.store.get("key", value, sizeof value);
            status = fresh.store.reset() == MBED_SUCCESS ? 0 : 2;
        });
        // After flash that failed for good the store may be read-only; but nobody waits for ever.
        IS(until([&status] { return status != 1; }));
        IS(status == 0 || way == 1);
        other.join();
    }
}

// deinit() waits for the value of another thread, as Mbed's does; init() of that thread does not
// wait.
TEST(stream_of_another_thread_and_deinit) {
    Fresh fresh;
    TDBStore::set_handle_t handle;
    OK(fresh.store.set("key", "old", 4, 0));
    OK(fresh.store.set_start(&handle, "key", 4, 0));
    std::atomic<int> done(0);
    std::thread other([&fresh, &done] {
        OK(fresh.store.deinit());
        done = 1;
    });
    a_while();
    IS(done == 0);
    OK(fresh.store.init());
    OK(fresh.store.set_add_data(handle, "new", 4));
    OK(fresh.store.set_finalize(handle));
    IS(until([&done] { return done == 1; }));
    other.join();
    EXPECT(NOT_READY, fresh.store.set_add_data(handle, "new", 4));
    OK(fresh.store.init());
    char value[8];
    OK(fresh.store.get("key", value, sizeof value));
    IS(check::same(value, "new"));
}

// Calls that meet deinit() are refused, or done before: nothing is touched that is gone.
TEST(deinit_beside_calls) {
    Fresh fresh;
    std::atomic<int> stop(0), bad(0);
    std::thread threads[3];
    OK(fresh.store.set("key", "data", 5, 0));
    for (int i = 0; i < 3; i++) {
        threads[i] = std::thread([i, &fresh, &stop, &bad] {
            while (stop == 0) {
                char value[8];
                const int status = i == 0 ? fresh.store.set("key", "data", 5, 0)
                                          : fresh.store.get("key", value, sizeof value);
                bad += status != MBED_SUCCESS && status != NOT_READY;
            }
        });
    }
    for (int round = 0; round < 200; round++) {
        OK(fresh.store.deinit());
        OK(fresh.store.init());
    }
    stop = 1;
    for (std::thread &each : threads) {
        each.join();
    }
    IS(bad == 0);
    OK(fresh.store.get_info("key"));
}
