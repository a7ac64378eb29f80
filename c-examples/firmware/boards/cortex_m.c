/* The vector table of a Cortex-M, and its first steps. */
#include <stdint.h>

#include "start.h"

extern uint32_t stack_top[];

void reset(void) {
#ifdef __ARM_FP
    /* The floating point unit is off after a reset: CPACR, in the Armv7-M reference manual. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    start_program();
}

typedef union {
    void *address;
    void (*handler)(void);
} vector_t;

/* The exceptions; the programs use no interrupts. */
__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.address = stack_top},   {.handler = reset},       {.handler = start_fault},
    {.handler = start_fault}, {.handler = start_fault}, {.handler = start_fault},
    {.handler = start_fault}, {.address = 0},           {.address = 0},
    {.address = 0},           {.address = 0},           {.handler = start_fault},
    {.handler = start_fault}, {.address = 0},           {.handler = start_fault},
    {.handler = start_fault},
};
