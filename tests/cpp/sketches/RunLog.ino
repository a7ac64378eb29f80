// Keeps a record of this board's runs in the free part of the chip's flash: reads the one of the
// last run, and stores that of this one.
#include <FlashIAPBlockDevice.h>
#include <TDBStore.h>

#include "FlashLimits.h"

using namespace mbed;

struct RunRecord {
    uint32_t bootMillis;
    uint32_t sample;
    uint32_t runs;
};

auto limits = freeFlash();
FlashIAPBlockDevice flashDevice(limits.start, limits.size);
TDBStore store(&flashDevice);

const char RECORD_KEY[] = "run_record";

int loadRecord(RunRecord *record) {
    TDBStore::info_t info;
    int result = store.get_info(RECORD_KEY, &info);
    if (result != MBED_SUCCESS) {
        return result;
    }
    if (info.size != sizeof *record) {
        return MBED_ERROR_INVALID_SIZE;
    }
    size_t actual;
    return store.get(RECORD_KEY, record, sizeof *record, &actual);
}

int saveRecord(const RunRecord &record) {
    return store.set(RECORD_KEY, &record, sizeof record, 0);
}

void showRecord(const char *title, const RunRecord &record) {
    Serial.println(title);
    Serial.print("  boot millis: ");
    Serial.println(record.bootMillis);
    Serial.print("  runs: ");
    Serial.println(record.runs);
}

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    delay(100);
    srand(micros());

    flashDevice.init();
    Serial.print("size ");
    Serial.println(flashDevice.size());
    Serial.print("read ");
    Serial.println(flashDevice.get_read_size());
    Serial.print("program ");
    Serial.println(flashDevice.get_program_size());
    Serial.print("erase ");
    Serial.println(flashDevice.get_erase_size());
    flashDevice.deinit();

    int result = store.init();
    Serial.println(result == MBED_SUCCESS ? "store ready" : "no store");
    if (result != MBED_SUCCESS) {
        return;
    }

    RunRecord record = {0, 0, 0};
    result = loadRecord(&record);
    if (result == MBED_SUCCESS) {
        showRecord("last run", record);
    } else if (result == MBED_ERROR_ITEM_NOT_FOUND) {
        Serial.println("first run");
    } else {
        Serial.println("cannot read");
        return;
    }

    record.bootMillis = millis();
    record.sample = rand();
    record.runs++;
    result = saveRecord(record);
    if (result == MBED_SUCCESS) {
        showRecord("this run", record);
    } else {
        Serial.println("cannot save");
    }
}

void loop() {}
