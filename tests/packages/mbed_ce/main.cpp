// A program as it is for Mbed's own TDBStore, and a look at whose it got.
#include "HeapBlockDevice.h"
#include "TDBStore.h"

#include "startup.h"

#ifndef STAND_IN_BLOCKDEVICE
#error "the library of Mbed's block devices is not linked"
#endif
#ifndef STAND_IN_BLOCK_DEVICE
#error "not Mbed's own BlockDevice"
#endif

static int store_and_read() {
    static mbed::HeapBlockDevice device(16 * 1024, 1, 4, 1024);
    static mbed::TDBStore store(&device);
    uint32_t value = 20262, read_again = 0;
    int status = store.init();
    if (status == MBED_SUCCESS) {
        status = store.set("number", &value, sizeof value, 0);
    }
    if (status == MBED_SUCCESS) {
        status = store.get("number", &read_again, sizeof read_again, NULL);
    }
    return status == MBED_SUCCESS && read_again != value ? -1 : status;
}

int main() {
    // No such function in Mbed's class.
    int (mbed::TDBStore::*const format)() = &mbed::TDBStore::nvkv_format;
    const int status = format != NULL ? store_and_read() : -1;
    print(status == MBED_SUCCESS ? "C++ on the emulator: " : "C++ on the emulator FAILED: ");
    print(kv_error_name(status));
    print("\n");
    return status != MBED_SUCCESS;
}
