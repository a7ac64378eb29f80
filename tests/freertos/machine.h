/* What the tasks need of the machine that they run on: board.c and host.c have it. */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdint.h>

/* The word that the program was started with. */
const char *machine_argument(void);

void machine_print(const char *text);

/* Ends the program: with 0 where all was well. */
void machine_leave(int status);

/* Waits for a tick, where nothing else is to do. */
void machine_idle(void);

/* Whether ticks are a measure of what the processor does: not where other processes have a part. */
int machine_is_exact(void);

/* Makes an interrupt happen now, whose handler calls test_interrupt. 0: this machine has none. */
int machine_interrupt(void);

/* The program. */
int test_main(void);

/* Runs in an interrupt. */
void test_interrupt(void);

#endif
