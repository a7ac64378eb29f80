#include "values.h"

#include <string.h>

static const char *const names[ALL_KEYS] = {"stream", "urgent", "a/0", "a/1", "a/2", "a/3",
                                            "b/0",    "b/1",    "b/2", "b/3", "a/x", "b/x"};

const char *key_name(unsigned key) {
    return names[key];
}

unsigned key_of(const char *name) {
    unsigned key = 0;

    while (key < ALL_KEYS && strcmp(names[key], name) != 0) {
        key++;
    }
    return key;
}

size_t value_size(unsigned key, uint32_t number) {
    return key == STREAM ? VALUE_SIZE / 2 + number * 997 % (VALUE_SIZE / 2)
                         : 8 + (number * 37 + key * 11) % 240;
}

static unsigned char byte_at(unsigned key, uint32_t number, size_t at) {
    return at < 4 ? (unsigned char)(number >> 8 * at)
                  : (unsigned char)(at * 7 + (at >> 8) + number * 31 + key * 17);
}

void value_fill(unsigned char *to, unsigned key, uint32_t number, size_t offset, size_t size) {
    size_t i;

    for (i = 0; i < size; i++) {
        to[i] = byte_at(key, number, offset + i);
    }
}

uint32_t value_number(const unsigned char *bytes, size_t size, unsigned key) {
    uint32_t number;
    size_t i;

    if (size < 4) {
        return 0;
    }
    number = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16
             | (uint32_t)bytes[3] << 24;
    if (size != value_size(key, number)) {
        return 0;
    }
    for (i = 4; i < size; i++) {
        if (bytes[i] != byte_at(key, number, i)) {
            return 0;
        }
    }
    return number;
}
