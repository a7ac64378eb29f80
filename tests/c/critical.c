/* A critical section as firmware defines it, with a mutex for interrupts that are off. No flash
 * function may run in it, and the program that has it must have used it. */
#define _XOPEN_SOURCE 700

#include <pthread.h>

#include "check.h"
#include "chip.h"

uint32_t _critical_section_1_0_acquire(void);
void _critical_section_1_0_release(uint32_t before);

static pthread_mutex_t interrupts = PTHREAD_MUTEX_INITIALIZER;
static __thread uint32_t off;
static unsigned used;

uint32_t _critical_section_1_0_acquire(void) {
    uint32_t before = off;

    if (before == 0) {
        CHECK(pthread_mutex_lock(&interrupts) == 0);
        used++;
    }
    off = 1;
    return before;
}

void _critical_section_1_0_release(uint32_t before) {
    off = before;
    if (before == 0) {
        CHECK(pthread_mutex_unlock(&interrupts) == 0);
    }
}

static void interrupts_are_on(void) {
    CHECK(off == 0);
}

__attribute__((constructor)) static void begin(void) {
    chip_watch = interrupts_are_on;
}

__attribute__((destructor)) static void end(void) {
    if (used == 0) {
        fputs("the critical section was not used\n", stderr);
        abort();
    }
}
