// Stores a series of samples that is larger than the RAM to spare, piece by piece as they come from
// a sensor, and reads it in pieces, too. Until the last piece is in, the series of before is what
// is read: power may fail at any time.
#include <nvkv.h> // first, so that the library's headers are taken and not those of the core

#include <kvstore_global_api.h>

const char SERIES[] = "/kv/series";
const size_t SAMPLES = 2000;
const size_t AT_A_TIME = 20;

// Stands for a sensor.
uint16_t sample(size_t number) { return static_cast<uint16_t>(500 + number % 100); }

int storeSeries() {
    kv_set_handle_t series;
    int status = kv_set_start(&series, SERIES, SAMPLES * sizeof(uint16_t), 0);
    for (size_t i = 0; status == MBED_SUCCESS && i < SAMPLES; i += AT_A_TIME) {
        uint16_t some[AT_A_TIME];
        for (size_t j = 0; j < AT_A_TIME; j++) {
            some[j] = sample(i + j);
        }
        status = kv_set_add_data(series, some, sizeof some);
    }
    return status == MBED_SUCCESS ? kv_set_finalize(series) : status;
}

int average(uint32_t *result) {
    uint32_t sum = 0;
    for (size_t i = 0; i < SAMPLES; i += AT_A_TIME) {
        uint16_t some[AT_A_TIME];
        const int status = kv_get_at(SERIES, some, sizeof some, NULL, i * sizeof(uint16_t));
        if (status != MBED_SUCCESS) {
            return status;
        }
        for (size_t j = 0; j < AT_A_TIME; j++) {
            sum += some[j];
        }
    }
    *result = sum / SAMPLES;
    return MBED_SUCCESS;
}

void showAverage(const char *title) {
    uint32_t result;
    const int status = average(&result);
    Serial.print(title);
    if (status == MBED_SUCCESS) {
        Serial.println(result);
    } else {
        Serial.println(status == MBED_ERROR_ITEM_NOT_FOUND ? "none" : kv_error_name(status));
    }
}

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    showAverage("average of the last run: ");
    const int status = storeSeries();
    if (status != MBED_SUCCESS) {
        Serial.println(kv_error_name(status));
        return;
    }
    kv_info_t info;
    if (kv_get_info(SERIES, &info) == MBED_SUCCESS) {
        Serial.print("bytes: ");
        Serial.println(static_cast<unsigned long>(info.size));
    }
    showAverage("average: ");
}

void loop() {}
