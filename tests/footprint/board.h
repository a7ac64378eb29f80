/* What the start-up code of the emulated board offers: text, a clock that counts instructions, and
 * how deep a call goes on the stack. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

void print(const char *text);

/* "name number\n" */
void print_figure(const char *name, uint32_t number);

/* Ends the program: with 0 where all was well. */
void leave(int status);

/* Ends the program with the line, unless it holds. */
#define CHECK(condition) ((condition) ? (void)0 : board_failed(__FILE__, __LINE__))
void board_failed(const char *file, uint32_t line);

/* Instructions since the reset, where the emulator runs with `-icount shift=6`. It rises in steps
 * of less than one, and comes round after 2,684,354,560. */
uint32_t instructions(void);

/* A function with up to six parameters of one register each. */
typedef int (*call_t)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

/* Calls it on a stack that was painted before, and returns what it returned. `*depth` rises to the
 * bytes that were changed below the caller's stack pointer, where these are more. */
int painted_call(call_t function, const uintptr_t arguments[6], uint32_t *depth);

#endif
