/* A clock that counts instructions, where the emulator runs with `-icount`. */
#ifndef INSTRUCTIONS_H
#define INSTRUCTIONS_H

#include <stdint.h>

/* Starts the clock, and finds out how far it goes for an instruction. */
void instructions_start(void);

/* Ticks since then. To be asked more often than each million instructions. */
uint64_t instructions_ticks(void);

/* The same in instructions. */
uint32_t instructions_in(uint64_t ticks);

#endif
