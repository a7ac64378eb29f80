#include "misuse_cases.h"

/* An address that no type is aligned to, with room for any of the structures. */
static void *odd(void) {
    static call_t room[2];

    memset(room, '#', sizeof room);
    return (char *)room + 1;
}

static const char *odd_text(const char *text) {
    static char copy[64];

    strcpy(copy + 1, text);
    return copy + 1;
}

/* 1025 bytes without NUL, and one behind them. So the text is too long, and not when its beginning
 * is left out. */
static const char *unterminated(void) {
    static char text[1026];

    memset(text, 'k', 1025);
    return text;
}

static void *copy_of_store(void) {
    void *copy = blank(0, 4096);

    memcpy(copy, world.store, 1024);
    return copy;
}

static void close_store(void) {
    OK(kv_store_close(world.store));
    world.is_closed = 1;
}

static void store_data(void) {
    OK(kv_store_reserved_data_set(world.store, "r", 1));
}

static void detach_all(void) {
    OK(kv_detach("kv"));
    OK(kv_detach("two"));
    world.is_detached = 1;
}

static void take_all_iterators(void) {
    kv_iterator_t it;

    while (kv_store_iterator_open(world.store, &it, "key") == MBED_SUCCESS) {
    }
}

static void attach_as_many_as_there_are(void) {
    char name[] = "extra0";

    while (kv_attach(name, world.store) == MBED_SUCCESS) {
        name[5]++;
    }
}

static void finish_stream(call_t *c) {
    if (c->store != NULL) {
        if (kv_store_set_finalize(c->store, c->handle) != MBED_SUCCESS) {
            EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(c->store, c->handle));
        }
    } else if (kv_set_finalize(c->handle) != MBED_SUCCESS) {
        EXPECT(INVALID_ARGUMENT, kv_set_finalize(c->handle));
    }
}

static void abort_stream(call_t *c) {
    OK(c->store != NULL ? kv_store_set_abort(c->store, c->handle) : kv_set_abort(c->handle));
}

static void close_iterator(call_t *c) {
    OK(c->store != NULL ? kv_store_iterator_close(c->store, c->it) : kv_iterator_close(c->it));
}

static void to_the_last(call_t *c) {
    int status;

    do {
        status = c->store != NULL ? kv_store_iterator_next(c->store, c->it, c->out, c->room)
                                  : kv_iterator_next(c->it, c->out, c->room);
    } while (status == MBED_SUCCESS);
    EXPECT(NOT_FOUND, status);
    memset(c->out, '#', c->room);
}

static const char *world_text(const char *key, const char *path) {
    return world.by_path ? path : key;
}

#define DEFINE_CASE(what, statements) \
    void what(call_t *c) { \
        (void)c; \
        statements; \
    }
CASES(DEFINE_CASE)
