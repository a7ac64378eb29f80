/* A NOR flash in RAM that keeps the rules of kv_flash_t: what breaks one fails. Its functions call
 * nothing, so that what they need of the stack is as little as a driver can need. */
#ifndef NOR_H
#define NOR_H

#include "nvkv.h"

typedef struct {
    unsigned char *bytes;
    /* A bit for each program unit: programmed since the last erase. */
    unsigned char *programmed;
    uint32_t size, sector_size, program_size;
    /* Programs and erases until power fails in the middle of one; 0: it does not. */
    uint32_t cut;
    /* Power failed: everything fails from then on. */
    int is_off;
    /* Breaches of the rules. */
    uint32_t breaches;
} nor_t;

/* Erases all of it. */
void nor_clear(nor_t *nor);

/* What kv_store_open is given. */
kv_flash_t nor_describe(nor_t *nor);

int nor_read(void *context, uint32_t address, void *buffer, uint32_t size);
int nor_program(void *context, uint32_t address, const void *data, uint32_t size);
int nor_erase(void *context, uint32_t address, uint32_t size);

#endif
