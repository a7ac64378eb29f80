#include "../store.h"
#include "startup.h"

/* Not called; a hard-float archive must take and give floats as this file does, or not link. */
float twice(float value) {
    return value + value;
}

int main(void) {
    uint32_t read_again = 0;
    int status = store_and_read(20260, &read_again);
    int good = status == MBED_SUCCESS && read_again == 20260;

    print(good ? "C on the emulator: " : "C on the emulator FAILED: ");
    print(kv_error_name(status));
    print("\n");
    return !good;
}
