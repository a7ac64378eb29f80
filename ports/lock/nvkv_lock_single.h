/* One caller, and nobody else: for programs without an operating system, and for a store that
 * belongs to one task.
 *
 *     static nvkv_lock_single_t guard;
 *     const kv_lock_t lock = nvkv_lock_single(&guard, NULL);
 *     const kv_store_config_t config = {.flash = &flash, .lock = &lock, ...};
 *
 * This is no mutex: nobody ever waits. The one that called nvkv_lock_single owns the store, and a
 * call of anybody else, from an interrupt above all, is refused with MBED_ERROR_ALREADY_IN_USE and
 * counted. Without a kv_lock_t such a call is refused only when it meets another one: a mistake
 * that shows on some days. With this guard it shows on the first.
 *
 * Why interrupts are not masked instead: a call lasts as long as the flash takes to erase a sector,
 * on some chips seconds, and a value in pieces lasts from kv_store_set_start to its end. All that
 * time no clock would tick and no byte would be received. An interrupt that has something to store
 * leaves it in RAM, and the main loop stores it.
 *
 * Power: the guard is in RAM alone. */
#ifndef NVKV_LOCK_SINGLE_H
#define NVKV_LOCK_SINGLE_H

#include <stdint.h>

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Says who calls: a number that is another for each task or core, and 0 in an interrupt. */
typedef uintptr_t (*nvkv_caller_fn)(void);

/* The guard of one store. It must live until kv_store_close. */
typedef struct {
    nvkv_caller_fn caller;
    uintptr_t owner;

    /* Called for each refusal, in the context of the refused caller: a place for a breakpoint or a
     * line in a log. NULL: not needed. Set it after nvkv_lock_single. */
    void (*on_refusal)(void);

    /* Calls refused so far; of two at once, one may be missing. */
    volatile uint32_t refusals;
} nvkv_lock_single_t;

/* Makes the guard, describes it for kv_store_config_t, and makes the calling context the owner.
 *
 * `caller` may be NULL on Cortex-M, and on other processors where no interrupt calls: then all but
 * interrupts are one caller. In an operating system it is that one's "which task is this". */
kv_lock_t nvkv_lock_single(nvkv_lock_single_t *guard, nvkv_caller_fn caller);

/* Makes the calling context the owner: where one task opens the store, and another uses it. Not
 * while a call is in progress or a value is open. */
void nvkv_lock_single_take(nvkv_lock_single_t *guard);

#ifdef __cplusplus
}
#endif

#endif
