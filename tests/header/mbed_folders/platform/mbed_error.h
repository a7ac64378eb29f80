/* Stands for Mbed's header of this name: the same guard, type and kind of names. */
#ifndef MBED_ERROR_H
#define MBED_ERROR_H

typedef int mbed_error_status_t;

#define MBED_DEFINE_SYSTEM_ERROR(name, code) \
    MBED_ERROR_CODE_##name = 256 + (code), \
    MBED_ERROR_##name = -2130771712 + (code)

typedef enum _mbed_error_code {
    MBED_SUCCESS = 0,
    MBED_DEFINE_SYSTEM_ERROR(UNKNOWN, 0),
    MBED_DEFINE_SYSTEM_ERROR(INVALID_FORMAT, 3),
    MBED_DEFINE_SYSTEM_ERROR(ITEM_NOT_FOUND, 7),
    MBED_DEFINE_SYSTEM_ERROR(MEDIA_FULL, 11),
    MBED_DEFINE_SYSTEM_ERROR(NOT_READY, 14)
} mbed_error_code_t;

#endif
