/* What the programs share that run the adapters of docs/porting.md: a flash in RAM that keeps the
 * rules, and a store on it through power cuts. The vendor's functions are played by the file of the
 * chip, which knows what the vendor asks of its callers. */
#ifndef TRY_H
#define TRY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nor.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

/* The chip, of the sizes that the vendor's functions have. Sectors that differ in size are up to
 * the file of the chip. */
extern nor_t try_nor;

/* Makes it; `bytes` NULL: in memory of its own. */
void try_new(unsigned char *bytes, uint32_t size, uint32_t sector_size, uint32_t program_size);

/* Memory at an address that the chip has: for those whose flash is read as memory, by 32 bits. */
unsigned char *try_map(uint32_t address, uint32_t size);

/* Stores, restarts, and power that fails at each program and erase in turn. The result is that of
 * the program. */
int try_store(const kv_flash_t *flash, const kv_lock_t *lock);

/* The driver was tried: from now on the chip need not do at once what it is asked. */
extern int try_is_checked;

/* Whether power is there; the last to know when it fails is the one who waits. */
int try_is_on(void);

#endif
