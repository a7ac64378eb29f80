/* Every pointer NULL, every handle wrong, every length absurd: a status, never a crash. */
#include "check.h"
#include "chip.h"

/* All functions that take a store, with arguments that are otherwise good. */
static void all_refuse(kv_store_t *store, int expected) {
    char buffer[64];
    size_t actual = 77;
    kv_info_t info;
    kv_stats_t stats;
    kv_check_report_t report;
    kv_set_handle_t handle = (kv_set_handle_t)(void *)buffer;
    kv_iterator_t it = (kv_iterator_t)(void *)buffer;

    EXPECT(expected, kv_store_close(store));
    EXPECT(expected, kv_store_set(store, "key", "v", 1, 0));
    EXPECT(expected, kv_store_get(store, "key", buffer, sizeof buffer, &actual));
    EXPECT(expected, kv_store_get_at(store, "key", buffer, sizeof buffer, &actual, 0));
    EXPECT(expected, kv_store_get_info(store, "key", &info));
    EXPECT(expected, kv_store_exists(store, "key"));
    EXPECT(expected, kv_store_remove(store, "key"));
    EXPECT(expected, kv_store_reset(store));
    EXPECT(expected, kv_store_set_start(store, &handle, "key", 1, 0));
    CHECK(handle == NULL);
    EXPECT(expected, kv_store_set_add_data(store, handle, "v", 1));
    EXPECT(expected, kv_store_set_finalize(store, handle));
    EXPECT(expected, kv_store_set_abort(store, handle));
    EXPECT(expected, kv_store_iterator_open(store, &it, NULL));
    CHECK(it == NULL);
    EXPECT(expected, kv_store_iterator_next(store, it, buffer, sizeof buffer));
    EXPECT(expected, kv_store_iterator_close(store, it));
    EXPECT(expected, kv_store_reserved_data_set(store, "r", 1));
    EXPECT(expected, kv_store_reserved_data_get(store, buffer, sizeof buffer, &actual));
    EXPECT(expected, kv_store_maintain(store, 1));
    EXPECT(expected, kv_store_check(store, &report));
    EXPECT(expected, kv_store_stats(store, &stats));
    CHECK(actual == 77);
}

static void null_arguments(kv_store_t *store) {
    static unsigned char unterminated[1025];
    char buffer[8];
    kv_iterator_t it;
    kv_set_handle_t handle;

    EXPECT(INVALID_ARGUMENT, kv_store_set(store, NULL, "v", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "key", NULL, 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "key", NULL, SIZE_MAX, 0));
    EXPECT(INVALID_SIZE, kv_store_set(store, "key", "v", SIZE_MAX, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_get(store, NULL, buffer, 1, NULL));
    EXPECT(NOT_FOUND, kv_store_get(store, "missing", NULL, 1, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_get_at(store, NULL, buffer, 1, NULL, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_get_at(store, "", buffer, 1, NULL, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_get_info(store, NULL, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_get_info(store, "", NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_exists(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_exists(store, ""));
    EXPECT(INVALID_ARGUMENT, kv_store_remove(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_remove(store, ""));
    EXPECT(INVALID_ARGUMENT, kv_store_set_start(store, NULL, "key", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_set_start(store, &handle, NULL, 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_set_start(store, &handle, "", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_open(store, NULL, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_next(store, NULL, buffer, sizeof buffer));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_close(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_set_add_data(store, NULL, "v", 1));
    EXPECT(INVALID_ARGUMENT, kv_store_set_finalize(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_set_abort(store, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_stats(store, NULL));
    OK(kv_store_check(store, NULL));

    /* A key whose NUL never comes is not read beyond its 1025th byte. */
    memset(unterminated, 'k', sizeof unterminated);
    EXPECT(INVALID_ARGUMENT, kv_store_exists(store, (const char *)unterminated));
    EXPECT(INVALID_ARGUMENT, kv_store_iterator_open(store, &it, (const char *)unterminated));

    /* A size that no value has does no harm where the buffer is large enough for the value. */
    OK(kv_store_set(store, "key", "value", 5, 0));
    OK(kv_store_get(store, "key", buffer, SIZE_MAX, NULL));
    OK(kv_store_iterator_open(store, &it, NULL));
    OK(kv_store_iterator_next(store, it, buffer, SIZE_MAX));
    OK(kv_store_iterator_close(store, it));
    OK(kv_store_remove(store, "key"));
}

static kv_store_config_t config;
static kv_lock_t lock;
static unsigned char ram[KV_STORE_RAM(10, 8)];

static int hook(void *context) {
    (void)context;
    return 0;
}

/* The configuration is refused; kv_store_required_ram answers 0. */
static void refused(int expected) {
    kv_store_t *store = (kv_store_t *)(void *)ram;

    CHECK(kv_store_required_ram(&config) == 0);
    EXPECT(expected, kv_store_open(&config, ram, sizeof ram, &store));
    CHECK(store == NULL);
    EXPECT(expected, kv_store_format(&config, ram, sizeof ram));
}

#define REFUSED_WITH(field, value) \
    do { \
        chip->flash = good; \
        chip->flash.field = value; \
        refused(INVALID_ARGUMENT); \
        chip->flash = good; \
    } while (0)

#define CONFIG_REFUSED_WITH(field, value) \
    do { \
        const kv_store_config_t good_config = config; \
        config.field = value; \
        refused(INVALID_ARGUMENT); \
        config = good_config; \
    } while (0)

static uint32_t no_sector(void *context, uint32_t address) {
    (void)context, (void)address;
    return 0;
}

static uint32_t huge_sector(void *context, uint32_t address) {
    (void)context, (void)address;
    return UINT32_MAX;
}

static uint32_t odd_sector(void *context, uint32_t address) {
    (void)context;
    return address % 7 + 1;
}

static void configurations(chip_t *chip) {
    const kv_flash_t good = chip->flash;
    kv_store_t *store;

    config.flash = &chip->flash;
    config.keys = 10;
    config.format = KV_FORMAT_IF_UNRECOGNISED;
    CHECK(kv_store_required_ram(&config) > 0 && kv_store_required_ram(&config) <= sizeof ram);
    CHECK(kv_store_required_ram(NULL) == 0);
    EXPECT(INVALID_ARGUMENT, kv_store_open(NULL, ram, sizeof ram, &store));
    CHECK(store == NULL);
    EXPECT(INVALID_ARGUMENT, kv_store_format(NULL, ram, sizeof ram));
    EXPECT(INVALID_ARGUMENT, kv_store_open(&config, ram, sizeof ram, NULL));
    EXPECT(INVALID_ARGUMENT, kv_store_open(&config, NULL, sizeof ram, &store));
    EXPECT(INVALID_ARGUMENT, kv_store_format(&config, NULL, sizeof ram));
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, kv_store_open(&config, ram, 0, &store));
    EXPECT(MBED_ERROR_OUT_OF_MEMORY,
           kv_store_open(&config, ram, kv_store_required_ram(&config) - 1, &store));
    EXPECT(MBED_ERROR_OUT_OF_MEMORY, kv_store_format(&config, ram, 10));
    CHECK(store == NULL);

    REFUSED_WITH(read, NULL);
    REFUSED_WITH(program, NULL);
    REFUSED_WITH(size, 0);
    REFUSED_WITH(size, good.sector_size);
    REFUSED_WITH(size, 0x80000001u);
    REFUSED_WITH(size, UINT32_MAX);
    REFUSED_WITH(read_size, 3);
    REFUSED_WITH(read_size, 512);
    REFUSED_WITH(program_size, 3);
    REFUSED_WITH(program_size, 2048);
    REFUSED_WITH(program_size, UINT32_MAX);
    REFUSED_WITH(sector_size, 0);
    REFUSED_WITH(sector_size, good.sector_size + 1);
    REFUSED_WITH(sector_size, UINT32_MAX);
    REFUSED_WITH(erased, 3);
    REFUSED_WITH(erased, 0xFF);
    REFUSED_WITH(sector_size_at, no_sector);
    REFUSED_WITH(sector_size_at, huge_sector);
    REFUSED_WITH(sector_size_at, odd_sector);
    CONFIG_REFUSED_WITH(flash, NULL);
    CONFIG_REFUSED_WITH(flash, (const kv_flash_t *)(const void *)(ram + 1));
    CONFIG_REFUSED_WITH(keys, UINT32_MAX);
    CONFIG_REFUSED_WITH(segment_size, 1);
    CONFIG_REFUSED_WITH(segment_size, good.sector_size + 4);
    CONFIG_REFUSED_WITH(segment_size, good.size);
    CONFIG_REFUSED_WITH(segment_size, UINT32_MAX);
    CONFIG_REFUSED_WITH(format, 2);
    CONFIG_REFUSED_WITH(on_damage, 2);
    CONFIG_REFUSED_WITH(flags, 2);
    lock.lock = hook;
    CONFIG_REFUSED_WITH(lock, &lock);
    lock.lock = NULL;
    lock.unlock = hook;
    CONFIG_REFUSED_WITH(lock, &lock);
}

static void handles(chip_t *chip) {
    static unsigned char zeros[KV_STORE_RAM(10, 8)];
    unsigned char *copy;
    kv_store_t *store;

    all_refuse(NULL, INVALID_ARGUMENT);
    all_refuse((kv_store_t *)(void *)(zeros + 1), INVALID_ARGUMENT);

    /* Memory that was never a store. */
    copy = malloc(sizeof ram + 64);
    CHECK(copy != NULL);
    memset(copy, 0, sizeof ram + 64);
    all_refuse((kv_store_t *)(void *)copy, NOT_READY);
    memset(copy, 0xFF, sizeof ram + 64);
    all_refuse((kv_store_t *)(void *)copy, NOT_READY);

    /* A copy of an open store is none. */
    store = chip_open(chip, 10);
    memcpy(copy, store, 256);
    all_refuse((kv_store_t *)(void *)copy, NOT_READY);
    OK(kv_store_set(store, "key", "v", 1, 0));
    null_arguments(store);
    chip_close(store);
    free(copy);

    /* Closed: its memory is still there, and no store any more. */
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    OK(kv_store_set(store, "key", "v", 1, 0));
    OK(kv_store_close(store));
    all_refuse(store, NOT_READY);

    /* The memory is lent anew: what was open in it is gone, also when opening fails. */
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    chip->read_result = -1;
    {
        kv_store_t *again;

        EXPECT(MBED_ERROR_READ_FAILED, kv_store_open(&config, ram, sizeof ram, &again));
        CHECK(again == NULL);
    }
    chip->read_result = 0;
    all_refuse(store, NOT_READY);
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    OK(kv_store_exists(store, "key"));
    OK(kv_store_format(&config, ram, sizeof ram));
    all_refuse(store, NOT_READY);
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    EXPECT(NOT_FOUND, kv_store_exists(store, "key"));
    OK(kv_store_close(store));
}

int main(void) {
    chip_t chip;

    chip_new(&chip, 8, 4096, 4);
    configurations(&chip);
    handles(&chip);
    chip_free(&chip);
    return 0;
}
