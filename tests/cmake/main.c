#include <stdio.h>

#include "store.h"

int main(void) {
    uint32_t read_again = 0;
    int status = store_and_read(20260, &read_again);

    printf("C read %u: %s\n", (unsigned)read_again, kv_error_name(status));
    return status != MBED_SUCCESS || read_again != 20260;
}
