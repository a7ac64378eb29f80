/* A table of calls that are wrong in one respect. Each row names a function, what is wrong, and the
 * answer; `tests/c_answers.rs` sees to it that no function and no parameter is left out.
 *
 * Each row gets two stores of its own, "kv" and "two" by path, and a third partition on which
 * nothing is open. After it, all that was stored must be there, what was open must still be, and
 * what a refused call might have written must be as it was. */
#ifndef MISUSE_H
#define MISUSE_H

#include "check.h"
#include "chip.h"

/* The arguments of a call, by their names in the header; those that are read in one function and
 * written in another are here twice. */
typedef struct {
    const kv_store_config_t *config;
    void *ram;
    size_t ram_size;
    kv_store_t *store;
    kv_store_t **store_out;
    const char *text; /* key, prefix, path or name */
    const void *in;   /* buffer or data to be stored */
    void *out;        /* buffer, data or key to be filled */
    size_t size;      /* of `in` */
    size_t room;      /* of `out` */
    size_t offset;
    size_t *actual_size;
    kv_info_t *info;
    const kv_backend_t *backend;
    uint32_t flags;
    uint32_t budget;
    kv_set_handle_t handle;
    kv_set_handle_t *handle_out;
    kv_iterator_t it;
    kv_iterator_t *it_out;
    kv_stats_t *stats;
    kv_check_report_t *report;
    void *context;
    int status;
} call_t;

/* What is open before the call, and which texts are good. */
typedef enum {
    PLAIN,
    PATH,          /* by path */
    STREAM,        /* a value of 5 bytes, nothing of it given yet */
    WHOLE,         /* the same, all of it given */
    PATH_STREAM,
    PATH_WHOLE,
    ITERATOR,
    PATH_ITERATOR,
    NAME           /* an iterator by path, and the text is the partition's name */
} setting_t;

/* X(function, arguments, what is open) for each that is exported. */
#define FUNCTIONS(X) \
    X(kv_store_required_ram, (c->config), PLAIN) \
    X(kv_store_open, (c->config, c->ram, c->ram_size, c->store_out), PLAIN) \
    X(kv_store_close, (c->store), PLAIN) \
    X(kv_store_format, (c->config, c->ram, c->ram_size), PLAIN) \
    X(kv_store_reset, (c->store), PLAIN) \
    X(kv_store_set, (c->store, c->text, c->in, c->size, c->flags), PLAIN) \
    X(kv_store_get, (c->store, c->text, c->out, c->room, c->actual_size), PLAIN) \
    X(kv_store_get_at, (c->store, c->text, c->out, c->room, c->actual_size, c->offset), PLAIN) \
    X(kv_store_get_info, (c->store, c->text, c->info), PLAIN) \
    X(kv_store_exists, (c->store, c->text), PLAIN) \
    X(kv_store_remove, (c->store, c->text), PLAIN) \
    X(kv_store_set_start, (c->store, c->handle_out, c->text, c->size, c->flags), PLAIN) \
    X(kv_store_set_add_data, (c->store, c->handle, c->in, c->size), STREAM) \
    X(kv_store_set_finalize, (c->store, c->handle), WHOLE) \
    X(kv_store_set_abort, (c->store, c->handle), STREAM) \
    X(kv_store_iterator_open, (c->store, c->it_out, c->text), PLAIN) \
    X(kv_store_iterator_next, (c->store, c->it, c->out, c->room), ITERATOR) \
    X(kv_store_iterator_close, (c->store, c->it), ITERATOR) \
    X(kv_store_reserved_data_set, (c->store, c->in, c->size), PLAIN) \
    X(kv_store_reserved_data_get, (c->store, c->out, c->room, c->actual_size), PLAIN) \
    X(kv_store_maintain, (c->store, c->budget), PLAIN) \
    X(kv_store_check, (c->store, c->report), PLAIN) \
    X(kv_store_stats, (c->store, c->stats), PLAIN) \
    X(kv_spin_lock, (c->context), PLAIN) \
    X(kv_spin_unlock, (c->context), PLAIN) \
    X(kv_attach, (c->text, c->store), PLAIN) \
    X(kv_attach_backend, (c->text, c->backend), PLAIN) \
    X(kv_detach, (c->text), NAME) \
    X(kv_set, (c->text, c->in, c->size, c->flags), PATH) \
    X(kv_get, (c->text, c->out, c->room, c->actual_size), PATH) \
    X(kv_get_at, (c->text, c->out, c->room, c->actual_size, c->offset), PATH) \
    X(kv_get_info, (c->text, c->info), PATH) \
    X(kv_exists, (c->text), PATH) \
    X(kv_remove, (c->text), PATH) \
    X(kv_reset, (c->text), PATH) \
    X(kv_set_start, (c->handle_out, c->text, c->size, c->flags), PATH) \
    X(kv_set_add_data, (c->handle, c->in, c->size), PATH_STREAM) \
    X(kv_set_finalize, (c->handle), PATH_WHOLE) \
    X(kv_set_abort, (c->handle), PATH_STREAM) \
    X(kv_iterator_open, (c->it_out, c->text), PATH) \
    X(kv_iterator_next, (c->it, c->out, c->room), PATH_ITERATOR) \
    X(kv_iterator_close, (c->it), PATH_ITERATOR) \
    X(kv_error_name, (c->status), PLAIN)

/* What holds after a row. */
typedef enum {
    KEPT,    /* all is as it was, what is open too */
    STORED,  /* what was stored is there; what was open may be gone */
    CHANGED  /* the call did what it is for */
} after_t;

typedef struct {
    const char *function;
    int (*call)(call_t *);
    setting_t setting;
    const char *what;
    void (*prepare)(call_t *);
    int expected;
    after_t after;
} row_t;

typedef struct {
    const row_t *rows;
    size_t count;
} rows_t;

#define DECLARE(function, arguments, setting) \
    int call_##function(call_t *c); \
    enum { setting_of_##function = setting };
FUNCTIONS(DECLARE)

#define ROW_(function, what, prepare, expected, after) \
    {#function, call_##function, (setting_t)setting_of_##function, what, prepare, expected, after}
/* `function` is wrong in that the case `what` was prepared; it answers `expected`. */
#define ROW(function, what, expected) ROW_(function, #what, what, expected, KEPT)
#define ROW_STORED(function, what, expected) ROW_(function, #what, what, expected, STORED)
#define ROW_CHANGED(function, what, expected) ROW_(function, #what, what, expected, CHANGED)
/* The case is prepared like another one. */
#define ROW_AS(function, what, prepare, expected) ROW_(function, #what, prepare, expected, KEPT)

/* Where calls come from, and what fails meanwhile. */
typedef enum { DIRECTLY, FROM_FLASH, FROM_LOCK } origin_t;

typedef struct {
    chip_t chip, second, spare;
    kv_store_t *store, *other;
    kv_store_config_t config; /* of the spare partition */
    kv_lock_t lock;
    origin_t origin;
    int refuses; /* what the mutexes answer */
    kv_set_handle_t stream, stale_stream, earlier_stream, other_stream, path_stream, own_stream;
    kv_iterator_t iterator, stale_iterator, earlier_iterator, other_iterator, path_iterator,
        own_iterator;
    int by_path; /* texts are paths */
    int is_closed, is_detached;
} world_t;

extern world_t world;

#define ROOM 64
#define NUMBER 77
#define VALUE "VALUE"
#define SECTORS_MAX 24
#define RAM_SIZE (KV_STORE_RAM(8, SECTORS_MAX) + 1)

/* What the good arguments of a call point to; all of it '#' but for the number. */
typedef struct {
    unsigned char before[8];
    unsigned char bytes[ROOM];
    unsigned char after[8];
    size_t actual;
    kv_info_t info;
    kv_stats_t stats;
    kv_check_report_t report;
    kv_set_handle_t handle;
    kv_iterator_t it;
    kv_store_t *opened;
} outputs_t;

extern outputs_t outputs;
extern unsigned char rams[3][RAM_SIZE];

/* How often the mutexes of `world.store` are held. */
extern int depth;

/* Of each partition: 4, unless it is changed before begin_world. */
extern uint32_t sectors;

kv_store_t *open_store(chip_t *chip, unsigned char *ram, size_t size, const kv_lock_t *mutex);
void begin_world(void);
void begin_call(call_t *c, setting_t setting);

/* Makes the call of a row, from where the case says. */
int answer(const row_t *row, call_t *c);

/* Memory of `size` bytes that is no store, aligned as one. */
void *blank(int byte, size_t size);

extern const rows_t rows_of_stores, rows_of_pieces, rows_of_paths, rows_of_opening, rows_of_flash;

#endif
