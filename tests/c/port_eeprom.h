/* An EEPROM or FRAM behind a bus, as its data sheet has it, and what a store on one must keep. */
#ifndef PORT_EEPROM_H
#define PORT_EEPROM_H

#include "check.h"

typedef struct {
    unsigned char bytes[128 * 1024];
    uint32_t size;
    uint32_t page_size; /* 0: none, and never busy */

    /* How often it must be asked after a write until it is ready; how often from now on. */
    unsigned busy_after_write;
    unsigned busy;

    /* The write in which power fails: 1 is the next. 0: none. Then it answers no more. */
    unsigned cut;
    int is_off;

    unsigned writes, reads, pauses;
    unsigned longest; /* most bytes of data in one transfer */
} eeprom_t;

extern eeprom_t eeprom;

/* A new chip: whatever it held before it was bought. */
void eeprom_new(uint32_t size, uint32_t page_size);

/* Whether it answers; one attempt more. */
int eeprom_is_ready(void);

/* What the chip does with the bytes of a write or a read that reached it. */
void eeprom_write(uint32_t address, const unsigned char *data, uint32_t size);
void eeprom_read(uint32_t address, unsigned char *data, uint32_t size);

void eeprom_pause(void *bus);

/* Stores, restarts, and power that fails in each write of a few values in turn. */
void eeprom_keeps_values(const kv_flash_t *flash);

/* A chip that stays busy is an error, in bounded time, and is used again when it is not. `attempts`
 * is the limit of the driver. */
void eeprom_may_hang(const kv_flash_t *flash, unsigned attempts);

#endif
