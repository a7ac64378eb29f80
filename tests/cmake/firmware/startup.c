/* From the reset to main, and from there to the emulator's end with a status. */
#include <stdint.h>

#include "startup.h"

int main(void);
extern unsigned char stack_top[];

/* Asks the debugger or emulator for a service: Arm's semihosting. */
static int semihosting(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text) {
    semihosting(0x04, text);
}

static void leave(int status) {
    /* "Application exit" is a success; an error of the run is not. */
    semihosting(0x18, (const void *)(uintptr_t)(status == 0 ? 0x20026 : 0x20023));
    for (;;) {
    }
}

void reset(void) {
#ifdef __ARM_FP
    /* The floating point unit is off after a reset. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n\tisb");
#endif
    leave(main());
}

static void fault(void) {
    print("fault\n");
    leave(1);
}

typedef union {
    void *address;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.address = stack_top}, {.handler = reset}, {.handler = fault}, {.handler = fault},
    {.handler = fault},     {.handler = fault}, {.handler = fault},
};
