// Tests that register themselves and run in the order of their source. No exceptions, no RTTI,
// nothing but printf: the same runs on a microcontroller.
#ifndef CHECK_HPP
#define CHECK_HPP

#include <stdio.h>
#include <string.h>

#include "mbed_error.h"

namespace check {

typedef void (*function)();

struct test {
    test(const char *name, function body);
    const char *name;
    function body;
    test *next;
};

// Runs all tests whose names contain `word`; 0 when all held.
int run(const char *word);

// Notes a failure of the test that runs.
void fail(const char *file, int line, const char *what, long long actual, long long expected);

// Whether two texts are the same, which are fine to be compared.
inline bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

} // namespace check

#define TEST(name) \
    static void test_##name(); \
    static check::test registered_##name(#name, test_##name); \
    static void test_##name()

// `call` must return `status`.
#define EXPECT(status, call) \
    do { \
        const int actual_ = (call); \
        if (actual_ != static_cast<int>(status)) { \
            check::fail(__FILE__, __LINE__, #call, actual_, static_cast<int>(status)); \
        } \
    } while (0)
#define OK(call) EXPECT(MBED_SUCCESS, call)

// It must be so.
#define IS(condition) \
    do { \
        if (!(condition)) { \
            check::fail(__FILE__, __LINE__, #condition, 0, 1); \
        } \
    } while (0)

#define INVALID_ARGUMENT MBED_ERROR_INVALID_ARGUMENT
#define INVALID_DATA MBED_ERROR_INVALID_DATA_DETECTED
#define INVALID_SIZE MBED_ERROR_INVALID_SIZE
#define NOT_FOUND MBED_ERROR_ITEM_NOT_FOUND
#define NOT_READY MBED_ERROR_NOT_READY
#define PROTECTED MBED_ERROR_WRITE_PROTECTED
#define FULL MBED_ERROR_MEDIA_FULL

#endif
