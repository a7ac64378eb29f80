#include "instructions.h"

/* Of the loop below. */
enum { ROUNDS = 100000, INSTRUCTIONS_A_ROUND = 2 };

static uint64_t ticks;
static uint64_t ticks_of_loop = 1;

#ifdef __riscv

static uint32_t last;

static void start_clock(void) {
}

/* The counter of instructions that every RISC-V has: its lower half. */
static uint32_t passed(void) {
    uint32_t now, before = last;

    __asm__ volatile(".option push\n\t.option arch, +zicsr\n\tcsrr %0, minstret\n\t.option pop"
                     : "=r"(now));
    last = now;
    return now - before;
}

static void loop(void) {
    uint32_t count = ROUNDS;

    __asm__ volatile("1:\n\taddi %0, %0, -1\n\tbnez %0, 1b" : "+r"(count));
}

#else

/* SysTick, which every Cortex-M of these boards has: 24 bits, counts down. */
#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018)
enum { ALL = 0xFFFFFF };

static uint32_t last;

static void start_clock(void) {
    SYSTICK_RELOAD = ALL;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 5; /* on, with the processor's clock, no interrupt */
}

static uint32_t passed(void) {
    const uint32_t now = SYSTICK_VALUE;
    const uint32_t ticks_passed = (last - now) & ALL;

    last = now;
    return ticks_passed;
}

static void loop(void) {
    uint32_t count = ROUNDS;

    __asm__ volatile(".syntax unified\n1:\n\tsubs %0, %0, #1\n\tbne 1b" : "+l"(count) : : "cc");
}

#endif

uint64_t instructions_ticks(void) {
    ticks += passed();
    return ticks;
}

void instructions_start(void) {
    uint64_t start;

    start_clock();
    start = instructions_ticks();
    start = instructions_ticks();
    loop();
    ticks_of_loop = instructions_ticks() - start;
}

uint32_t instructions_in(uint64_t of) {
    return (uint32_t)(of * (ROUNDS * INSTRUCTIONS_A_ROUND) / ticks_of_loop);
}
