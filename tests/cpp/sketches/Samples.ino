// Stores series of samples piece by piece, as they come from a sensor, and lists what is stored.
#include <FlashIAPBlockDevice.h>
#include <TDBStore.h>

#include "FlashLimits.h"

using namespace mbed;

auto limits = freeFlash();
FlashIAPBlockDevice flashDevice(limits.start, limits.size);
TDBStore store(&flashDevice);

const size_t SAMPLES = 500;

// One series: no more than a few samples are in RAM at a time.
int storeSeries(const char *key, uint16_t first) {
    TDBStore::set_handle_t handle;
    int result = store.set_start(&handle, key, SAMPLES * sizeof(uint16_t), 0);
    for (size_t i = 0; result == MBED_SUCCESS && i < SAMPLES; i += 10) {
        uint16_t some[10];
        for (size_t j = 0; j < 10; j++) {
            some[j] = first + i + j;
        }
        result = store.set_add_data(handle, some, sizeof some);
    }
    return result == MBED_SUCCESS ? store.set_finalize(handle) : result;
}

// Reads it back in pieces, too.
bool seriesIsRight(const char *key, uint16_t first) {
    for (size_t i = 0; i < SAMPLES; i += 25) {
        uint16_t some[25];
        size_t actual;
        if (store.get(key, some, sizeof some, &actual, i * sizeof(uint16_t)) != MBED_SUCCESS ||
            actual != sizeof some) {
            return false;
        }
        for (size_t j = 0; j < 25; j++) {
            if (some[j] != (uint16_t)(first + i + j)) {
                return false;
            }
        }
    }
    return true;
}

void setup() {
    Serial.begin(115200);
    if (store.init() != MBED_SUCCESS) {
        Serial.println("no store");
        return;
    }
    store.set("config", "interval=10", 12, 0);
    if (storeSeries("series_a", 1000) != MBED_SUCCESS ||
        storeSeries("series_b", 2000) != MBED_SUCCESS ||
        storeSeries("series_a", 3000) != MBED_SUCCESS) {
        Serial.println("cannot store");
        return;
    }
    Serial.println(seriesIsRight("series_a", 3000) && seriesIsRight("series_b", 2000)
                       ? "series are right"
                       : "series are wrong");

    TDBStore::iterator_t it;
    char key[KVStore::MAX_KEY_SIZE + 1];
    int count = 0;
    store.iterator_open(&it, "series_");
    while (store.iterator_next(it, key, sizeof key) == MBED_SUCCESS) {
        TDBStore::info_t info;
        store.get_info(key, &info);
        Serial.print(key);
        Serial.print(" ");
        Serial.println((unsigned long)info.size);
        store.remove(key);
        count++;
    }
    store.iterator_close(it);
    Serial.print(count);
    Serial.println(" series");
    const bool isGone = store.get_info("series_a") == MBED_ERROR_ITEM_NOT_FOUND;
    Serial.println(isGone ? "removed" : "still there");
}

void loop() {}
