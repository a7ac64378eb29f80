/* From the memory of a processor that has just been reset to main. */
#include "start.h"

#include "../board.h"
#include "semihosting.h"

int main(int argc, char **argv);

/* From sections.ld. */
extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[];
extern void (*init_array_start[])(void);
extern void (*init_array_end[])(void);

/* The words that the emulator was given for the program. */
enum { MOST_BYTES = 128, MOST_WORDS = 8 };
static char line[MOST_BYTES];
static char *words[MOST_WORDS + 1];

static int get_words(void) {
    uintptr_t block[2] = {(uintptr_t)line, sizeof line};
    char *at = line;
    int count = 0;

    if (semihosting(SEMIHOSTING_GET_CMDLINE, block) != 0) {
        return 0;
    }
    while (*at != '\0' && count < MOST_WORDS) {
        words[count++] = at;
        while (*at != '\0' && *at != ' ') {
            at++;
        }
        while (*at == ' ') {
            *at++ = '\0';
        }
    }
    return count;
}

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
    board_exit(main(get_words(), words));
}

void start_fault(void) {
    board_print("fault\n");
    board_exit(1);
}
