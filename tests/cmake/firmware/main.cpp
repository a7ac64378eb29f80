#include "../store.h"
#include "startup.h"

int main() {
    uint32_t read_again = 0;
    const int status = store_and_read(20261, &read_again);
    const bool good = status == MBED_SUCCESS && read_again == 20261;

    print(good ? "C++ on the emulator: " : "C++ on the emulator FAILED: ");
    print(kv_error_name(status));
    print("\n");
    return !good;
}
