/* Firmware with two libraries in Rust. */
#include "../cmake/firmware/startup.h"
#include "../cmake/store.h"

uint32_t neighbour_sum(size_t first, size_t count);

int main(void) {
    uint32_t read_again = 0;
    int status = store_and_read(neighbour_sum(2, 3), &read_again);
    int good = status == MBED_SUCCESS && read_again == 3 + 5 + 8;

    print(good ? "C on the emulator: " : "C on the emulator FAILED: ");
    print(kv_error_name(status));
    print("\n");
    return !good;
}
