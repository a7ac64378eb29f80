/* From the memory of a processor that has just been reset to main. */
#include "start.h"

#include "../board.h"

int main(void);

/* From sections.ld. */
extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];
extern void (*init_array_start[])(void);
extern void (*init_array_end[])(void);

void start_program(void) {
    volatile uint32_t *to = data_start;
    const volatile uint32_t *from = data_load;
    uint32_t i;

    /* Word by word, and not as a call of memcpy, which may be in what is copied. */
    while (to != data_end) {
        *to++ = *from++;
    }
    for (to = bss_start; to != bss_end; to++) {
        *to = 0;
    }
    for (i = 0; &init_array_start[i] != init_array_end; i++) {
        init_array_start[i]();
    }
    board_exit(main());
}

void start_fault(void) {
    board_print("fault\n");
    board_exit(1);
}
