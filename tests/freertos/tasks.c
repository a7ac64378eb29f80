/* The tasks that share the store. */
#include "test.h"

#define STREAMS 60
#define ROUNDS 400

static uint32_t next_random(counts_t *own) {
    own->random = own->random * 1664525u + 1013904223u;
    return own->random >> 8;
}

/* Adds the value in pieces, up to `size` bytes of it. Between them others run. */
static int add_pieces(counts_t *own, kv_set_handle_t handle, uint32_t number, size_t size) {
    static unsigned char piece[700];
    size_t done = 0;

    while (done < size) {
        size_t some = 1 + next_random(own) % sizeof piece;

        some = some < size - done ? some : size - done;
        value_fill(piece, STREAM, number, done, some);
        if (!SUCCEEDED(own, kv_store_set_add_data(test_store, handle, piece, some))) {
            return 0;
        }
        done += some;
        if (next_random(own) % 3 == 0) {
            vTaskDelay(1);
        }
    }
    return 1;
}

static void give_up(counts_t *own, kv_set_handle_t handle) {
    int status = kv_store_set_abort(test_store, handle);

    while (!test_is_locked && status == MBED_ERROR_ALREADY_IN_USE) {
        own->refused++;
        vTaskDelay(1);
        status = kv_store_set_abort(test_store, handle);
    }
    CHECK(status == MBED_SUCCESS || (!test_is_locked && status == MBED_ERROR_INVALID_ARGUMENT));
    own->dropped++;
}

/* Begins a value, finishes it or gives it up half-way. */
static void stream_once(counts_t *own, uint32_t number, int is_dropped) {
    const size_t size = value_size(STREAM, number);
    kv_set_handle_t handle;

    if (!SUCCEEDED(own, kv_store_set_start(test_store, &handle, key_name(STREAM), size, 0))) {
        return;
    }
    if (!add_pieces(own, handle, number, is_dropped ? size / 2 : size) || is_dropped) {
        give_up(own, handle);
        return;
    }
    test_begun[STREAM] = number;
    if (SUCCEEDED(own, kv_store_set_finalize(test_store, handle))) {
        test_stored[STREAM] = number;
        own->streams++;
    } else {
        give_up(own, handle);
    }
}

void stream_values(counts_t *own) {
    uint32_t i;

    for (i = 2; i < 2 + STREAMS; i++) {
        if (i % 4 == 0) {
            stream_once(own, i | DROPPED, 1);
        }
        stream_once(own, i, 0);
        /* With no value open, the writers get their turn. */
        vTaskDelay(2);
    }
}

static void set(counts_t *own, unsigned key, uint32_t number) {
    unsigned char value[256];
    const size_t size = value_size(key, number);

    value_fill(value, key, number, 0, size);
    test_begun[key] = number;
    if (SUCCEEDED(own, kv_store_set(test_store, key_name(key), value, size, 0))) {
        test_stored[key] = number;
        own->stored++;
    }
}

/* One key comes and goes, the others change. */
static void store_own(counts_t *own, unsigned first, unsigned comes) {
    uint32_t i;

    for (i = 2; i < 2 + ROUNDS; i++) {
        set(own, first + i % 4, i);
        if (i % 2 == 0) {
            set(own, comes, i);
        } else {
            const int status = kv_store_remove(test_store, key_name(comes));

            /* Where the set before was refused, it is not there. */
            if (test_is_locked || status != MBED_ERROR_ITEM_NOT_FOUND) {
                own->stored += SUCCEEDED(own, status) != 0;
            }
        }
        if (next_random(own) % 8 == 0) {
            vTaskDelay(1 + next_random(own) % 3);
        }
    }
}

void write_a(counts_t *own) {
    store_own(own, FIRST_OF_A, COMES_A);
}

void write_b(counts_t *own) {
    store_own(own, FIRST_OF_B, COMES_B);
}

/* Reads a key. What comes back is one whole value: none older than what was stored before the call,
 * none newer than what was begun after it, and none that was dropped. */
static void read_one(counts_t *own, unsigned key, unsigned char *buffer) {
    const uint32_t oldest = test_stored[key];
    uint32_t number;
    size_t size = 0;

    if (!SUCCEEDED(own, kv_store_get(test_store, key_name(key), buffer, VALUE_SIZE, &size))) {
        return;
    }
    number = value_number(buffer, size, key);
    CHECK(number != 0);
    CHECK(number >= oldest && number <= test_begun[key]);
    own->values++;
}

void read_values(counts_t *own) {
    static unsigned char buffers[2][VALUE_SIZE];
    static unsigned readers;
    unsigned char *buffer;
    unsigned key = 0;

    taskENTER_CRITICAL();
    buffer = buffers[readers++];
    taskEXIT_CRITICAL();
    while (!test_is_over) {
        read_one(own, key, buffer);
        key = (key + 1) % KEYS;
        if (key == 0) {
            vTaskDelay(next_random(own) % 3);
        }
    }
}

/* Each key that is always there comes exactly once, whatever is stored meanwhile. */
static void iterate_once(counts_t *own) {
    uint32_t seen = 0;
    kv_iterator_t it;
    char name[16];
    int status;

    if (!SUCCEEDED(own, kv_store_iterator_open(test_store, &it, NULL))) {
        return;
    }
    do {
        status = kv_store_iterator_next(test_store, it, name, sizeof name);
        if (status == MBED_SUCCESS) {
            const unsigned key = key_of(name);

            CHECK(key < ALL_KEYS);
            CHECK(key >= KEYS || (seen & 1u << key) == 0);
            seen |= 1u << key;
        }
        /* Others change the store between the keys. */
        taskYIELD();
    } while (status == MBED_SUCCESS);
    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        CHECK((seen & ((1u << KEYS) - 1)) == (1u << KEYS) - 1);
        own->iterations++;
    } else {
        (void)SUCCEEDED(own, status);
    }
    do {
        status = kv_store_iterator_close(test_store, it);
    } while (!SUCCEEDED(own, status));
}

void iterate(counts_t *own) {
    unsigned i;

    for (i = 0; !test_is_over; i++) {
        iterate_once(own);
        if (i % 32 == 0) {
            kv_check_report_t report;

            if (SUCCEEDED(own, kv_store_check(test_store, &report))) {
                CHECK(report.records_damaged == 0);
            }
        }
        vTaskDelay(3);
    }
}

/* Of a higher priority than those that store: reads and stores, and waits for them as it must. */
void hurry(counts_t *own) {
    static unsigned char buffer[VALUE_SIZE];
    uint32_t i;

    for (i = 2; !test_is_over; i++) {
        const TickType_t start = xTaskGetTickCount();
        TickType_t took;

        read_one(own, STREAM, buffer);
        read_one(own, URGENT, buffer);
        took = xTaskGetTickCount() - start;
        own->longest = took > own->longest ? took : own->longest;
        set(own, URGENT, i);
        vTaskDelay(7);
    }
}

/* Between the two priorities: uses no store, but all of the processor for a while. Were it not for
 * the inheritance of priorities, the one that hurries would wait for it. */
void burn(counts_t *own) {
    (void)own;
    while (!test_is_over) {
        const TickType_t start = xTaskGetTickCount();

        while (xTaskGetTickCount() - start < BURNS) {
        }
        vTaskDelay(BURNS);
    }
}
