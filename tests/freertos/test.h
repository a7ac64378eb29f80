/* What the parts of the test share. */
#ifndef TEST_H
#define TEST_H

#include <stdint.h>

#include "FreeRTOS.h"
#include "task.h"

#include "machine.h"
#include "nvkv.h"
#include "values.h"

/* What a task has done. Each task has its own, so that nothing of this needs a lock. */
typedef struct {
    uint32_t values;     /* read and found whole */
    uint32_t stored;     /* sets and removes */
    uint32_t streams;    /* values stored in pieces */
    uint32_t dropped;    /* values begun in pieces and given up */
    uint32_t iterations; /* from the first key to the last */
    uint32_t refused;    /* calls that met another one and were refused */
    TickType_t longest;  /* ticks that a call took at most */
    uint32_t random;     /* from the seed, another one for each task */
} counts_t;

/* Ticks for which a task in between takes the whole processor. */
#define BURNS 300

extern kv_store_t *test_store;

/* The store has the ready locks: no call may be refused. */
extern int test_is_locked;

/* What the tasks do otherwise each time. */
extern uint32_t test_seed;

/* No task stores anything any more: the others come to their end. */
extern volatile int test_is_over;

/* Numbers of values: of the one that is stored now or was last, and of the last that is certainly
 * stored. */
extern volatile uint32_t test_begun[ALL_KEYS], test_stored[ALL_KEYS];

/* Prints what is not so, and ends the program with an error. */
void test_failed(const char *file, unsigned line, const char *what);
#define CHECK(condition) ((condition) ? (void)0 : test_failed(__FILE__, __LINE__, #condition))

/* Whether a call succeeded. One that was refused counts; any other error ends the program. */
int test_succeeded(counts_t *own, int status, unsigned line);
#define SUCCEEDED(own, call) test_succeeded((own), (call), __LINE__)

/* The flash: slow, so that tasks change in the middle of its functions. */
kv_flash_t flash_describe(void);

/* Breaches of the rules, and calls that came in while another was going on. */
uint32_t flash_breaches(void);
uint32_t flash_overlaps(void);

/* The calls that came out of an interrupt, each of which was refused. */
extern volatile uint32_t test_interrupted;

/* The tasks: each gets its counts, and returns when it is through. */
void stream_values(counts_t *own);
void write_a(counts_t *own);
void write_b(counts_t *own);
void read_values(counts_t *own);
void iterate(counts_t *own);
void hurry(counts_t *own);
void burn(counts_t *own);

/* The program by itself, in place of all tasks. */
void single_caller(void);

#endif
