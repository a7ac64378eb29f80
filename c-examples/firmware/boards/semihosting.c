/* The call to the debugger or emulator, and the functions of board.h that are made of it.
 *
 * Sources: "Semihosting for AArch32 and AArch64" (Arm), "RISC-V Semihosting" (RISC-V
 * International). */
#include "semihosting.h"

#include "../board.h"

uintptr_t semihosting(uintptr_t operation, const void *argument) {
#ifdef __riscv
    register uintptr_t number __asm__("a0") = operation;
    register const void *a1 __asm__("a1") = argument;

    /* The three instructions are known by their look; they must not be compressed, nor lie on two
     * pages. */
    __asm__ volatile(".balign 16\n\t"
                     ".option push\n\t"
                     ".option norvc\n\t"
                     "slli zero, zero, 0x1f\n\t"
                     "ebreak\n\t"
                     "srai zero, zero, 7\n\t"
                     ".option pop"
                     : "+r"(number)
                     : "r"(a1)
                     : "memory");
#else
    register uintptr_t number __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(number) : "r"(r1) : "memory");
#endif
    return number;
}

void board_print(const char *text) {
    semihosting(SEMIHOSTING_WRITE0, text);
}

#ifdef BOARD_WRITES_BEHIND
/* QEMU writes the file of a serial chip some time after the chip says that it is done, and ends
 * without waiting for that. */
static void settle(void) {
    const uintptr_t start = semihosting(SEMIHOSTING_CLOCK, 0);

    while (semihosting(SEMIHOSTING_CLOCK, 0) - start < 50) {
    }
}
#else
static void settle(void) {
}
#endif

void board_exit(int status) {
    settle();
    /* "Application exit" is a success; a run-time error is not. */
    semihosting(SEMIHOSTING_EXIT, (const void *)(uintptr_t)(status == 0 ? 0x20026 : 0x20023));
    for (;;) {
    }
}
