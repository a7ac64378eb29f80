/* Stands for Mbed's header of this name: some of its names, written for these tests. */
#ifndef MBED_ERROR_H
#define MBED_ERROR_H

typedef int mbed_error_status_t;

#define MBED_SYSTEM_ERROR_BASE 256
#define MBED_GET_ERROR_CODE(status) ((int)((status) & 0xFFFF))
#define STAND_IN(name, number) \
    MBED_ERROR_CODE_##name = 256 + number, MBED_ERROR_##name = (int)(0x80FF0100u + number)

#define MBED_SUCCESS 0

enum mbed_stand_in_numbers {
    STAND_IN(UNKNOWN, 0),
    STAND_IN(INVALID_ARGUMENT, 1),
    STAND_IN(INVALID_DATA_DETECTED, 2),
    STAND_IN(INVALID_FORMAT, 3),
    STAND_IN(INVALID_SIZE, 5),
    STAND_IN(ITEM_NOT_FOUND, 7),
    STAND_IN(UNSUPPORTED, 9),
    STAND_IN(MEDIA_FULL, 11),
    STAND_IN(ALREADY_IN_USE, 12),
    STAND_IN(NOT_READY, 14),
    STAND_IN(FAILED_OPERATION, 15),
    STAND_IN(OPERATION_PROHIBITED, 16),
    STAND_IN(WRITE_PROTECTED, 18),
    STAND_IN(READ_FAILED, 27),
    STAND_IN(WRITE_FAILED, 28),
    STAND_IN(INITIALIZATION_FAILED, 29),
    STAND_IN(OUT_OF_MEMORY, 31),
    STAND_IN(OUT_OF_RESOURCES, 32),
    STAND_IN(CONFIG_MISMATCH, 59),
    STAND_IN(ALREADY_INITIALIZED, 60)
};

#define STAND_IN_MBED_ERROR 1

#endif
