/* What the operations of the soak take on the board: instructions, in the library and in the flash
 * driver below it, and stack. Prints lines `name number`. */
#include <string.h>

#include "board.h"
#include "instructions.h"
#include "sequence.h"
#include "stack.h"

enum { OPERATIONS = 1000 };

static unsigned char store_ram[KV_STORE_RAM(SEQUENCE_KEYS, BOARD_MAX_SECTORS)];
static unsigned char value[SEQUENCE_MAX_SIZE];
static kv_store_t *store;

/* The driver, with the ticks that its functions took. */
static kv_flash_t driver, counted;
static uint64_t in_driver;

static int timed(uint64_t start, int result) {
    in_driver += instructions_ticks() - start;
    return result;
}

static int timed_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const uint64_t start = instructions_ticks();

    return timed(start, driver.read(context, address, buffer, size));
}

static int timed_program(void *context, uint32_t address, const void *data, uint32_t size) {
    const uint64_t start = instructions_ticks();

    return timed(start, driver.program(context, address, data, size));
}

static int timed_erase(void *context, uint32_t address, uint32_t size) {
    const uint64_t start = instructions_ticks();

    return timed(start, driver.erase(context, address, size));
}

static void print_figure(const char *name, uint32_t number) {
    char digits[12];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    board_print(name);
    board_print(" ");
    board_print(at);
}

static void must(int status) {
    if (status != MBED_SUCCESS) {
        board_print(kv_error_name(status));
        board_print("\n");
        board_exit(1);
    }
}

/* Operations of one kind. */
typedef struct {
    const char *library, *driver;
    uint32_t count;
    uint64_t ticks, driver_ticks;
} figures_t;

static uint64_t start, driver_before;

static void begin(void) {
    driver_before = in_driver;
    start = instructions_ticks();
}

static void end(figures_t *figures) {
    const uint64_t all = instructions_ticks() - start;

    figures->count++;
    figures->driver_ticks += in_driver - driver_before;
    figures->ticks += all - (in_driver - driver_before);
}

static void print_mean(const figures_t *figures) {
    print_figure(figures->library, instructions_in(figures->ticks / figures->count));
    print_figure(figures->driver, instructions_in(figures->driver_ticks / figures->count));
}

static void open_store(figures_t *figures) {
    const kv_store_config_t config = {
        .flash = &counted, .keys = SEQUENCE_KEYS, .format = KV_FORMAT_IF_UNRECOGNISED};

    begin();
    must(kv_store_open(&config, store_ram, sizeof store_ram, &store));
    end(figures);
}

int main(void) {
    figures_t sets = {"set", "set,driver", 0, 0, 0};
    figures_t gets = {"get", "get,driver", 0, 0, 0};
    figures_t opens = {"open", "open,driver", 0, 0, 0};
    figures_t ignored = opens;
    char name[SEQUENCE_NAME_SIZE];
    uint32_t number, key;
    size_t size;

    stack_paint();
    instructions_start();
    if (board_flash(&driver) != 0) {
        return 1;
    }
    counted = driver;
    counted.read = timed_read;
    counted.program = timed_program;
    counted.erase = timed_erase;
    open_store(&ignored);
    for (number = 0; number < OPERATIONS; number++) {
        key = sequence_operation(number).key;
        sequence_name(key, name);
        size = sequence_value(key, number, value);
        begin();
        must(kv_store_set(store, name, value, size < 64 ? size : 64, 0));
        end(&sets);
    }
    for (key = 0; key < SEQUENCE_KEYS; key++) {
        sequence_name(key, name);
        begin();
        must(kv_store_get(store, name, value, sizeof value, &size));
        end(&gets);
    }
    must(kv_store_close(store));
    open_store(&opens);
    print_mean(&sets);
    print_mean(&gets);
    print_mean(&opens);
    print_figure("stack", stack_depth());
    return 0;
}
