/* Values in pieces: the state machine of set_start, set_add_data, set_finalize and set_abort. */
#include "check.h"
#include "chip.h"

static kv_store_t *store;

static void value_is(const char *key, const char *expected) {
    char buffer[64];
    size_t actual;

    OK(kv_store_get(store, key, buffer, sizeof buffer, &actual));
    CHECK(actual == strlen(expected) && memcmp(buffer, expected, actual) == 0);
}

static kv_set_handle_t start(const char *key, size_t size) {
    kv_set_handle_t handle = NULL;

    OK(kv_store_set_start(store, &handle, key, size, 0));
    CHECK(handle != NULL);
    return handle;
}

static void in_pieces(void) {
    kv_set_handle_t handle = start("key", 11);
    kv_iterator_t it;
    char name[8];

    OK(kv_store_set_add_data(store, handle, "hello", 5));
    OK(kv_store_set_add_data(store, handle, NULL, 0));
    EXPECT(NOT_FOUND, kv_store_exists(store, "key"));
    OK(kv_store_set_add_data(store, handle, " world", 6));
    OK(kv_store_set_finalize(store, handle));
    value_is("key", "hello world");
    EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(store, handle));
    EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(store, handle, "x", 1));
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(store, handle));

    /* Readers see the old value until the end. */
    handle = start("key", 3);
    OK(kv_store_set_add_data(store, handle, "new", 3));
    value_is("key", "hello world");
    OK(kv_store_get_info(store, "key", NULL));
    OK(kv_store_exists(store, "key"));
    OK(kv_store_iterator_open(store, &it, NULL));
    OK(kv_store_iterator_next(store, it, name, sizeof name));
    OK(kv_store_iterator_close(store, it));
    OK(kv_store_set_finalize(store, handle));
    value_is("key", "new");

    /* An empty value has no piece. */
    handle = start("empty", 0);
    OK(kv_store_set_finalize(store, handle));
    OK(kv_store_exists(store, "empty"));
}

static void wrong_sizes(void) {
    kv_set_handle_t handle = start("key", 4);

    EXPECT(INVALID_SIZE, kv_store_set_add_data(store, handle, "12345", 5));
    EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(store, handle, NULL, 4));
    OK(kv_store_set_add_data(store, handle, "12", 2));
    EXPECT(INVALID_SIZE, kv_store_set_add_data(store, handle, "345", 3));
    EXPECT(INVALID_SIZE, kv_store_set_add_data(store, handle, "345", SIZE_MAX));
    OK(kv_store_set_add_data(store, handle, "34", 2));
    EXPECT(INVALID_SIZE, kv_store_set_add_data(store, handle, "5", 1));
    OK(kv_store_set_finalize(store, handle));
    value_is("key", "1234");

    handle = start("key", 4);
    OK(kv_store_set_add_data(store, handle, "567", 3));
    EXPECT(INVALID_SIZE, kv_store_set_finalize(store, handle));
    value_is("key", "1234");
    EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(store, handle));

    EXPECT(INVALID_SIZE, kv_store_set_start(store, &handle, "key", SIZE_MAX, 0));
    CHECK(handle == NULL);
    EXPECT(INVALID_SIZE, kv_store_set_start(store, &handle, "key", 1 << 20, 0));
}

static void aborted(void) {
    kv_set_handle_t handle = start("key", 4);

    OK(kv_store_set_abort(store, handle));
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(store, handle));
    handle = start("key", 4);
    OK(kv_store_set_add_data(store, handle, "9999", 4));
    OK(kv_store_set_abort(store, handle));
    value_is("key", "1234");
    OK(kv_store_set(store, "key", "after", 5, 0));
    value_is("key", "after");
}

static int drop_by(unsigned how) {
    kv_set_handle_t other;

    switch (how) {
    case 0:
        return kv_store_set(store, "other", "v", 1, 0);
    case 1:
        return kv_store_remove(store, "other");
    case 2:
        return kv_store_maintain(store, 1) < 0;
    case 3:
        return kv_store_reserved_data_set(store, "r", 1);
    case 4:
        return kv_store_set_start(store, &other, "other", 1, 0);
    default:
        return kv_store_reset(store);
    }
}

/* A write beside an open stream drops that, as in Mbed. */
static void dropped(void) {
    unsigned how;

    for (how = 0; how <= 5; how++) {
        kv_set_handle_t handle = start("key", 4);

        OK(kv_store_set_add_data(store, handle, "9999", 4));
        OK(drop_by(how));
        EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(store, handle, "", 0));
        EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(store, handle));
        if (how < 5) {
            value_is("key", "after");
        }
    }
    EXPECT(NOT_FOUND, kv_store_exists(store, "key"));
}

static void write_once(void) {
    kv_set_handle_t handle;

    OK(kv_store_set_start(store, &handle, "once", 1, KV_WRITE_ONCE_FLAG));
    OK(kv_store_set_add_data(store, handle, "1", 1));
    OK(kv_store_set_finalize(store, handle));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_store_set_start(store, &handle, "once", 1, 0));
    CHECK(handle == NULL);
    EXPECT(INVALID_ARGUMENT, kv_store_set_start(store, &handle, "k", 1, KV_RESERVED_FLAG));
}

/* More than a sector, in pieces of all sizes. */
static void large(void) {
    static unsigned char value[10000];
    static unsigned char buffer[777];
    kv_set_handle_t handle = start("large", sizeof value);
    size_t done = 0, actual, i;

    for (i = 0; i < sizeof value; i++) {
        value[i] = (unsigned char)(i * 13 + (i >> 8));
    }
    for (i = 0; done < sizeof value; i++) {
        size_t piece = i * 7 % 301;

        piece = piece < sizeof value - done ? piece : sizeof value - done;
        OK(kv_store_set_add_data(store, handle, value + done, piece));
        done += piece;
    }
    OK(kv_store_set_finalize(store, handle));
    for (done = 0; done < sizeof value; done += actual) {
        OK(kv_store_get_at(store, "large", buffer, sizeof buffer, &actual, done));
        CHECK(actual > 0 && memcmp(buffer, value + done, actual) == 0);
    }
}

/* A handle of one store is none of another. */
static void foreign(chip_t *chip) {
    chip_t second_chip;
    kv_store_t *second;
    kv_set_handle_t handle = start("key", 1);
    kv_set_handle_t other;

    chip_new(&second_chip, 4, 4096, 4);
    second = chip_open(&second_chip, 4);
    OK(kv_store_set_start(second, &other, "key", 1, 0));
    CHECK(handle != other);
    EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(store, other, "x", 1));
    EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(second, handle, "x", 1));
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(second, (kv_set_handle_t)(void *)&second_chip));
    EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(second, NULL));
    chip_close(second);
    chip_free(&second_chip);
    (void)chip;
}

int main(void) {
    chip_t chip;

    chip_new(&chip, 8, 4096, 8);
    store = chip_open(&chip, 40);
    in_pieces();
    wrong_sizes();
    aborted();
    dropped();
    write_once();
    large();
    foreign(&chip);

    /* Closing drops a stream; what was finalized is there. */
    (void)start("unfinished", 10);
    chip_close(store);
    store = chip_open(&chip, 40);
    EXPECT(NOT_FOUND, kv_store_exists(store, "unfinished"));
    OK(kv_store_exists(store, "large"));
    chip_close(store);
    chip_free(&chip);
    return 0;
}
