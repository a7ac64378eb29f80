/* Firmware that is linked, and not run: IMAGE says how much of the library it refers to. What this
 * file itself needs is the same in all images. */
#include "nvkv.h"

/* The compiler does not see what is done with it, so the function stays. */
#define USE(function) use((void (*)(void))(function))
void (*volatile used)(void);

static void use(void (*function)(void)) {
    used = function;
}

unsigned char ram_16_keys[KV_STORE_RAM(16, 16)];
unsigned char ram_64_keys[KV_STORE_RAM(64, 64)];
unsigned char ram_1000_keys[KV_STORE_RAM(1000, 64)];

/* The start of the image, for the linker. */
void reset(void);

int main(void) {
    USE(reset);
#if IMAGE >= 1
    USE(kv_store_open);
    USE(kv_store_set);
    USE(kv_store_get);
    USE(kv_store_remove);
    USE(kv_store_iterator_open);
    USE(kv_store_iterator_next);
    USE(kv_store_iterator_close);
#endif
#if IMAGE >= 2
    USE(kv_store_required_ram);
    USE(kv_store_close);
    USE(kv_store_format);
    USE(kv_store_reset);
    USE(kv_store_get_at);
    USE(kv_store_get_info);
    USE(kv_store_exists);
    USE(kv_store_set_start);
    USE(kv_store_set_add_data);
    USE(kv_store_set_finalize);
    USE(kv_store_set_abort);
    USE(kv_store_reserved_data_set);
    USE(kv_store_reserved_data_get);
    USE(kv_store_maintain);
    USE(kv_store_check);
    USE(kv_store_stats);
#endif
#if IMAGE >= 3
    USE(kv_spin_lock);
    USE(kv_spin_unlock);
    USE(kv_error_name);
    USE(kv_attach);
    USE(kv_detach);
    USE(kv_attach_backend);
    USE(kv_set);
    USE(kv_get);
    USE(kv_get_at);
    USE(kv_get_info);
    USE(kv_exists);
    USE(kv_remove);
    USE(kv_reset);
    USE(kv_set_start);
    USE(kv_set_add_data);
    USE(kv_set_finalize);
    USE(kv_set_abort);
    USE(kv_iterator_open);
    USE(kv_iterator_next);
    USE(kv_iterator_close);
#endif
    return used == 0;
}

void reset(void) {
    main();
}
