/* Runs the table of misuse.h: `misuse` all of it, `misuse --list` prints "function case". */
#include "misuse.h"

/* A value that was being stored is, an iterator goes on. */
static void is_still_open(setting_t setting) {
    const int by_path = setting == PATH_STREAM || setting == PATH_WHOLE;
    char key[16];

    if (setting == STREAM) {
        OK(kv_store_set_add_data(world.store, world.stream, VALUE, 5));
    } else if (setting == PATH_STREAM) {
        OK(kv_set_add_data(world.stream, VALUE, 5));
    }
    if (setting == STREAM || setting == WHOLE || by_path) {
        OK(by_path ? kv_set_finalize(world.stream)
                   : kv_store_set_finalize(world.store, world.stream));
        OK(kv_store_get(world.store, "stream", key, sizeof key, NULL));
        CHECK(memcmp(key, VALUE, 5) == 0);
    }
    if (setting == ITERATOR) {
        OK(kv_store_iterator_next(world.store, world.iterator, key, sizeof key));
        OK(kv_store_iterator_close(world.store, world.iterator));
    } else if (setting == PATH_ITERATOR || setting == NAME) {
        OK(kv_iterator_next(world.iterator, key, sizeof key));
        OK(kv_iterator_close(world.iterator));
    }
}

static void has_value(kv_store_t *store, const char *key, const char *value) {
    char found[16];
    size_t size;

    OK(kv_store_get(store, key, found, sizeof found, &size));
    CHECK(size == strlen(value) && memcmp(found, value, size) == 0);
}

static void has_its_keys(void) {
    kv_info_t once;

    has_value(world.store, "key", "value");
    has_value(world.store, "once", "1");
    OK(kv_store_get_info(world.store, "once", &once));
    CHECK(once.flags == KV_WRITE_ONCE_FLAG);
    OK(kv_store_set(world.store, "after", "row", 3, 0));
    has_value(world.store, "after", "row");
    OK(kv_store_remove(world.store, "after"));
    OK(kv_store_check(world.store, NULL));
}

/* Whatever the call was to write is as it was; of a value that turned out to be bad, zeros. */
static void is_untouched(const row_t *row) {
    const int is_cleared = row->expected == MBED_ERROR_READ_FAILED
                           || row->expected == MBED_ERROR_INVALID_DATA_DETECTED;
    size_t i;

    CHECK(outputs.actual == NUMBER);
    for (i = 0; i < ROOM; i++) {
        CHECK(outputs.bytes[i] == '#' || (is_cleared && outputs.bytes[i] == 0));
    }
    for (i = 0; i < sizeof outputs.info; i++) {
        CHECK(((const unsigned char *)&outputs.info)[i] == '#');
    }
    for (i = 0; i < sizeof outputs.stats; i++) {
        CHECK(((const unsigned char *)&outputs.stats)[i] == '#');
    }
    for (i = 0; i < sizeof outputs.report; i++) {
        /* It says what is damaged. */
        CHECK(((const unsigned char *)&outputs.report)[i] == '#'
              || row->expected == MBED_ERROR_INVALID_DATA_DETECTED);
    }
}

/* A function that hands out a handle and fails hands out NULL. */
static void has_no_handle(const row_t *row, const call_t *c) {
    if (strstr(row->function, "set_start") != NULL && c->handle_out == &outputs.handle) {
        CHECK(outputs.handle == NULL);
    }
    if (strstr(row->function, "iterator_open") != NULL && c->it_out == &outputs.it) {
        CHECK(outputs.it == NULL);
    }
    if (strcmp(row->function, "kv_store_open") == 0 && c->store_out == &outputs.opened) {
        CHECK(outputs.opened == NULL);
    }
}

static void end_world(const row_t *row) {
    char name[] = "extra0";
    int i;

    if (row->after == KEPT) {
        is_still_open(row->setting);
        has_its_keys();
    }
    has_value(world.other, "key", "other");
    for (i = 0; i < KV_PARTITIONS; i++) {
        (void)kv_detach(name);
        name[5]++;
    }
    (void)kv_detach("kv");
    (void)kv_detach("two");
    (void)kv_detach("key");
    (void)kv_store_close(world.store);
    CHECK(depth == 0);
    if (row->after != CHANGED) {
        world.store = open_store(&world.chip, rams[0], sizeof rams[0], NULL);
        has_its_keys();
        OK(kv_store_close(world.store));
    }
    OK(kv_store_close(world.other));
    chip_free(&world.chip);
    chip_free(&world.second);
    chip_free(&world.spare);
}

static void run(const row_t *row) {
    call_t c;
    int found;
    size_t i;

    begin_world();
    begin_call(&c, row->setting);
    row->prepare(&c);
    found = answer(row, &c);
    world.origin = DIRECTLY;
    world.refuses = 0;
    if (found != row->expected) {
        fprintf(stderr, "%s, %s: %s (%d), not %s (%d)\n", row->function, row->what,
                kv_error_name(found), found, kv_error_name(row->expected), row->expected);
        exit(1);
    }
    for (i = 0; i < sizeof outputs.before; i++) {
        CHECK(outputs.before[i] == '#' && outputs.after[i] == '#');
    }
    if (found < 0) {
        is_untouched(row);
        has_no_handle(row, &c);
    }
    end_world(row);
}

int main(int count, char **arguments) {
    static const rows_t *const all[] = {&rows_of_stores, &rows_of_pieces, &rows_of_paths,
                                        &rows_of_opening, &rows_of_flash};
    const int lists = count > 1 && strcmp(arguments[1], "--list") == 0;
    size_t i, j;

    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (j = 0; j < all[i]->count; j++) {
            if (lists) {
                printf("%s %s\n", all[i]->rows[j].function, all[i]->rows[j].what);
            } else {
                run(&all[i]->rows[j]);
            }
        }
    }
    return 0;
}
