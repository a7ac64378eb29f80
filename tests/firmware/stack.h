/* How deep the program went on its stack. */
#ifndef STACK_H
#define STACK_H

#include <stdint.h>

/* Paints what is free below the caller. There must be no heap. */
void stack_paint(void);

/* Bytes from the top of the stack to the deepest that was changed since. */
uint32_t stack_depth(void);

#endif
