/* The first instructions of a RISC-V processor after its reset, and its traps. */
#include "start.h"

static void trap(void) __attribute__((interrupt("machine"), aligned(4), used));
static void trap(void) {
    start_fault();
}

__attribute__((section(".vectors"), naked, used)) void reset(void) {
    __asm__ volatile(".option push\n\t"
                     ".option norelax\n\t"
                     ".option arch, +zicsr\n\t"
                     "la gp, __global_pointer$\n\t"
                     "la sp, stack_top\n\t"
                     "la tp, thread_start\n\t"
                     "la t0, %0\n\t"
                     "csrw mtvec, t0\n\t"
                     ".option pop\n\t"
                     "j start_program"
                     :
                     : "i"(trap));
}
