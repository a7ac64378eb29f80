/* Calls of the library by their usual names, with what each answered noted: a line "function
 * number" in the file that the environment variable NVKV_ANSWERS names, once for each thread and
 * answer. Without that variable nothing is noted. tests/c_answers.rs reads it. */
#ifndef RECORD_H
#define RECORD_H

#include <stdio.h>
#include <stdlib.h>

#include "nvkv.h"

#define RECORD_MAX 2048

/* Strings that are the same may lie in several places: then a line comes twice. */
static inline int record_is_known(const char *function, int answer) {
    static __thread struct {
        const char *function;
        int answer;
    } known[RECORD_MAX];
    static __thread unsigned count;
    unsigned i;

    for (i = 0; i < count; i++) {
        if (known[i].function == function && known[i].answer == answer) {
            return 1;
        }
    }
    if (count < RECORD_MAX) {
        known[count].function = function;
        known[count].answer = answer;
        count++;
    }
    return 0;
}

static inline int record(const char *function, int answer) {
    const char *path = getenv("NVKV_ANSWERS");
    FILE *file;

    if (path == NULL || record_is_known(function, answer)) {
        return answer;
    }
    file = fopen(path, "a");
    if (file == NULL || fprintf(file, "%s %d\n", function, answer) < 0 || fclose(file) != 0) {
        perror(path);
        abort();
    }
    return answer;
}

/* A size counts as positive or not. */
static inline size_t record_size(const char *function, size_t answer) {
    record(function, answer != 0);
    return answer;
}

#define kv_store_required_ram(c) record_size("kv_store_required_ram", kv_store_required_ram(c))
#define kv_store_open(...) record("kv_store_open", kv_store_open(__VA_ARGS__))
#define kv_store_close(...) record("kv_store_close", kv_store_close(__VA_ARGS__))
#define kv_store_format(...) record("kv_store_format", kv_store_format(__VA_ARGS__))
#define kv_store_reset(...) record("kv_store_reset", kv_store_reset(__VA_ARGS__))
#define kv_store_set(...) record("kv_store_set", kv_store_set(__VA_ARGS__))
#define kv_store_get(...) record("kv_store_get", kv_store_get(__VA_ARGS__))
#define kv_store_get_at(...) record("kv_store_get_at", kv_store_get_at(__VA_ARGS__))
#define kv_store_get_info(...) record("kv_store_get_info", kv_store_get_info(__VA_ARGS__))
#define kv_store_exists(...) record("kv_store_exists", kv_store_exists(__VA_ARGS__))
#define kv_store_remove(...) record("kv_store_remove", kv_store_remove(__VA_ARGS__))
#define kv_store_set_start(...) record("kv_store_set_start", kv_store_set_start(__VA_ARGS__))
#define kv_store_set_add_data(...) \
    record("kv_store_set_add_data", kv_store_set_add_data(__VA_ARGS__))
#define kv_store_set_finalize(...) \
    record("kv_store_set_finalize", kv_store_set_finalize(__VA_ARGS__))
#define kv_store_set_abort(...) record("kv_store_set_abort", kv_store_set_abort(__VA_ARGS__))
#define kv_store_iterator_open(...) \
    record("kv_store_iterator_open", kv_store_iterator_open(__VA_ARGS__))
#define kv_store_iterator_next(...) \
    record("kv_store_iterator_next", kv_store_iterator_next(__VA_ARGS__))
#define kv_store_iterator_close(...) \
    record("kv_store_iterator_close", kv_store_iterator_close(__VA_ARGS__))
#define kv_store_reserved_data_set(...) \
    record("kv_store_reserved_data_set", kv_store_reserved_data_set(__VA_ARGS__))
#define kv_store_reserved_data_get(...) \
    record("kv_store_reserved_data_get", kv_store_reserved_data_get(__VA_ARGS__))
#define kv_store_maintain(...) record("kv_store_maintain", kv_store_maintain(__VA_ARGS__))
#define kv_store_check(...) record("kv_store_check", kv_store_check(__VA_ARGS__))
#define kv_store_stats(...) record("kv_store_stats", kv_store_stats(__VA_ARGS__))
#define kv_spin_lock(...) record("kv_spin_lock", kv_spin_lock(__VA_ARGS__))
#define kv_spin_unlock(...) record("kv_spin_unlock", kv_spin_unlock(__VA_ARGS__))
#define kv_attach(...) record("kv_attach", kv_attach(__VA_ARGS__))
#define kv_attach_backend(...) record("kv_attach_backend", kv_attach_backend(__VA_ARGS__))
#define kv_detach(...) record("kv_detach", kv_detach(__VA_ARGS__))
#define kv_get_at(...) record("kv_get_at", kv_get_at(__VA_ARGS__))
#define kv_exists(...) record("kv_exists", kv_exists(__VA_ARGS__))
#define kv_set_start(...) record("kv_set_start", kv_set_start(__VA_ARGS__))
#define kv_set_add_data(...) record("kv_set_add_data", kv_set_add_data(__VA_ARGS__))
#define kv_set_finalize(...) record("kv_set_finalize", kv_set_finalize(__VA_ARGS__))
#define kv_set_abort(...) record("kv_set_abort", kv_set_abort(__VA_ARGS__))

/* These are macros already. */
#ifndef NVKV_BESIDE_MBED
#define kv_set(...) record("kv_set", kv_set(__VA_ARGS__))
#define kv_get(...) record("kv_get", kv_get(__VA_ARGS__))
#define kv_get_info(...) record("kv_get_info", kv_get_info(__VA_ARGS__))
#define kv_remove(...) record("kv_remove", kv_remove(__VA_ARGS__))
#define kv_reset(...) record("kv_reset", kv_reset(__VA_ARGS__))
#define kv_iterator_open(...) record("kv_iterator_open", kv_iterator_open(__VA_ARGS__))
#define kv_iterator_next(...) record("kv_iterator_next", kv_iterator_next(__VA_ARGS__))
#define kv_iterator_close(...) record("kv_iterator_close", kv_iterator_close(__VA_ARGS__))
#endif

#endif
