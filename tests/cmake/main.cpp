#include <cstdio>

#include "store.h"

int main() {
    uint32_t read_again = 0;
    const int status = store_and_read(20261, &read_again);

    std::printf("C++ read %u: %s\n", static_cast<unsigned>(read_again), kv_error_name(status));
    return status != MBED_SUCCESS || read_again != 20261;
}
