/* A test program checks with these and returns 0; the first thing that is not so ends it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvkv.h"
#include "record.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* `call` must return `status`. */
#define EXPECT(status, call) expect_status((call), (status), #call, __FILE__, __LINE__)
#define OK(call) expect_status((call), MBED_SUCCESS, #call, __FILE__, __LINE__)

static inline void expect_status(int actual, int expected, const char *call, const char *file,
                                 int line) {
    if (actual != expected) {
        fprintf(stderr, "%s:%d: %s is %s (%d), not %s\n", file, line, call, kv_error_name(actual),
                actual, kv_error_name(expected));
        exit(1);
    }
}

#define INVALID_ARGUMENT MBED_ERROR_INVALID_ARGUMENT
#define INVALID_SIZE MBED_ERROR_INVALID_SIZE
#define NOT_FOUND MBED_ERROR_ITEM_NOT_FOUND
#define NOT_READY MBED_ERROR_NOT_READY
#define IN_USE MBED_ERROR_ALREADY_IN_USE

#endif
