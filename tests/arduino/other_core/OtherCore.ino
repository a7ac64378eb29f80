// A sketch for a core without Mbed: it says what its flash is.
#include <NvkvPreferences.h>

static unsigned char chip[16 * 1024]; // stands for the flash

static int chipRead(void *, uint32_t address, void *buffer, uint32_t size) {
    memcpy(buffer, chip + address, size);
    return 0;
}
static int chipProgram(void *, uint32_t address, const void *data, uint32_t size) {
    memcpy(chip + address, data, size);
    return 0;
}
static int chipErase(void *, uint32_t address, uint32_t size) {
    memset(chip + address, 0xFF, size);
    return 0;
}

kv_flash_t describe() {
    kv_flash_t flash = kv_flash_t();
    flash.read = chipRead;
    flash.program = chipProgram;
    flash.erase = chipErase;
    flash.size = sizeof chip;
    flash.sector_size = 2048;
    flash.program_size = 8;
    return flash;
}

kv_flash_t myFlash = describe();
FlashIAPBlockDevice device(&myFlash);
mbed::TDBStore store(&device);
nvkv::Preferences settings(store);

void setup() {
    Serial.begin(115200);
    if (!settings.begin("device")) {
        Serial.println(kv_error_name(store.init()));
        return;
    }
    settings.putString("name", "greenhouse");
    settings.putFloat("limit", 21.5);
    store.deinit();
    settings.end();

    const bool isOpen = settings.begin("device", true);
    Serial.println(isOpen ? settings.getString("name").c_str() : "gone");
    Serial.println(settings.getFloat("limit") == 21.5f ? "limit" : "no limit");
    nvkv::Preferences onChip;
    Serial.println(onChip.begin("device") ? "a flash of the chip" : "no flash of the chip");
}

void loop() {}
