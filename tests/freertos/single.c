/* ports/lock/nvkv_lock_single.c on a processor that knows when it is in an interrupt: without the
 * operating system, which does not run yet. */
#include "nvkv_lock_single.h"
#include "test.h"

static unsigned char ram[KV_STORE_RAM(40, 8)];

void single_caller(void) {
    static nvkv_lock_single_t guard;
    const kv_flash_t flash = flash_describe();
    const kv_lock_t lock = nvkv_lock_single(&guard, NULL);
    const kv_store_config_t config = {
        .flash = &flash,
        .lock = &lock,
        .keys = 40,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    CHECK(kv_store_open(&config, ram, sizeof ram, &test_store) == MBED_SUCCESS);
    CHECK(kv_store_set(test_store, key_name(STREAM), "value", 5, 0) == MBED_SUCCESS);
    CHECK(guard.refusals == 0);
    /* It calls although no other call is in progress. */
    CHECK(machine_interrupt());
    CHECK(test_interrupted == 1 && guard.refusals == 1);
    CHECK(kv_store_exists(test_store, key_name(STREAM)) == MBED_SUCCESS);
    CHECK(kv_store_close(test_store) == MBED_SUCCESS);
    machine_print("passed\n");
    machine_leave(0);
}
