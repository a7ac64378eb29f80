/* nvkv.h alone, first and twice: what a C program sees of it. */
#include "nvkv.h"
#include "nvkv.h"

/* The memory of a store is known at compile time. */
static unsigned char ram[KV_STORE_RAM(100, 16)];
static unsigned char ram_large[KV_STORE_RAM_LARGE_UNIT(0, 2, 1024)];

static int flash_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    (void)context, (void)address, (void)buffer, (void)size;
    return 0;
}

static int flash_program(void *context, uint32_t address, const void *data, uint32_t size) {
    (void)context, (void)address, (void)data, (void)size;
    return 0;
}

static const kv_flash_t flash = {
    .read = flash_read,
    .program = flash_program,
    .size = 8192,
};

static const kv_store_config_t config = {
    .flash = &flash,
    .keys = 100,
    .format = KV_FORMAT_IF_UNRECOGNISED,
};

int main(void) {
    kv_store_t *store;
    kv_info_t info = {0, 0};
    kv_iterator_t it;
    kv_set_handle_t handle;
    char key[KV_MAX_KEY_LENGTH + 1];

    ram_large[0] = 1;
    if (kv_store_required_ram(&config) > sizeof ram) {
        return 1;
    }
    if (kv_store_open(&config, ram, sizeof ram, &store) != MBED_SUCCESS) {
        return 1;
    }
    if (kv_store_set(store, "key", "value", 6, KV_WRITE_ONCE_FLAG) != MBED_ERROR_MEDIA_FULL) {
        (void)kv_store_get_info(store, "key", &info);
        (void)kv_store_iterator_open(store, &it, NULL);
        (void)kv_store_iterator_next(store, it, key, sizeof key);
        (void)kv_store_set_start(store, &handle, "key", info.size, info.flags);
    }
    return kv_error_name(MBED_ERROR_ITEM_NOT_FOUND) == NULL;
}
