/* kv_error_name knows each status of the header by its name there, and any other number. */
#include <limits.h>

#include "check.h"

#define NAMED(status) CHECK(strcmp(kv_error_name(status), #status) == 0)

int main(void) {
    static const int others[] = {1, -1, -4001, INT_MAX, INT_MIN, MBED_ERROR_UNKNOWN - 1};
    size_t i;

    NAMED(MBED_SUCCESS);
    NAMED(MBED_ERROR_UNKNOWN);
    NAMED(MBED_ERROR_INVALID_ARGUMENT);
    NAMED(MBED_ERROR_INVALID_DATA_DETECTED);
    NAMED(MBED_ERROR_INVALID_FORMAT);
    NAMED(MBED_ERROR_INVALID_SIZE);
    NAMED(MBED_ERROR_ITEM_NOT_FOUND);
    NAMED(MBED_ERROR_UNSUPPORTED);
    NAMED(MBED_ERROR_MEDIA_FULL);
    NAMED(MBED_ERROR_ALREADY_IN_USE);
    NAMED(MBED_ERROR_NOT_READY);
    NAMED(MBED_ERROR_FAILED_OPERATION);
    NAMED(MBED_ERROR_OPERATION_PROHIBITED);
    NAMED(MBED_ERROR_WRITE_PROTECTED);
    NAMED(MBED_ERROR_READ_FAILED);
    NAMED(MBED_ERROR_WRITE_FAILED);
    NAMED(MBED_ERROR_OUT_OF_MEMORY);
    NAMED(MBED_ERROR_OUT_OF_RESOURCES);
    NAMED(MBED_ERROR_CONFIG_MISMATCH);
    NAMED(MBED_ERROR_RBP_AUTHENTICATION_FAILED);
    for (i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK(strcmp(kv_error_name(others[i]), "unknown") == 0);
    }
    /* As Mbed OS prints it. */
    CHECK(MBED_ERROR_ITEM_NOT_FOUND == -2130771705);
    return 0;
}
