/* Every function with good arguments, while the flash fails at each operation that it makes, one
 * after the other; and over each byte that is damaged. No value is ever wrong, none but that of the
 * call is lost, and the store goes on. `failures few` tries only the first operations.
 *
 * What they answer is compared with the header: `tests/c_answers.rs`. */
#include <limits.h>

#include "misuse.h"

typedef struct {
    const char *function;
    int (*call)(call_t *);
    setting_t setting;
} function_t;

#define ENTRY(function, arguments, setting) {#function, call_##function, setting},
static const function_t functions[] = {FUNCTIONS(ENTRY)};

typedef enum { READ, PROGRAM, ERASE, SYNC, KINDS } kind_t;
typedef enum { FRESH, USED, VARIANTS } variant_t;

static unsigned few;

/* What fails: the operations of a kind from number `from` on, `count` of them. */
static struct {
    kind_t kind;
    unsigned from, count;
    int is_reached;
} fault;

static void fail(void *context) {
    chip_t *chip = context;
    const unsigned done[KINDS] = {chip->reads, chip->programs, chip->erases, chip->syncs};
    const int fails = done[fault.kind] >= fault.from && done[fault.kind] - fault.from < fault.count;
    int *const results[KINDS] = {&chip->read_result, &chip->program_result, &chip->erase_result,
                                 &chip->sync_result};

    *results[fault.kind] = fails ? -1 : 0;
    fault.is_reached |= fails;
}

static void arm(chip_t *chip) {
    chip->reads = chip->programs = chip->erases = chip->syncs = 0;
    chip->meanwhile = fail;
    chip->meanwhile_context = chip;
}

static void heal(chip_t *chip) {
    chip->meanwhile = NULL;
    chip->read_result = chip->program_result = chip->erase_result = chip->sync_result = 0;
}

static unsigned char large[700];

/* Much is written and overwritten, until the next writes have to collect. */
static void use_up(kv_store_t *store) {
    const unsigned keys = sectors == 4 ? 4 : 120, rounds = sectors == 4 ? 40 : 250;
    unsigned drawn = 1;
    kv_stats_t stats;
    char key[16];
    unsigned i = 0;

    OK(kv_store_reserved_data_set(store, "root", 4));
    do {
        drawn = drawn * 1103515245u + 12345u;
        sprintf(key, "churn%u", (drawn >> 16) % keys);
        OK(kv_store_set(store, key, large, 100, 0));
        OK(kv_store_stats(store, &stats));
        i++;
        CHECK(i < 2000);
    } while (i < rounds || stats.segments_free > 2);
}

static void reopen(void) {
    OK(kv_store_close(world.store));
    OK(kv_detach("kv"));
    world.store = open_store(&world.chip, rams[0], sizeof rams[0], &world.lock);
    OK(kv_attach("kv", world.store));
}

static void begin(const function_t *f, variant_t variant, call_t *c) {
    kv_store_t *spare;

    begin_world();
    if (variant == USED) {
        use_up(world.store);
        spare = open_store(&world.spare, rams[2], sizeof rams[2], NULL);
        use_up(spare);
        OK(kv_store_close(spare));
    }
    begin_call(c, f->setting);
    c->budget = 400;
}

/* A key that is programmed before its value comes. */
static const char *long_key(int by_path) {
    static char path[] = "/kv/............................................................"
                         "............................................................";

    return by_path ? path : path + 4;
}

/* A long value: one that is in fragments, and reaches the flash with each piece. */
static void make_long(const function_t *f, call_t *c) {
    if (f->setting == STREAM || f->setting == WHOLE) {
        OK(kv_store_set_start(world.store, &world.stream, "stream", sizeof large, 0));
        if (f->setting == WHOLE) {
            OK(kv_store_set_add_data(world.store, world.stream, large, sizeof large));
        }
    } else if (f->setting == PATH_STREAM || f->setting == PATH_WHOLE) {
        OK(kv_set_start(&world.stream, "/kv/stream", sizeof large, 0));
        if (f->setting == PATH_WHOLE) {
            OK(kv_set_add_data(world.stream, large, sizeof large));
        }
    }
    if (strstr(f->function, "set_start") != NULL) {
        c->text = long_key(world.by_path);
        return;
    }
    c->handle = world.stream;
    c->in = large;
    c->size = sizeof large;
    if (strstr(f->function, "reserved") != NULL) {
        c->size = 64;
    }
    if (strstr(f->function, "abort") != NULL && world.by_path) {
        OK(kv_set_add_data(world.stream, large, 500));
    } else if (strstr(f->function, "abort") != NULL) {
        OK(kv_store_set_add_data(world.store, world.stream, large, 500));
    }
}

static int is_function(const function_t *f, const char *const *names) {
    for (; *names != NULL; names++) {
        if (strcmp(f->function, *names) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What a key may have: the old value, the new one, and nothing where it may be removed. */
static void has_old_or_new(const function_t *f) {
    static const char *const removing[] = {"kv_store_remove", "kv_remove", "kv_store_reset",
                                           "kv_reset", NULL};
    static unsigned char found[sizeof large];
    const int may_be_gone = is_function(f, removing);
    size_t size;
    int status = kv_store_get(world.store, "key", found, sizeof found, &size);

    CHECK(status == MBED_SUCCESS || (may_be_gone && status == NOT_FOUND));
    if (status == MBED_SUCCESS) {
        CHECK((size == 5 && (memcmp(found, "value", 5) == 0 || memcmp(found, VALUE, 5) == 0))
              || (size == sizeof large && memcmp(found, large, size) == 0));
    }
    status = kv_store_get(world.store, "stream", found, sizeof found, &size);
    CHECK(status == NOT_FOUND || (status == MBED_SUCCESS && (size == 5 || size == sizeof large)));
    status = kv_store_get(world.store, "once", found, sizeof found, &size);
    CHECK((status == MBED_SUCCESS && size == 1 && found[0] == '1')
          || (strstr(f->function, "reset") != NULL && status == NOT_FOUND));
}

static void end(const function_t *f) {
    if (outputs.opened != NULL && outputs.opened != (kv_store_t *)(void *)&world) {
        OK(kv_store_close(outputs.opened));
    }
    (void)kv_detach("kv");
    (void)kv_detach("key");
    OK(kv_detach("two"));
    if (kv_store_exists(world.store, "once") != NOT_READY) {
        has_old_or_new(f);
        OK(kv_store_close(world.store));
    }
    CHECK(depth == 0);
    world.store = open_store(&world.chip, rams[0], sizeof rams[0], NULL);
    has_old_or_new(f);
    OK(kv_store_set(world.store, "after", "v", 1, 0));
    OK(kv_store_check(world.store, NULL));
    has_old_or_new(f);
    OK(kv_store_close(world.store));
    OK(kv_store_close(world.other));
    chip_free(&world.chip);
    chip_free(&world.second);
    chip_free(&world.spare);
}

/* Whether there was such an operation. */
static int fails_at(const function_t *f, variant_t variant, int is_long) {
    call_t c;
    size_t i;

    begin(f, variant, &c);
    if (is_long) {
        make_long(f, &c);
    }
    fault.is_reached = 0;
    arm(&world.chip);
    arm(&world.spare);
    (void)f->call(&c);
    heal(&world.chip);
    heal(&world.spare);
    for (i = 0; i < sizeof outputs.before; i++) {
        CHECK(outputs.before[i] == '#' && outputs.after[i] == '#');
    }
    end(f);
    return fault.is_reached;
}

static void fail_at_each(const function_t *f, variant_t variant, int is_long) {
    static const unsigned counts[] = {1, 3, UINT_MAX};
    unsigned kind, count;

    for (kind = 0; kind < KINDS; kind++) {
        for (count = few ? 2 : 0; count < 3; count++) {
            fault.kind = (kind_t)kind;
            fault.count = counts[count];
            fault.from = 0;
            while ((!few || fault.from < few) && fails_at(f, variant, is_long)) {
                fault.from++;
            }
        }
    }
}

static void failing_flash(const function_t *f) {
    fail_at_each(f, FRESH, 1);
    fail_at_each(f, USED, 0);
    if (few) {
        return;
    }
    fail_at_each(f, FRESH, 0);
    fail_at_each(f, USED, 1);
    if (strcmp(f->function, "kv_store_maintain") == 0) {
        /* Only here there is anything to be done ahead. */
        sectors = SECTORS_MAX;
        few = 2;
        fail_at_each(f, USED, 0);
        few = 0;
        sectors = 4;
    }
}

/* One bit of one byte is another, met at once or by the next opening. */
static void damaged(const function_t *f, uint32_t at, int reopened) {
    call_t c;

    begin(f, USED, &c);
    world.chip.bytes[at] ^= 0x10;
    world.spare.bytes[at] ^= 0x10;
    if (reopened && f->setting == PLAIN) {
        reopen();
        c.store = world.store;
    }
    if (f->call(&c) == MBED_SUCCESS && strncmp(f->function, "kv_store_get", 13) == 0) {
        CHECK(memcmp(outputs.bytes, "value", 5) == 0);
    }
    world.chip.bytes[at] ^= 0x10;
    world.spare.bytes[at] ^= 0x10;
    if (outputs.opened != NULL && outputs.opened != (kv_store_t *)(void *)&world) {
        OK(kv_store_close(outputs.opened));
    }
    (void)kv_detach("kv");
    (void)kv_detach("key");
    OK(kv_detach("two"));
    (void)kv_store_close(world.store);
    OK(kv_store_close(world.other));
    chip_free(&world.chip);
    chip_free(&world.second);
    chip_free(&world.spare);
}

static void damage(const function_t *f) {
    uint32_t at, step = few ? 701 : 5;

    for (at = 0; at < 4096; at += step) {
        damaged(f, at, 0);
        damaged(f, at, 1);
    }
}

static kv_program_fn program;
static unsigned programs_left;

static int program_until_worn(void *context, uint32_t address, const void *data, uint32_t size) {
    const int is_worn = programs_left == 0;

    programs_left -= programs_left > 0;
    /* It keeps a part of what it refuses. */
    return program(context, address, data, is_worn && size > 1 ? size / 2 : size) | -is_worn;
}

static kv_read_fn read_flash;
static unsigned reads_left;

static int fail_one_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    reads_left -= reads_left > 0;
    return reads_left == 1 ? -1 : read_flash(context, address, buffer, size);
}

/* When a segment is nearly full the flash takes no more programs, and kv_store_maintain has nowhere
 * to go; or the read of that number fails. */
static int worn_out(unsigned reads) {
    kv_store_config_t config = {0};
    kv_store_t *store;
    chip_t chip;
    int i, status;

    chip_new(&chip, 2, 256, 1);
    program = chip.flash.program;
    chip.flash.program = program_until_worn;
    programs_left = UINT_MAX;
    read_flash = chip.flash.read;
    chip.flash.read = fail_one_read;
    config.flash = &chip.flash;
    OK(kv_store_format(&config, rams[0], sizeof rams[0]));
    OK(kv_store_open(&config, rams[0], sizeof rams[0], &store));
    for (i = 0; i < 3; i++) {
        OK(kv_store_set(store, "a", large, 41, 0));
    }
    OK(kv_store_close(store));
    OK(kv_store_open(&config, rams[0], sizeof rams[0], &store));
    programs_left = reads ? UINT_MAX : 0;
    reads_left = reads;
    status = kv_store_maintain(store, 10);
    reads_left = 0;
    OK(kv_store_exists(store, "a"));
    OK(kv_store_close(store));
    chip_free(&chip);
    return status;
}

static uint32_t crc32(uint32_t seed, const unsigned char *bytes, size_t size) {
    uint32_t crc = ~seed;
    int bit;

    while (size-- > 0) {
        crc ^= *bytes++;
        for (bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

/* A header as the next version of the format would write it (docs/format.md, 3.1 and 3.2). */
static void newer_version(void) {
    kv_store_config_t *config = &world.config;
    unsigned char *header;
    unsigned programs, i;
    uint32_t crc;

    begin_world();
    OK(kv_store_format(config, rams[2], sizeof rams[2]));
    header = world.spare.bytes;
    header[0] = 2;
    crc = crc32(0x486B766Eu ^ 0, header, 20);
    for (i = 0; i < 4; i++) {
        header[20 + i] = (unsigned char)(crc >> 8 * i);
    }
    programs = world.spare.programs;
    EXPECT(MBED_ERROR_UNSUPPORTED,
           kv_store_open(config, rams[2], sizeof rams[2], &outputs.opened));
    CHECK(outputs.opened == NULL && world.spare.programs == programs);
    OK(kv_detach("kv"));
    OK(kv_detach("two"));
    OK(kv_store_close(world.store));
    OK(kv_store_close(world.other));
    chip_free(&world.chip);
    chip_free(&world.second);
    chip_free(&world.spare);
}

int main(int count, char **arguments) {
    size_t i;

    few = count > 1 && strcmp(arguments[1], "few") == 0 ? 2 : 0;
    memset(large, 'L', sizeof large);
    newer_version();
    EXPECT(MBED_ERROR_OPERATION_PROHIBITED, worn_out(0));
    for (i = 2; i < 40 && worn_out((unsigned)i) != MBED_ERROR_READ_FAILED; i++) {
    }
    CHECK(i < 40);
    for (i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        failing_flash(&functions[i]);
        damage(&functions[i]);
    }
    return 0;
}
