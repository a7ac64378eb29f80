/* A flash that is slow, and notices when two calls reach it at once. */
#include "nor.h"
#include "test.h"

#define SECTOR_SIZE 4096
#define SECTORS 8
#define PROGRAM_SIZE 8

static unsigned char bytes[SECTORS * SECTOR_SIZE];
static unsigned char programmed[sizeof bytes / PROGRAM_SIZE / 8 + 1];
static nor_t nor = {
    .bytes = bytes,
    .programmed = programmed,
    .size = sizeof bytes,
    .sector_size = SECTOR_SIZE,
    .program_size = PROGRAM_SIZE,
};
static volatile int is_busy;
static uint32_t overlaps;
/* The seed decides where others come in. */
static uint32_t reads, programs;

/* A chip does one thing at a time: that no second call comes in is what the locks are for. */
static void begin(void) {
    if (is_busy) {
        overlaps++;
    }
    is_busy = 1;
}

static int end(int result) {
    is_busy = 0;
    return result;
}

/* Before the scheduler runs there is nobody to give way to. */
static int is_running(void) {
    return xTaskGetSchedulerState() == taskSCHEDULER_RUNNING;
}

static int slow_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    begin();
    if (++reads % 8 == 0 && is_running()) {
        taskYIELD();
    }
    return end(nor_read(context, address, buffer, size));
}

static int slow_program(void *context, uint32_t address, const void *data, uint32_t size) {
    begin();
    if (test_is_locked && ++programs % 64 == 0 && is_running()) {
        /* In the middle of a call: what the interrupt calls must be refused, too. */
        (void)machine_interrupt();
    }
    if (is_running()) {
        taskYIELD();
    }
    return end(nor_program(context, address, data, size));
}

/* As a driver that waits for the chip with the system's own delay: the others run meanwhile. */
static int slow_erase(void *context, uint32_t address, uint32_t size) {
    begin();
    if (is_running()) {
        vTaskDelay(2);
    }
    return end(nor_erase(context, address, size));
}

kv_flash_t flash_describe(void) {
    kv_flash_t flash;

    nor_clear(&nor);
    reads = test_seed;
    programs = test_seed / 8;
    flash = nor_describe(&nor);
    flash.read = slow_read;
    flash.program = slow_program;
    flash.erase = slow_erase;
    return flash;
}

uint32_t flash_breaches(void) {
    return nor.breaches;
}

uint32_t flash_overlaps(void) {
    return overlaps;
}
