/* What the program of docs/freertos.md needs beside it, a flash and an end. Its `main` is compiled
 * as `first_value`. */
#include <stdio.h>

#include "nor.h"
#include "test.h"

int first_value(void);

static unsigned char bytes[16 * 4096];
static unsigned char programmed[sizeof bytes / 8 / 8 + 1];
static nor_t nor = {
    .bytes = bytes,
    .programmed = programmed,
    .size = sizeof bytes,
    .sector_size = 4096,
    .program_size = 8,
};

const kv_flash_t my_flash = {
    .context = &nor,
    .read = nor_read,
    .program = nor_program,
    .erase = nor_erase,
    .size = sizeof bytes,
    .sector_size = 4096,
    .program_size = 8,
};

volatile unsigned test_waits, test_inherited;

void test_assert_failed(const char *file, unsigned line) {
    printf("%s:%u: what the kernel asserts is not so\n", file, line);
    machine_leave(1);
}

/* The task is through. */
void vApplicationIdleHook(void) {
    machine_leave(nor.breaches == 0 ? 0 : 1);
}

int test_main(void) {
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    nor_clear(&nor);
    return first_value();
}
