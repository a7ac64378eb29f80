/* Rows in which the store has no room, or its flash does not work. */
#include "misuse_cases.h"

static unsigned char bytes[600];

/* As many values as there is room for, down to the smallest. */
static void fill(void) {
    static const size_t sizes[] = {200, 60, 10, 0};
    char key[] = "fill0-00";
    size_t i;
    unsigned count;

    for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (count = 0; count < 100; count++) {
            sprintf(key, "fill%u-%02u", (unsigned)i, count);
            if (kv_store_set(world.store, key, bytes, sizes[i], 0) != MBED_SUCCESS) {
                break;
            }
        }
        CHECK(count < 100);
    }
}

/* Frees what the row's checks need. */
static void full(call_t *c) {
    fill();
    c->in = bytes;
    c->size = 300;
}

static void full_for_data(call_t *c) {
    fill();
    c->in = bytes;
    c->size = 64;
}

/* Each segment is set aside when it cannot be erased. */
static void read_only(call_t *c) {
    int status = MBED_SUCCESS;
    unsigned i;

    (void)c;
    world.chip.erase_result = -1;
    for (i = 0; i < 2000 && status != MBED_ERROR_OPERATION_PROHIBITED; i++) {
        status = kv_store_set(world.store, "churn", bytes, 200, 0);
    }
    EXPECT(MBED_ERROR_OPERATION_PROHIBITED, status);
}

/* With something that is looked at before space. */
static void read_only_missing(call_t *c) {
    read_only(c);
    c->text = world.by_path ? "/kv/missing" : "missing";
}

static void read_only_write_once(call_t *c) {
    read_only(c);
    c->text = world.by_path ? "/kv/once" : "once";
}

static void read_only_and_flags(call_t *c) {
    read_only(c);
    c->flags = KV_RESERVED_FLAG;
}

static void read_only_and_too_large(call_t *c) {
    read_only(c);
    c->size = (4u << 20) + 1;
}

static void read_only_and_nothing(call_t *c) {
    read_only(c);
    c->size = 0;
}

static void full_and_write_once(call_t *c) {
    full(c);
    c->text = world.by_path ? "/kv/once" : "once";
}

static void full_and_missing(call_t *c) {
    full(c);
    c->text = world.by_path ? "/kv/missing" : "missing";
}

/* The same noticed by a value in pieces. */
static void no_more_erases(call_t *c) {
    kv_set_handle_t handle;
    int status = MBED_SUCCESS;
    unsigned i;

    world.chip.erase_result = -1;
    for (i = 0; i < 2000 && status == MBED_SUCCESS; i++) {
        status = c->store != NULL ? kv_store_set_start(world.store, &handle, "churn", 200, 0)
                                  : kv_set_start(&handle, "/kv/churn", 200, 0);
        if (status == MBED_SUCCESS) {
            OK(kv_store_check(world.store, NULL));
            OK(c->store != NULL ? kv_store_set_add_data(world.store, handle, bytes, 200)
                                : kv_set_add_data(handle, bytes, 200));
            OK(c->store != NULL ? kv_store_set_finalize(world.store, handle)
                                : kv_set_finalize(handle));
        }
    }
    EXPECT(MBED_ERROR_OPERATION_PROHIBITED, status);
}

#define FULL MBED_ERROR_MEDIA_FULL
#define READ_ONLY MBED_ERROR_OPERATION_PROHIBITED
#define PROTECTED MBED_ERROR_WRITE_PROTECTED

/* Existence and write-once come before space, and before what failed. */
#define WRITE_CASES(function, too_large) \
    ROW_CHANGED(function, full, FULL), \
    ROW_CHANGED(function, full_and_write_once, PROTECTED), \
    ROW_CHANGED(function, read_only, READ_ONLY), \
    ROW_CHANGED(function, read_only_missing, READ_ONLY), \
    ROW_CHANGED(function, read_only_and_nothing, READ_ONLY), \
    ROW_CHANGED(function, read_only_write_once, PROTECTED), \
    ROW_CHANGED(function, read_only_and_flags, INVALID_ARGUMENT), \
    ROW_CHANGED(function, read_only_and_too_large, too_large)
#define REMOVE_CASES(function) \
    ROW_CHANGED(function, full_and_missing, NOT_FOUND), \
    ROW_CHANGED(function, full_and_write_once, PROTECTED), \
    ROW_CHANGED(function, full, MBED_SUCCESS), \
    ROW_CHANGED(function, read_only, READ_ONLY), \
    ROW_CHANGED(function, read_only_missing, NOT_FOUND), \
    ROW_CHANGED(function, read_only_write_once, PROTECTED)

static const row_t rows[] = {
    WRITE_CASES(kv_store_set, INVALID_SIZE),
    WRITE_CASES(kv_set, FULL),
    WRITE_CASES(kv_store_set_start, INVALID_SIZE),
    WRITE_CASES(kv_set_start, FULL),
    REMOVE_CASES(kv_store_remove),
    REMOVE_CASES(kv_remove),
    ROW_CHANGED(kv_store_reserved_data_set, full_for_data, FULL),

    ROW_CHANGED(kv_store_reserved_data_set, read_only, READ_ONLY),
    ROW_CHANGED(kv_store_reset, read_only, READ_ONLY),
    ROW_CHANGED(kv_reset, read_only, READ_ONLY),
    ROW_CHANGED(kv_store_get, no_more_erases, MBED_SUCCESS),
    ROW_CHANGED(kv_get, no_more_erases, MBED_SUCCESS),
    ROW_CHANGED(kv_store_get, read_only, MBED_SUCCESS),
    ROW_CHANGED(kv_store_exists, read_only, MBED_SUCCESS),
    ROW_CHANGED(kv_store_get_info, read_only, MBED_SUCCESS),
};

const rows_t rows_of_flash = {rows, sizeof rows / sizeof rows[0]};
