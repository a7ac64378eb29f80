/* Stores and removes values for ever, in a sequence that the host knows, and tells it of each one
 * that the library has acknowledged. The host kills the emulator at any moment and starts it again;
 * then all keys are read and told to the host, which knows what each must be.
 *
 *     soak NUMBER [early | once]
 *
 * NUMBER is that of the first operation. What is printed, one a line:
 *
 *     stack BYTES             the deepest that any call went in the run before this line
 *     open STATUS ERASES      kv_store_open, and the highest erase count of a sector
 *     check GOOD DAMAGED      kv_store_check
 *     key KEY NUMBER          a key, and the operation that its value is of
 *     key KEY bad             a value that is of no operation, or not whole
 *     keys COUNT              how many keys an iterator found
 *     did NUMBER              the operation is acknowledged
 *     failed WHAT STATUS      and the end
 *
 * With `early` the flash acknowledges programs before it has them, which no flash may: the host
 * must notice. With `once` it ends before the first operation. */
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "early.h"
#include "sequence.h"
#include "stack.h"

static unsigned char store_ram[KV_STORE_RAM(SEQUENCE_KEYS, BOARD_MAX_SECTORS)];
static kv_store_t *store;

/* A line, in one piece: the host may see the first half of what is printed in two. */
static char line[64];

static void begin(const char *word) {
    strcpy(line, word);
}

static void add_number(uint32_t number) {
    char digits[12];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    *--at = ' ';
    strcat(line, at);
}

static void end(void) {
    strcat(line, "\n");
    board_print(line);
}

static void failed(const char *what, int status) {
    begin("failed ");
    strcat(line, what);
    strcat(line, " ");
    strcat(line, kv_error_name(status));
    end();
    board_exit(1);
}

static void must(const char *what, int status) {
    if (status != MBED_SUCCESS) {
        failed(what, status);
    }
}

static void open_store(const kv_flash_t *flash) {
    const kv_store_config_t config = {
        .flash = flash,
        .keys = SEQUENCE_KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };
    kv_stats_t stats;
    int status = kv_store_open(&config, store_ram, sizeof store_ram, &store);

    must("kv_store_open", status);
    must("kv_store_stats", kv_store_stats(store, &stats));
    begin("open 0");
    add_number(stats.erase_max);
    end();
}

static void tell_check(void) {
    kv_check_report_t report;

    must("kv_store_check", kv_store_check(store, &report));
    begin("check");
    add_number(report.records_good);
    add_number(report.records_damaged);
    end();
}

/* One byte more than the longest value: one that is longer is noticed. */
static unsigned char value[SEQUENCE_MAX_SIZE + 1];

static void tell_key(uint32_t key) {
    char name[SEQUENCE_NAME_SIZE];
    size_t size;
    uint32_t number;
    int status;

    sequence_name(key, name);
    status = kv_store_get(store, name, value, sizeof value, &size);
    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        return;
    }
    must("kv_store_get", status);
    begin("key");
    add_number(key);
    if (sequence_is_value(key, value, size, &number)) {
        add_number(number);
    } else {
        strcat(line, " bad");
    }
    end();
}

static void tell_keys(void) {
    kv_iterator_t iterator;
    char name[SEQUENCE_NAME_SIZE];
    uint32_t count = 0;
    uint32_t key;
    int status;

    for (key = 0; key < SEQUENCE_KEYS; key++) {
        tell_key(key);
    }
    must("kv_store_iterator_open", kv_store_iterator_open(store, &iterator, NULL));
    for (;;) {
        status = kv_store_iterator_next(store, iterator, name, sizeof name);
        if (status != MBED_SUCCESS) {
            break;
        }
        count++;
    }
    if (status != MBED_ERROR_ITEM_NOT_FOUND) {
        failed("kv_store_iterator_next", status);
    }
    must("kv_store_iterator_close", kv_store_iterator_close(store, iterator));
    begin("keys");
    add_number(count);
    end();
}

static void store_in_pieces(const char *name, size_t size) {
    kv_set_handle_t handle;
    size_t at, part;

    must("kv_store_set_start", kv_store_set_start(store, &handle, name, size, 0));
    for (at = 0; at < size; at += part) {
        part = size - at < 50 ? size - at : 50;
        must("kv_store_set_add_data", kv_store_set_add_data(store, handle, value + at, part));
    }
    must("kv_store_set_finalize", kv_store_set_finalize(store, handle));
}

static void operate(uint32_t number) {
    const operation_t operation = sequence_operation(number);
    char name[SEQUENCE_NAME_SIZE];
    size_t size;
    int status;

    sequence_name(operation.key, name);
    if (operation.kind == SEQUENCE_REMOVE) {
        status = kv_store_remove(store, name);
        if (status != MBED_ERROR_ITEM_NOT_FOUND) {
            must("kv_store_remove", status);
        }
        return;
    }
    size = sequence_value(operation.key, number, value);
    if (operation.kind == SEQUENCE_PIECES) {
        store_in_pieces(name, size);
    } else {
        must("kv_store_set", kv_store_set(store, name, value, size, 0));
    }
}

int main(int argc, char **argv) {
    const char *last = argc > 2 ? argv[2] : "";
    kv_flash_t flash;
    uint32_t number;
    int status;

    stack_paint();
    if (board_flash(&flash) != 0) {
        failed("board_flash", MBED_ERROR_INITIALIZATION_FAILED);
    }
    if (strcmp(last, "early") == 0) {
        flash = early_flash(&flash);
    }
    open_store(&flash);
    tell_check();
    tell_keys();
    if (strcmp(last, "once") == 0) {
        return 0;
    }
    for (number = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;; number++) {
        operate(number);
        begin("did");
        add_number(number);
        end();
        if (number % 64 == 0) {
            status = kv_store_maintain(store, 1);
            must("kv_store_maintain", status > 0 ? MBED_SUCCESS : status);
            begin("stack");
            add_number(stack_depth());
            end();
        }
    }
}
