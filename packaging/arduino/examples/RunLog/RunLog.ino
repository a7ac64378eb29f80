// Counts the runs of this board with Mbed's class TDBStore, on the part of the flash that the
// sketch leaves free: reads the record of the last run, and stores that of this one.
//
// Works on boards with an Mbed core: Portenta H7, Giga, Opta, Nano 33 BLE, RP2040 boards.
#include <nvkv.h> // first, so that TDBStore.h is the library's and not that of the core

#include <FlashIAPBlockDevice.h>
#include <TDBStore.h>

#include "FlashLimits.h"

struct RunRecord {
    uint32_t runs;
    uint32_t startedAt;
};

const char KEY[] = "run_record";

FlashLimits limits = freeFlash();
FlashIAPBlockDevice flashDevice(limits.start, limits.size);
mbed::TDBStore store(&flashDevice);

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }

    int status = store.init();
    if (status != MBED_SUCCESS) {
        Serial.print("no store: ");
        Serial.println(kv_error_name(status));
        return;
    }

    RunRecord record = {0, 0};
    size_t size = 0;
    status = store.get(KEY, &record, sizeof record, &size);
    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        Serial.println("The first run.");
    } else if (status != MBED_SUCCESS || size != sizeof record) {
        Serial.print("cannot read: ");
        Serial.println(kv_error_name(status));
        return;
    } else {
        Serial.print("Runs before this one: ");
        Serial.println(record.runs);
    }

    record.runs++;
    record.startedAt = millis();
    // When power fails in this call, the next run finds the old record or the new one, whole.
    status = store.set(KEY, &record, sizeof record, 0);
    Serial.println(status == MBED_SUCCESS ? "Stored." : kv_error_name(status));
}

void loop() {}
