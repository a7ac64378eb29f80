/* ports/lock/nvkv_lock_single.c: one caller gets in, all others are refused, and seen. */
#include "chip.h"
#include "check.h"
#include "nvkv_lock_single.h"

static uintptr_t who = 1;
static unsigned seen;

static uintptr_t caller(void) {
    return who;
}

static void refusal(void) {
    seen++;
}

static unsigned char ram[KV_STORE_RAM(20, 8)];
static kv_store_t *store;

static void interrupt(void *context) {
    const uintptr_t before = who;

    (void)context;
    who = 0;
    EXPECT(IN_USE, kv_store_exists(store, "key"));
    who = before;
}

static void open_store(chip_t *chip, const kv_lock_t *lock) {
    kv_store_config_t config = {.keys = 20, .format = KV_FORMAT_IF_UNRECOGNISED};

    chip_new(chip, 8, 4096, 4);
    config.flash = &chip->flash;
    config.lock = lock;
    OK(kv_store_open(&config, ram, sizeof ram, &store));
}

static void others_are_refused(void) {
    nvkv_lock_single_t guard;
    const kv_lock_t lock = nvkv_lock_single(&guard, caller);
    kv_set_handle_t handle;
    unsigned calls;
    chip_t chip;

    guard.on_refusal = refusal;
    open_store(&chip, &lock);
    OK(kv_store_set(store, "key", "value", 5, 0));
    CHECK(guard.refusals == 0);

    /* Although no call is in progress. */
    who = 0;
    EXPECT(IN_USE, kv_store_set(store, "key", "other", 5, 0));
    who = 2;
    EXPECT(IN_USE, kv_store_exists(store, "key"));
    EXPECT(IN_USE, kv_store_close(store));
    CHECK(guard.refusals == seen && seen >= 3);

    /* In the middle of a call. */
    who = 1;
    calls = seen;
    chip.meanwhile = interrupt;
    OK(kv_store_set(store, "key", "value 2", 7, 0));
    chip.meanwhile = NULL;
    CHECK(seen > calls);

    /* A value in pieces, and the store goes over to another. */
    OK(kv_store_set_start(store, &handle, "key", 2, 0));
    OK(kv_store_set_add_data(store, handle, "ab", 2));
    OK(kv_store_set_finalize(store, handle));
    who = 2;
    nvkv_lock_single_take(&guard);
    OK(kv_store_set(store, "key", "value", 5, 0));
    who = 1;
    EXPECT(IN_USE, kv_store_exists(store, "key"));
    who = 2;
    OK(kv_store_close(store));
    chip_free(&chip);
}

/* Without a function that tells callers apart, all are one where there is no Cortex-M. */
static void default_caller(void) {
    nvkv_lock_single_t guard;
    const kv_lock_t lock = nvkv_lock_single(&guard, NULL);
    chip_t chip;

    open_store(&chip, &lock);
    OK(kv_store_set(store, "key", "value", 5, 0));
    OK(kv_store_exists(store, "key"));
    OK(kv_store_close(store));
    CHECK(guard.refusals == 0);
    chip_free(&chip);
}

int main(void) {
    others_are_refused();
    default_caller();
    return 0;
}
