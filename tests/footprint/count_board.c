/* The workload on the emulated board: instructions of each part, without those of the flash. */
#include "board.h"
#include "config.h"
#include "nor.h"

/* In the functions of the flash, and how often they were called. */
static uint32_t in_flash, flash_calls;
/* What the clock adds to each call of the library and of the flash. */
static uint32_t for_call, for_flash;

static int counted(uint32_t start, int result) {
    in_flash += instructions() - start;
    flash_calls++;
    return result;
}

static int counted_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    uint32_t start = instructions();

    return counted(start, nor_read(context, address, buffer, size));
}

static int counted_program(void *context, uint32_t address, const void *data, uint32_t size) {
    uint32_t start = instructions();

    return counted(start, nor_program(context, address, data, size));
}

static int counted_erase(void *context, uint32_t address, uint32_t size) {
    uint32_t start = instructions();

    return counted(start, nor_erase(context, address, size));
}

static void calibrate(nor_t *nor) {
    uint32_t start = instructions();
    uint32_t byte, i;

    for (i = 0; i < 1000; i++) {
        config_spent += instructions();
    }
    for_call = (instructions() - start) / 1000;
    start = instructions();
    for (i = 0; i < 1000; i++) {
        counted_read(nor, 0, &byte, 1);
    }
    for_flash = (instructions() - start - in_flash) / 1000;
}

/* Prints what each of `operations` took since the last time. */
static void print_each(const char *name, uint32_t operations) {
    uint32_t spent = config_spent - in_flash - flash_calls * for_flash - operations * for_call;

    print_figure(name, (spent + operations / 2) / operations);
    config_spent = in_flash = flash_calls = 0;
}

int main(void) {
    static unsigned char bytes[256 * 1024], programmed[sizeof bytes / 8 + 1];
    static nor_t nor = {.bytes = bytes, .programmed = programmed, .size = sizeof bytes,
                        .sector_size = 4096, .program_size = 1};
    kv_flash_t flash = nor_describe(&nor);

    nor_clear(&nor);
    calibrate(&nor);
    flash.read = counted_read;
    flash.program = counted_program;
    flash.erase = counted_erase;
    config_clock = instructions;
    CHECK(config_fill(&flash) == 0);
    config_spent = in_flash = flash_calls = 0;
    CHECK(config_sets() == 0);
    print_each("set", CONFIG_SETS);
    CHECK(config_gets() == 0);
    print_each("get", CONFIG_GETS);
    CHECK(config_misses() == 0);
    print_each("miss", CONFIG_MISSES);
    CHECK(config_mount() == 0);
    print_each("mount", 1);
    CHECK(config_verify() == 0);
    CHECK(nor.breaches == 0);
    return 0;
}
