#include "nvkv_lock_single.h"

#include <stddef.h>

/* 1, and 0 in an exception of a Cortex-M. Other processors have no register for that which all
 * programs may read. */
static uintptr_t not_an_interrupt(void) {
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'
    uint32_t exception;

    __asm__ volatile("mrs %0, ipsr" : "=r"(exception));
    return exception == 0;
#else
    return 1;
#endif
}

static int is_owner(const nvkv_lock_single_t *guard) {
    const uintptr_t caller = guard->caller();

    return caller != 0 && caller == guard->owner;
}

static int lock(void *context) {
    nvkv_lock_single_t *guard = context;

    if (is_owner(guard)) {
        return 0;
    }
    guard->refusals++;
    if (guard->on_refusal != NULL) {
        guard->on_refusal();
    }
    return -1;
}

static int unlock(void *context) {
    return is_owner(context) ? 0 : -1;
}

kv_lock_t nvkv_lock_single(nvkv_lock_single_t *guard, nvkv_caller_fn caller) {
    const kv_lock_t described = {
        .context = guard,
        .lock = lock,
        .unlock = unlock,
        .writer = guard,
    };

    guard->caller = caller != NULL ? caller : not_an_interrupt;
    guard->on_refusal = NULL;
    guard->refusals = 0;
    nvkv_lock_single_take(guard);
    return described;
}

void nvkv_lock_single_take(nvkv_lock_single_t *guard) {
    guard->owner = guard->caller();
}
