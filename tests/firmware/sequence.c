#include "sequence.h"

/* Bob Jenkins' mix of 32 bits would do as well: neighbours must look unlike each other. This one is
 * the finalizer of MurmurHash3. */
static uint32_t mix(uint32_t x) {
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    x *= 0xC2B2AE35u;
    x ^= x >> 16;
    return x;
}

operation_t sequence_operation(uint32_t number) {
    const uint32_t random = mix(number + 1);
    operation_t operation = {random % SEQUENCE_KEYS, SEQUENCE_SET};

    /* The last bits chose the key. */
    if ((random >> 24) % 8 == 0) {
        operation.kind = SEQUENCE_REMOVE;
    } else if ((random >> 24) % 16 == 1) {
        operation.kind = SEQUENCE_PIECES;
    }
    return operation;
}

void sequence_name(uint32_t key, char *name) {
    static const char middle[] = "/settings/";
    uint32_t i;

    *name++ = (char)('a' + key % 16);
    *name++ = (char)('a' + key / 16);
    for (i = 0; middle[i] != '\0' && i < key / 4; i++) {
        *name++ = middle[i];
    }
    *name = '\0';
}

static unsigned char byte_at(uint32_t key, uint32_t number, size_t at) {
    return (unsigned char)(mix(number * 64 + key) >> at % 4 * 8) ^ (unsigned char)(at / 4);
}

static size_t size_of(uint32_t key, uint32_t number) {
    const uint32_t random = mix(number ^ (key << 24));

    if (sequence_operation(number).kind == SEQUENCE_PIECES) {
        return 4 + random % (SEQUENCE_MAX_SIZE - 4 + 1);
    }
    return 4 + random % 120;
}

size_t sequence_value(uint32_t key, uint32_t number, unsigned char *value) {
    const size_t size = size_of(key, number);
    size_t i;

    for (i = 0; i < 4; i++) {
        value[i] = (unsigned char)(number >> 8 * i);
    }
    for (i = 4; i < size; i++) {
        value[i] = byte_at(key, number, i);
    }
    return size;
}

int sequence_is_value(uint32_t key, const unsigned char *value, size_t size, uint32_t *number) {
    size_t i;

    if (size < 4) {
        return 0;
    }
    *number = (uint32_t)value[0] | (uint32_t)value[1] << 8 | (uint32_t)value[2] << 16
              | (uint32_t)value[3] << 24;
    if (sequence_operation(*number).key != key || size != size_of(key, *number)) {
        return 0;
    }
    for (i = 4; i < size; i++) {
        if (value[i] != byte_at(key, *number, i)) {
            return 0;
        }
    }
    return 1;
}
