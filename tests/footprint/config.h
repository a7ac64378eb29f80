/* The workload `config`: 64 keys of 32 bytes on 256 KiB of QSPI flash, 20,000 sets of which four in
 * five go to a fifth of the keys, 2,000 gets, 500 gets of keys that are not there, a mount. The
 * order of the keys is that of other stores' published figures. */
#ifndef CONFIG_H
#define CONFIG_H

#include "nvkv.h"

enum { CONFIG_SETS = 20000, CONFIG_GETS = 2000, CONFIG_MISSES = 500 };

/* Where it is not NULL: called before and after each call of the library, and what passed between
 * the two is added to `config_spent`. */
extern uint32_t (*config_clock)(void);
extern uint32_t config_spent;

/* One after the other. Each returns how many operations did not do what they should. */
uint32_t config_fill(const kv_flash_t *on);
uint32_t config_sets(void);
uint32_t config_gets(void);
uint32_t config_misses(void);
uint32_t config_mount(void);
/* Reads every key again. */
uint32_t config_verify(void);

#endif
