/* From the reset to test_main on the boards mps2-an385, an386 and an500 of QEMU, and what machine.h
 * promises. */
#include <stddef.h>

#include "machine.h"

extern unsigned char stack_top[], data_start[], data_end[], data_load[], bss_start[], bss_end[];
void vPortSVCHandler(void);
void xPortPendSVHandler(void);
void xPortSysTickHandler(void);

/* Asks the emulator for a service: Arm's semihosting. */
static int semihosting(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

const char *machine_argument(void) {
    static char line[64];
    struct {
        char *text;
        int size;
    } block = {line, (int)sizeof line};

    return semihosting(0x15, &block) == 0 ? line : "";
}

void machine_print(const char *text) {
    semihosting(0x04, text);
}

void machine_leave(int status) {
    /* "Application exit" is a success; an error of the run is not. */
    semihosting(0x18, (const void *)(uintptr_t)(status == 0 ? 0x20026 : 0x20023));
    for (;;) {
    }
}

int machine_is_exact(void) {
    return 1;
}

/* An interrupt of the board that nothing else uses, below what the kernel masks. */
enum { INTERRUPT = 20 };
#define ENABLE (*(volatile uint32_t *)0xE000E100)
#define PENDING (*(volatile uint32_t *)0xE000E200)
#define PRIORITY ((volatile uint8_t *)0xE000E400)

void machine_idle(void) {
    __asm__ volatile("wfi");
}

int machine_interrupt(void) {
    PRIORITY[INTERRUPT] = 6 << 5;
    ENABLE = 1u << INTERRUPT;
    PENDING = 1u << INTERRUPT;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    return 1;
}

void reset(void) {
    unsigned char *to;
    const unsigned char *from = data_load;

    for (to = data_start; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_start; to < bss_end; to++) {
        *to = 0;
    }
#ifdef __ARM_FP
    /* The floating point unit is off after a reset. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    machine_leave(test_main());
}

static void fault(void) {
    machine_print("fault\n");
    machine_leave(1);
}

typedef union {
    void *address;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16 + INTERRUPT + 1] = {
    [0] = {.address = stack_top},
    [1] = {.handler = reset},
    [2] = {.handler = fault},
    [3] = {.handler = fault},
    [4] = {.handler = fault},
    [5] = {.handler = fault},
    [6] = {.handler = fault},
    [11] = {.handler = vPortSVCHandler},
    [14] = {.handler = xPortPendSVHandler},
    [15] = {.handler = xPortSysTickHandler},
    [16 + INTERRUPT] = {.handler = test_interrupt},
};
