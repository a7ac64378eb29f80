#include "stack.h"

/* From sections.ld. */
extern uint32_t bss_end[], stack_top[];

#ifdef __riscv
#define STACK_POINTER "mv %0, sp"
#else
#define STACK_POINTER "mov %0, sp"
#endif

enum {
    PAINT = 0x5AFEC0DE,
    /* No more than this: on boards with megabytes of RAM that is enough by far. */
    MOST_WORDS = 16 * 1024 / 4,
    /* What the compiler may push meanwhile. */
    SPARED_WORDS = 32
};

static volatile uint32_t *lowest(void) {
    const uint32_t words = (uint32_t)(stack_top - bss_end);

    return words > MOST_WORDS ? stack_top - MOST_WORDS : bss_end;
}

void stack_paint(void) {
    volatile uint32_t *end, *at;

    __asm__ volatile(STACK_POINTER : "=r"(end));
    end -= SPARED_WORDS;
    for (at = lowest(); at < end; at++) {
        *at = PAINT;
    }
}

uint32_t stack_depth(void) {
    volatile uint32_t *at = lowest();

    while (at < stack_top && *at == PAINT) {
        at++;
    }
    return (uint32_t)(stack_top - at) * 4;
}
