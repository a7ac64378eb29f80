/* A program that is linked with Mbed's own library: the same source reaches nvkv, and Mbed's
 * functions stay as they are. Compiled with NVKV_BESIDE_MBED. */
#include "check.h"
#include "chip.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of mbed_stand_in.c: how often one of Mbed's functions was called. */
extern int mbed_calls;
/* Of mbed_user.c, which knows only Mbed's header: calls Mbed's kv_set. */
int mbed_user(void);

#ifdef OWN_INIT
static int own_init;
int kv_init_storage_config(void) {
    own_init++;
    return MBED_SUCCESS;
}
#endif

#ifdef __cplusplus
}
#endif

int main(void) {
    chip_t chip;
    kv_store_t *store;
    kv_iterator_t it;
    kv_info_t info;
    char buffer[16];

    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, 10);
    OK(kv_attach("kv", store));
    OK(kv_set("/kv/key", "value", 6, 0));
    OK(kv_store_exists(store, "key"));
    OK(kv_get("/kv/key", buffer, sizeof buffer, NULL));
    OK(kv_get_info("/kv/key", &info));
    OK(kv_iterator_open(&it, "/kv/"));
    OK(kv_iterator_next(it, buffer, sizeof buffer));
    OK(kv_iterator_close(it));
    OK(kv_remove("/kv/key"));
    OK(kv_reset("/kv/"));
    /* Not Mbed's kv_init_storage_config either: it would make a store of its own in the flash. */
    CHECK(mbed_calls == 0);
#ifdef OWN_INIT
    CHECK(own_init == 1);
#endif
    CHECK(mbed_user() == 4711);
    CHECK(mbed_calls == 1);
    chip_close(store);
    chip_free(&chip);
    return 0;
}
