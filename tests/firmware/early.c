#include "early.h"

#include <string.h>

enum { HELD = 24, MOST_BYTES = 128 };

typedef struct {
    uint32_t address, size;
    /* Aligned as the flash wants what it programs. */
    unsigned char bytes[MOST_BYTES] __attribute__((aligned(32)));
} program_t;

static kv_flash_t real;
static program_t held[HELD];
static uint32_t count;

/* Programs all that is held back but the `keep` last. */
static int flush(uint32_t keep) {
    const uint32_t out = count > keep ? count - keep : 0;
    uint32_t i;
    int result = 0;

    for (i = 0; i < out && result == 0; i++) {
        result = real.program(real.context, held[i].address, held[i].bytes, held[i].size);
    }
    memmove(held, held + out, (count - out) * sizeof held[0]);
    count -= out;
    return result;
}

static int early_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    unsigned char *to = buffer;
    const int result = real.read(context, address, buffer, size);
    uint32_t i, byte;

    for (i = 0; i < count; i++) {
        for (byte = 0; byte < held[i].size; byte++) {
            if (held[i].address + byte - address < size) {
                to[held[i].address + byte - address] = held[i].bytes[byte];
            }
        }
    }
    return result;
}

static int early_program(void *context, uint32_t address, const void *data, uint32_t size) {
    const unsigned char *from = data;
    uint32_t part;
    int result = 0;

    (void)context;
    for (; size > 0 && result == 0; size -= part, address += part, from += part) {
        part = size < MOST_BYTES ? size : MOST_BYTES;
        result = flush(HELD - 1);
        held[count].address = address;
        held[count].size = part;
        memcpy(held[count].bytes, from, part);
        count++;
    }
    return result;
}

static int early_erase(void *context, uint32_t address, uint32_t size) {
    const int result = flush(0);

    return result != 0 ? result : real.erase(context, address, size);
}

kv_flash_t early_flash(const kv_flash_t *flash) {
    kv_flash_t early = *flash;

    real = *flash;
    early.read = early_read;
    early.program = early_program;
    early.erase = early_erase;
    return early;
}
