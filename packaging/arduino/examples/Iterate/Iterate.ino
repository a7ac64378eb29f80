// Lists what is stored, key by key, and removes some of it: with the global functions of Mbed OS.
// "/kv/" is the default partition, in the last two sectors of the chip's flash.
#include <nvkv.h> // first, so that the library's headers are taken and not those of the core

#include <kvstore_global_api.h>

void store(const char *path, const char *text) {
    const int status = kv_set(path, text, strlen(text), 0);
    if (status != MBED_SUCCESS) {
        Serial.print(path);
        Serial.print(": ");
        Serial.println(kv_error_name(status));
    }
}

// Prints the keys that begin like `prefix`, and counts them.
int list(const char *prefix) {
    kv_iterator_t it;
    int count = 0;
    if (kv_iterator_open(&it, prefix) != MBED_SUCCESS) {
        return count;
    }
    char path[KV_MAX_KEY_LENGTH + KV_PARTITION_NAME_LENGTH + 3];
    while (kv_iterator_next(it, path, sizeof path) == MBED_SUCCESS) {
        char text[33] = "";
        size_t size = 0;
        kv_get(path, text, sizeof text - 1, &size);
        text[size] = '\0';
        Serial.print("  ");
        Serial.print(path);
        Serial.print(" = ");
        Serial.println(text);
        count++;
    }
    kv_iterator_close(it);
    return count;
}

// Keys can be removed while they are listed.
void removeAll(const char *prefix) {
    kv_iterator_t it;
    if (kv_iterator_open(&it, prefix) != MBED_SUCCESS) {
        return;
    }
    char path[KV_MAX_KEY_LENGTH + KV_PARTITION_NAME_LENGTH + 3];
    while (kv_iterator_next(it, path, sizeof path) == MBED_SUCCESS) {
        kv_remove(path);
    }
    kv_iterator_close(it);
}

void setup() {
    Serial.begin(115200);
    while (!Serial) {
    }
    Serial.println("From before:");
    Serial.println(list("/kv/"));

    store("/kv/net_name", "harbour");
    store("/kv/net_channel", "11");
    store("/kv/alarm_low", "5");
    store("/kv/alarm_high", "30");

    Serial.println("All of the net:");
    Serial.println(list("/kv/net_"));
    removeAll("/kv/net_");
    Serial.println("Without it:");
    Serial.println(list("/kv/"));
}

void loop() {}
