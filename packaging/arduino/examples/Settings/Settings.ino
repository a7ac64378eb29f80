// Settings that survive: with the functions of the class Preferences of the ESP32 core. On boards
// with an Mbed core they are in the last two sectors of the chip's flash.
#include <NvkvPreferences.h>

nvkv::Preferences settings;

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    if (!settings.begin("device")) {
        Serial.println("The settings cannot be opened.");
        return;
    }

    if (!settings.isKey("name")) {
        Serial.println("No settings yet: these are the first.");
        settings.putString("name", "greenhouse");
        settings.putFloat("limit", 21.5);
        settings.putBool("alarm", true);
    }

    // Each change is there after a loss of power in this very moment, whole, or not at all.
    const uint32_t starts = settings.getUInt("starts") + 1;
    if (settings.putUInt("starts", starts) == 0) {
        Serial.println("The count could not be stored.");
    }

    Serial.print("name: ");
    Serial.println(settings.getString("name"));
    Serial.print("limit: ");
    Serial.println(settings.getFloat("limit", 20));
    Serial.print("alarm: ");
    Serial.println(settings.getBool("alarm") ? "on" : "off");
    Serial.print("unit: ");
    Serial.println(settings.getString("unit", "Celsius")); // has a default
    Serial.print("starts: ");
    Serial.println(starts);
    settings.end();
}

void loop() {}
