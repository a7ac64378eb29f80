/* From the reset to main on the boards mps2-an385 and an386 of QEMU, and what board.h promises. */
#include "board.h"

int main(void);
extern unsigned char stack_top[];

/* Asks the emulator for a service: Arm's semihosting. */
static int semihosting(int operation, const void *argument) {
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;

    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text) {
    semihosting(0x04, text);
}

void print_figure(const char *name, uint32_t number) {
    char digits[12];
    char *at = digits + sizeof digits;

    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(name);
    print(" ");
    print(at);
}

void leave(int status) {
    /* "Application exit" is a success; an error of the run is not. */
    semihosting(0x18, (const void *)(uintptr_t)(status == 0 ? 0x20026 : 0x20023));
    for (;;) {
    }
}

void board_failed(const char *file, uint32_t line) {
    print(file);
    print(": ");
    print_figure("failed in line", line);
    leave(1);
}

/* The first timer of the board: 25 MHz, counts down. */
#define TIMER_CONTROL (*(volatile uint32_t *)0x40000000)
#define TIMER_VALUE (*(volatile uint32_t *)0x40000004)
#define TIMER_RELOAD (*(volatile uint32_t *)0x40000008)

uint32_t instructions(void) {
    /* A tick is 40 ns, an instruction 64. */
    return (uint32_t)((uint64_t)~TIMER_VALUE * 5 / 8);
}

/* More than any call needs: main would not have so much on most boards. */
enum { PAINTED_WORDS = 16 * 1024 / 4, PAINT = 0x5AFEC0DE };

int painted_call(call_t function, const uintptr_t arguments[6], uint32_t *depth) {
    volatile uint32_t *pointer;
    uint32_t i;
    int result;

    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    for (i = 1; i <= PAINTED_WORDS; i++) {
        pointer[-(int32_t)i] = PAINT;
    }
    result = function(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                      arguments[5]);
    __asm__ volatile("mov %0, sp" : "=r"(pointer));
    for (i = PAINTED_WORDS; i > 0 && pointer[-(int32_t)i] == PAINT; i--) {
    }
    CHECK(i < PAINTED_WORDS);
    if (i * 4 > *depth) {
        *depth = i * 4;
    }
    return result;
}

void reset(void) {
    TIMER_RELOAD = 0xFFFFFFFF;
    TIMER_VALUE = 0xFFFFFFFF;
    TIMER_CONTROL = 1;
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
