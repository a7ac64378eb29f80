/* Rows of opening and formatting with every configuration that is none; of spin locks and names. */
#include "misuse_cases.h"

static int hook(void *context) {
    (void)context;
    return 0;
}

static uint32_t no_sector(void *context, uint32_t address) {
    (void)context, (void)address;
    return 0;
}

static uint32_t huge_sector(void *context, uint32_t address) {
    (void)context, (void)address;
    return UINT32_MAX;
}

static uint32_t sector_over_the_end(void *context, uint32_t address) {
    (void)context, (void)address;
    return 3000;
}

static size_t no_thread_number(void) {
    return 0;
}

/* X(what, statement) for each thing that a configuration must not say. */
#define CONFIGS(X) \
    X(no_flash, world.config.flash = NULL) \
    X(unaligned_flash, world.config.flash = (const kv_flash_t *)(const void *)(rams[2] + 1)) \
    X(no_read, world.spare.flash.read = NULL) \
    X(no_program, world.spare.flash.program = NULL) \
    X(partition_of_0_bytes, world.spare.flash.size = 0) \
    X(partition_of_one_sector, world.spare.flash.size = 1024) \
    X(partition_over_2_gib, world.spare.flash.size = 0x80000001u) \
    X(huge_partition, world.spare.flash.size = UINT32_MAX) \
    X(read_size_3, world.spare.flash.read_size = 3) \
    X(read_size_512, world.spare.flash.read_size = 512) \
    X(program_size_3, world.spare.flash.program_size = 3) \
    X(program_size_2048, world.spare.flash.program_size = 2048) \
    X(huge_program_size, world.spare.flash.program_size = UINT32_MAX) \
    X(sector_of_0_bytes, world.spare.flash.sector_size = 0) \
    X(sector_of_1025_bytes, world.spare.flash.sector_size = 1025) \
    X(huge_sector_size, world.spare.flash.sector_size = UINT32_MAX) \
    X(erased_3, world.spare.flash.erased = 3) \
    X(erased_255, world.spare.flash.erased = 0xFF) \
    X(sectors_of_0_bytes, world.spare.flash.sector_size_at = no_sector) \
    X(sectors_of_4_gib, world.spare.flash.sector_size_at = huge_sector) \
    X(sector_over_the_end_of_all, world.spare.flash.sector_size_at = sector_over_the_end) \
    X(huge_keys, world.config.keys = UINT32_MAX) \
    X(segment_of_1_byte, world.config.segment_size = 1) \
    X(segment_of_1028_bytes, world.config.segment_size = 1028) \
    X(one_segment, world.config.segment_size = 4096) \
    X(huge_segment, world.config.segment_size = UINT32_MAX) \
    X(format_2, world.config.format = 2) \
    X(on_damage_2, world.config.on_damage = 2) \
    X(config_flags_2, world.config.flags = 2) \
    X(lock_without_unlock, give_lock(hook, NULL)) \
    X(unlock_without_lock, give_lock(NULL, hook)) \
    X(unaligned_lock, world.config.lock = (const kv_lock_t *)(const void *)(rams[2] + 1))

static void give_lock(kv_lock_fn lock, kv_lock_fn unlock) {
    static kv_lock_t mutex;

    mutex.lock = lock;
    mutex.unlock = unlock;
    world.config.lock = &mutex;
}

#define DEFINE_CONFIG(what, statement) \
    static void what(call_t *c) { \
        (void)c; \
        statement; \
    }
CONFIGS(DEFINE_CONFIG)

#define CONFIG_ROWS(what, statement) \
    ROW(kv_store_required_ram, what, 0), ROW(kv_store_open, what, INVALID_ARGUMENT), \
        ROW(kv_store_format, what, INVALID_ARGUMENT),

static void no_thread(call_t *c) {
    ((kv_spin_t *)c->context)->thread = NULL;
}

static void thread_0(call_t *c) {
    ((kv_spin_t *)c->context)->thread = no_thread_number;
}

static void unknown_status(call_t *c) {
    c->status = 1;
}

static void lowest_status(call_t *c) {
    c->status = -2147483647 - 1;
}

/* The memory of a store that is open: that one is gone, and its partition is as it was. */
static void memory_of_a_store(call_t *c) {
    c->ram = rams[0];
    c->ram_size = sizeof rams[0];
    world.is_closed = 1;
}

static const row_t rows[] = {
    CONFIGS(CONFIG_ROWS)

    ROW(kv_store_required_ram, null_config, 0),
    ROW(kv_store_required_ram, unaligned_config, 0),
    ROW(kv_store_required_ram, nothing, 1),
    ROW(kv_store_required_ram, from_flash, 1),

    ROW(kv_store_open, null_config, INVALID_ARGUMENT),
    ROW(kv_store_open, unaligned_config, INVALID_ARGUMENT),
    ROW(kv_store_open, null_ram, INVALID_ARGUMENT),
    ROW(kv_store_open, null_store, INVALID_ARGUMENT),
    ROW(kv_store_open, unaligned_store, MBED_SUCCESS),
    ROW(kv_store_open, unaligned_ram, MBED_SUCCESS),
    ROW(kv_store_open, zero_ram_size, MBED_ERROR_OUT_OF_MEMORY),
    ROW(kv_store_open, short_ram_size, MBED_ERROR_OUT_OF_MEMORY),
    ROW(kv_store_open, huge_ram_size, MBED_SUCCESS),
    ROW(kv_store_open, from_flash, MBED_SUCCESS),
    ROW_STORED(kv_store_open, memory_of_a_store, MBED_SUCCESS),

    ROW(kv_store_format, null_config, INVALID_ARGUMENT),
    ROW(kv_store_format, unaligned_config, INVALID_ARGUMENT),
    ROW(kv_store_format, null_ram, INVALID_ARGUMENT),
    ROW(kv_store_format, unaligned_ram, MBED_SUCCESS),
    ROW(kv_store_format, zero_ram_size, MBED_ERROR_OUT_OF_MEMORY),
    ROW(kv_store_format, short_ram_size, MBED_ERROR_OUT_OF_MEMORY),
    ROW(kv_store_format, huge_ram_size, MBED_SUCCESS),
    ROW(kv_store_format, from_flash, MBED_SUCCESS),
    ROW_STORED(kv_store_format, memory_of_a_store, MBED_SUCCESS),

    ROW(kv_spin_lock, null_context, -1),
    ROW(kv_spin_lock, unaligned_context, -1),
    ROW(kv_spin_lock, no_thread, -1),
    ROW(kv_spin_lock, thread_0, -1),
    ROW(kv_spin_lock, nothing, 0),
    ROW(kv_spin_unlock, null_context, -1),
    ROW(kv_spin_unlock, unaligned_context, -1),
    ROW(kv_spin_unlock, nothing, 0),

    ROW(kv_error_name, nothing, 1),
    ROW(kv_error_name, unknown_status, 0),
    ROW(kv_error_name, lowest_status, 0),
};

const rows_t rows_of_opening = {rows, sizeof rows / sizeof rows[0]};
