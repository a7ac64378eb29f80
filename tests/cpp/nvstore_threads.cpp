// Threads that share NVStore: contract 5.10, "race" and "multi-thread".
#include <atomic>
#include <thread>

#include "check.hpp"
#include "flash.hpp"
#include "nvstore.h"

namespace {

NVStore &nv() { return NVStore::get_instance(); }

// Value `number` of a key: its size and its bytes.
uint16_t fill(unsigned char *buffer, int key, int number) {
    const uint16_t size = static_cast<uint16_t>(1 + (key * 31 + number * 17) % 100);
    memset(buffer, key * 16 + number, size);
    return size;
}

bool is_candidate(const unsigned char *buffer, uint16_t size, int key) {
    unsigned char expected[128];
    for (int number = 0; number < 8; number++) {
        if (fill(expected, key, number) == size && memcmp(expected, buffer, size) == 0) {
            return true;
        }
    }
    return false;
}

} // namespace

// The areas are nearly full, so that one of the four collects.
TEST(nvstore_race) {
    OK(nv().reset());
    static unsigned char large[1000];
    for (int i = 0; i < 13; i++) {
        OK(nv().set(1, sizeof large, large));
    }
    int status[4];
    std::thread threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = std::thread([i, &status] {
            unsigned char value[128];
            memset(value, i + 1, sizeof value);
            status[i] = nv().set(2, sizeof value, value);
        });
    }
    for (int i = 0; i < 4; i++) {
        threads[i].join();
        OK(status[i]);
    }
    unsigned char value[128];
    uint16_t actual;
    OK(nv().get(2, sizeof value, value, actual));
    IS(actual == 128 && value[0] >= 1 && value[0] <= 4);
    for (size_t i = 1; i < sizeof value; i++) {
        IS(value[i] == value[0]);
    }
}

TEST(nvstore_multi_thread) {
    OK(nv().reset());
    nv().set_max_keys(21);
    OK(nv().set(20, 6, "intact"));
    std::atomic<int> stop(0), bad(0);
    std::thread threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = std::thread([i, &stop, &bad] {
            unsigned random = static_cast<unsigned>(i) + 1;
            unsigned char value[128];
            while (stop == 0) {
                random = random * 1103515245u + 12345u;
                const uint16_t key = static_cast<uint16_t>(random >> 16 & 7);
                if (random & 0x8000) {
                    const uint16_t size = fill(value, key, static_cast<int>(random >> 24 & 7));
                    bad += nv().set(key, size, value) != NVSTORE_SUCCESS;
                } else {
                    uint16_t actual = 0;
                    const int status = nv().get(key, sizeof value, value, actual);
                    bad += status != NVSTORE_NOT_FOUND &&
                           !(status == NVSTORE_SUCCESS && is_candidate(value, actual, key));
                }
            }
        });
    }
    // Mbed's test takes five seconds; what is in them fits in one.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    stop = 1;
    for (std::thread &each : threads) {
        each.join();
    }
    IS(bad == 0);
    OK(nv().deinit());
    for (uint16_t key = 0; key < 8; key++) {
        unsigned char value[128];
        uint16_t actual = 0;
        const int status = nv().get(key, sizeof value, value, actual);
        IS(status == NVSTORE_NOT_FOUND || is_candidate(value, actual, key));
    }
    char value[8];
    uint16_t actual;
    OK(nv().get(20, sizeof value, value, actual));
    IS(actual == 6 && memcmp(value, "intact", 6) == 0);
}
