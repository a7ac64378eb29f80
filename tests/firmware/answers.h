/* In place of tests/c/record.h, which notes the answers of the library in a file of the host: here
 * nothing is noted. Included before each source of tests/c. */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>

static inline int record(const char *function, int answer) {
    (void)function;
    return answer;
}

static inline size_t record_size(const char *function, size_t answer) {
    (void)function;
    return answer;
}

#endif
