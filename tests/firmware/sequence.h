/* The sequence of operations of the soak: which key, what is done to it and what its value is, all
 * from the number of the operation. xtask/src/firmware/sequence.rs has the first two as well. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

/* Keys, the bytes of their names with the NUL, and of the longest value. Those in pieces are longer
 * than the smallest sector of the boards. */
enum { SEQUENCE_KEYS = 48, SEQUENCE_NAME_SIZE = 24, SEQUENCE_MAX_SIZE = 1500 };

enum { SEQUENCE_SET, SEQUENCE_REMOVE, SEQUENCE_PIECES };

typedef struct {
    uint32_t key;
    int kind;
} operation_t;

operation_t sequence_operation(uint32_t number);

/* The name of a key, in `name` of SEQUENCE_NAME_SIZE bytes. */
void sequence_name(uint32_t key, char *name);

/* Writes the value that operation `number` gives to `key`, and returns its size. */
size_t sequence_value(uint32_t key, uint32_t number, unsigned char *value);

/* Whether it is such a value, whole; and of which operation. */
int sequence_is_value(uint32_t key, const unsigned char *value, size_t size, uint32_t *number);

#endif
