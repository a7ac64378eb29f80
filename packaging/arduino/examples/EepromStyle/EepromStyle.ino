// For sketches that keep their data at addresses of an EEPROM: the same functions, in flash.
#include <nvkv.h> // first, so that the library's headers are taken and not those of the core

#include "FlashEeprom.h"

struct Calibration {
    float offset;
    uint16_t gain;
};

const size_t BOOTS_AT = 0;
const size_t CALIBRATION_AT = 4;

FlashEeprom<64> eeprom("/kv/eeprom");

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    if (!eeprom.begin()) {
        Serial.println("The flash cannot be read.");
        return;
    }

    uint32_t boots;
    if (eeprom.get(BOOTS_AT, boots) == 0xFFFFFFFF) {
        Serial.println("New: writing a calibration.");
        const Calibration first = {-0.25, 1030};
        eeprom.put(CALIBRATION_AT, first);
        boots = 0;
    }
    boots++;
    eeprom.put(BOOTS_AT, boots);
    Serial.println(eeprom.commit() ? "Stored." : "Not stored.");

    Calibration calibration;
    eeprom.get(CALIBRATION_AT, calibration);
    Serial.print("boots: ");
    Serial.println(boots);
    Serial.print("offset: ");
    Serial.println(calibration.offset);
    Serial.print("gain: ");
    Serial.println(calibration.gain);
}

void loop() {}
