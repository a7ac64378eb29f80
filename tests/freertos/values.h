/* The keys of the test, and values whose bytes say which value of which key they are. */
#ifndef VALUES_H
#define VALUES_H

#include <stddef.h>
#include <stdint.h>

enum {
    STREAM,
    URGENT,
    FIRST_OF_A,
    FIRST_OF_B = FIRST_OF_A + 4,
    KEYS = FIRST_OF_B + 4, /* always there */
    COMES_A = KEYS,        /* these come and go */
    COMES_B,
    ALL_KEYS
};

/* Longest value: more than a sector. */
#define VALUE_SIZE 6000

/* Added to the number of a value that is stored in pieces and dropped before its end. */
#define DROPPED 0x80000000u

const char *key_name(unsigned key);

/* The key with this name; ALL_KEYS where there is none. */
unsigned key_of(const char *name);

/* Bytes of the value with this number: each value of a key has a number, the next one a higher. */
size_t value_size(unsigned key, uint32_t number);

/* Its bytes from `offset` on. */
void value_fill(unsigned char *to, unsigned key, uint32_t number, size_t offset, size_t size);

/* The number of the value that these bytes are, all of them; 0: of none. */
uint32_t value_number(const unsigned char *bytes, size_t size, unsigned key);

#endif
