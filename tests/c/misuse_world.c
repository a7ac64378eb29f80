/* What each row of misuse.h gets: stores, handles and good arguments. */
#include "misuse.h"

world_t world;
uint32_t sectors = 4;

#define DEFINE(function, arguments, setting) \
    int call_##function(call_t *c) { return ANSWER_OF(function, arguments); }
#define ANSWER_OF(function, arguments) (int)function arguments
/* What is no status: a size counts as 0 or 1, a name as known or not. */
#undef kv_store_required_ram
#define kv_store_required_ram(c) \
    (record_size("kv_store_required_ram", (kv_store_required_ram)(c)) != 0)
#define kv_error_name(status) (strcmp((kv_error_name)(status), "unknown") != 0)
FUNCTIONS(DEFINE)
#undef kv_error_name

unsigned char rams[3][RAM_SIZE];
outputs_t outputs;
static kv_spin_t spin;
static const kv_backend_t backend;

void *blank(int byte, size_t size) {
    static kv_stats_t room[100];
    const size_t skip = 64 - (uintptr_t)room % 64;

    CHECK(size + 64 <= sizeof room);
    memset(room, byte, sizeof room);
    return (char *)room + skip;
}

/* The call of the row that comes out of a flash function or a mutex, once. */
static const row_t *pending;
static call_t *pending_call;
static int pending_answer;

static void call_pending(void) {
    const row_t *row = pending;

    pending = NULL;
    if (row != NULL) {
        pending_answer = row->call(pending_call);
    }
}

static void in_flash(void *context) {
    (void)context;
    call_pending();
}

int depth;

static int lock(void *context) {
    if (world.refuses != 0) {
        return world.refuses;
    }
    if (context == &world.store && world.origin == FROM_LOCK) {
        call_pending();
    }
    depth++;
    return 0;
}

static int unlock(void *context) {
    (void)context;
    CHECK(depth > 0);
    depth--;
    return 0;
}

static size_t this_thread(void) {
    return 1;
}

kv_store_t *open_store(chip_t *chip, unsigned char *ram, size_t size, const kv_lock_t *mutex) {
    kv_store_config_t config = {.keys = 8, .format = KV_FORMAT_IF_UNRECOGNISED};
    kv_store_t *store;

    config.flash = &chip->flash;
    config.lock = mutex;
    OK(kv_store_open(&config, ram, size, &store));
    return store;
}

/* Two stores with handles of all kinds, open and stale, and a partition without one. */
void begin_world(void) {
    memset(&world, 0, sizeof world);
    chip_new(&world.chip, sectors, 1024, 4);
    chip_new(&world.second, sectors, 1024, 4);
    chip_new(&world.spare, sectors, 1024, 4);
    world.lock.context = &world.store;
    world.lock.writer = &world.other;
    world.lock.lock = lock;
    world.lock.unlock = unlock;
    world.config.flash = &world.spare.flash;
    world.config.keys = 8;
    world.config.format = KV_FORMAT_IF_UNRECOGNISED;

    /* Handles of a store that was open in the same memory: the second of each kind, as that which
     * is open when a row is run. */
    world.store = open_store(&world.chip, rams[0], sizeof rams[0], &world.lock);
    OK(kv_store_set_start(world.store, &world.earlier_stream, "key", 5, 0));
    OK(kv_store_set_start(world.store, &world.earlier_stream, "key", 5, 0));
    OK(kv_store_iterator_open(world.store, &world.earlier_iterator, NULL));
    OK(kv_store_iterator_close(world.store, world.earlier_iterator));
    OK(kv_store_iterator_open(world.store, &world.earlier_iterator, NULL));
    OK(kv_store_close(world.store));
    CHECK(depth == 0);

    world.store = open_store(&world.chip, rams[0], sizeof rams[0], &world.lock);
    world.other = open_store(&world.second, rams[1], sizeof rams[1], NULL);
    OK(kv_attach("kv", world.store));
    OK(kv_attach("two", world.other));
    OK(kv_store_set(world.store, "key", "value", 5, 0));
    OK(kv_store_set(world.store, "once", "1", 1, KV_WRITE_ONCE_FLAG));
    OK(kv_store_set(world.other, "key", "other", 5, 0));

    OK(kv_store_set_start(world.store, &world.stale_stream, "key", 5, 0));
    OK(kv_store_set_abort(world.store, world.stale_stream));
    OK(kv_store_iterator_open(world.store, &world.stale_iterator, NULL));
    OK(kv_store_iterator_close(world.store, world.stale_iterator));
    OK(kv_store_set_start(world.other, &world.other_stream, "key", 5, 0));
    OK(kv_store_iterator_open(world.other, &world.other_iterator, NULL));
}

static void open_stream(int by_path, int whole, call_t *call) {
    world.path_stream = NULL;
    if (by_path) {
        OK(kv_set_start(&world.stream, "/kv/stream", 5, 0));
        world.own_stream = world.other_stream;
    } else {
        OK(kv_store_set_start(world.store, &world.stream, "stream", 5, 0));
        world.own_stream = world.stream;
        OK(kv_set_start(&world.path_stream, "/two/key", 5, 0));
    }
    call->handle = world.stream;
    if (whole && by_path) {
        OK(kv_set_add_data(world.stream, VALUE, 5));
    } else if (whole) {
        OK(kv_store_set_add_data(world.store, world.stream, VALUE, 5));
    }
}

static void open_iterator(int by_path, call_t *call) {
    if (by_path) {
        OK(kv_iterator_open(&world.iterator, "/kv/"));
        world.own_iterator = world.other_iterator;
    } else {
        OK(kv_store_iterator_open(world.store, &world.iterator, NULL));
        OK(kv_iterator_open(&world.path_iterator, "/two/"));
        world.own_iterator = world.iterator;
    }
    call->it = world.iterator;
}

/* Good arguments for all functions. */
void begin_call(call_t *c, setting_t setting) {
    memset(c, 0, sizeof *c);
    memset(&outputs, '#', sizeof outputs);
    memset(&spin, 0, sizeof spin);
    spin.thread = this_thread;
    outputs.actual = NUMBER;
    c->config = &world.config;
    c->ram = rams[2];
    c->ram_size = sizeof rams[2] - 1;
    c->text = setting == PLAIN ? "key" : setting == NAME ? "kv" : "/kv/key";
    c->in = VALUE;
    c->size = 5;
    c->out = outputs.bytes;
    c->room = sizeof outputs.bytes;
    c->actual_size = &outputs.actual;
    c->info = &outputs.info;
    c->budget = 1;
    c->backend = &backend;
    c->stats = &outputs.stats;
    c->report = &outputs.report;
    c->context = &spin;
    outputs.handle = (kv_set_handle_t)(void *)&world;
    outputs.it = (kv_iterator_t)(void *)&world;
    outputs.opened = (kv_store_t *)(void *)&world;
    c->handle_out = &outputs.handle;
    c->it_out = &outputs.it;
    c->store_out = &outputs.opened;
    if (setting == PLAIN || setting == STREAM || setting == WHOLE || setting == ITERATOR) {
        c->store = world.store;
    }
    world.by_path = c->store == NULL;
    if (setting == STREAM || setting == WHOLE || setting == PATH_STREAM || setting == PATH_WHOLE) {
        open_stream(setting == PATH_STREAM || setting == PATH_WHOLE,
                    setting == WHOLE || setting == PATH_WHOLE, c);
    }
    if (setting == ITERATOR || setting == PATH_ITERATOR || setting == NAME) {
        open_iterator(setting != ITERATOR, c);
    }
}

int answer(const row_t *row, call_t *c) {
    if (world.origin == DIRECTLY) {
        return row->call(c);
    }
    pending = row;
    pending_call = c;
    if (world.origin == FROM_FLASH) {
        world.chip.meanwhile = in_flash;
        OK(kv_store_check(world.store, NULL));
        world.chip.meanwhile = NULL;
    } else {
        const int status = kv_store_exists(world.store, "once");

        /* It was carried out before this one. */
        CHECK(status == MBED_SUCCESS || strstr(row->function, "close") != NULL
              || strstr(row->function, "reset") != NULL);
    }
    CHECK(pending == NULL);
    return pending_answer;
}
