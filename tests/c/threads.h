/* What the programs with threads share: a store under one of several kinds of lock, reached by its
 * handle or by paths, and threads that tell each other how far they are. */
#ifndef THREADS_H
#define THREADS_H

#include <pthread.h>

#include "check.h"
#include "chip.h"

/* The two ways to the same store; keys are plain in both. */
typedef struct {
    int (*set)(const char *key, const void *value, size_t size);
    int (*get)(const char *key, void *buffer, size_t size, size_t *actual);
    int (*exists)(const char *key);
    int (*remove)(const char *key);
    int (*start)(kv_set_handle_t *handle, const char *key, size_t size);
    int (*add)(kv_set_handle_t handle, const void *data, size_t size);
    int (*finalize)(kv_set_handle_t handle);
    int (*abort)(kv_set_handle_t handle);
    int (*open)(kv_iterator_t *it, const char *prefix);
    int (*next)(kv_iterator_t it, char *key, size_t size);
    int (*close)(kv_iterator_t it);
} api_t;

typedef enum {
    MUTEX,  /* POSIX mutexes that stay locked when their thread is gone */
    ROBUST, /* those of ports/lock/nvkv_lock_posix.c, which notice that */
    SPIN,   /* the library's own */
    SINGLE, /* one POSIX mutex for both */
    NONE,   /* no lock: one thread is assumed */
    UNLOCKED, /* functions that lock nothing: to see that this is noticed */
    HALF,   /* no mutex for writers: to see that this is noticed */
    KINDS
} kind_t;

extern kv_store_t *store;
extern chip_t chip;
extern api_t api;
extern kind_t kind;
extern int by_paths;

/* Opens an empty store under locks of the kind, and reaches it by `by_path`. */
void store_begin(int by_path);

/* Closes it; all values must be good. */
void store_end(void);

/* Closes it and opens it again, with locks made anew. */
void store_restart(void);
void store_close(void);
void store_open(void);

/* Steps that threads wait for: `reached` is the highest so far. */
void reach(int step);
void await(int step);
int reached(void);
void reset_steps(void);
void pause_ms(unsigned ms);

pthread_t begin(void *(*work)(void *), void *context);
void join(pthread_t id);

void value_is(const char *key, const char *expected);
/* Starts a value and adds `text`, but not the last byte. */
kv_set_handle_t begin_value(const char *key, const char *text);
void end_value(kv_set_handle_t handle, const char *text);

#endif
