/* Flash of every shape through its C functions, flash that fails, and the memory a store wants. */
#include "check.h"
#include "chip.h"

/* Writes enough to go round the partition several times, and finds all of it again. */
static void use(chip_t *chip) {
    unsigned char value[100], found[100];
    kv_store_t *store = chip_open(chip, 8);
    const unsigned rounds = 3 * chip->flash.size / 100;
    char key[8];
    unsigned i;

    for (i = 0; i < rounds; i++) {
        sprintf(key, "key%u", i % 5);
        memset(value, (int)i, sizeof value);
        OK(kv_store_set(store, key, value, sizeof value, 0));
    }
    chip_close(store);
    store = chip_open(chip, 8);
    for (i = rounds - 5; i < rounds; i++) {
        sprintf(key, "key%u", i % 5);
        memset(value, (int)i, sizeof value);
        OK(kv_store_get(store, key, found, sizeof found, NULL));
        CHECK(memcmp(value, found, sizeof value) == 0);
    }
    OK(kv_store_check(store, NULL));
    chip_close(store);
}

static uint32_t stm32f4_sectors(void *context, uint32_t address) {
    (void)context;
    return address < 0x10000 ? 0x4000 : address < 0x20000 ? 0x10000 : 0x20000;
}

static uint32_t small_and_large(void *context, uint32_t address) {
    (void)context;
    return address < 4096 ? 1024 : 2048;
}

static void shapes(void) {
    static const uint32_t units[] = {1, 2, 4, 8, 16, 32, 64, 256, 512, 1024};
    chip_t chip;
    unsigned i;

    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        chip_new(&chip, i % 2 ? 2 : 5, units[i] < 256 ? 4096 : 32768, units[i]);
        chip.flash.read_size = i % 3 == 0 ? 1 : units[i] < 256 ? units[i] : 256;
        chip.flash.erased = i % 3;
        chip_reshape(&chip);
        use(&chip);
        chip_free(&chip);
    }

    /* Sectors of mixed size. */
    chip_new(&chip, 6, 2048, 4);
    chip.flash.sector_size = 0;
    chip.flash.sector_size_at = small_and_large;
    use(&chip);
    chip_free(&chip);
    chip_new(&chip, 3, 0x20000, 4);
    chip.flash.sector_size_at = stm32f4_sectors;
    use(&chip);
    CHECK(chip.erases > 0);
    chip_free(&chip);

    /* Without erase, with and without a division given, zero read and program size. */
    chip_new(&chip, 16, 512, 1);
    chip_without_erase(&chip);
    chip.flash.read_size = 0;
    chip.flash.program_size = 0;
    chip.flash.sync = NULL;
    use(&chip);
    CHECK(chip.erases == 0 && chip.programs > 0);
    chip_free(&chip);
    chip_new(&chip, 8, 1024, 4);
    chip_without_erase(&chip);
    chip.flash.sector_size = 1024;
    use(&chip);
    CHECK(chip.erases == 0);
    chip_free(&chip);
}

/* Failing functions: negative and positive numbers alike. The value is larger than any buffer of
 * the store, so that reading it reaches the flash. */
static void failures(void) {
    static char value[2000], other[2000], found[2000];
    chip_t chip;
    kv_store_t *store;

    memset(value, 'v', sizeof value);
    memset(other, 'o', sizeof other);
    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, 8);
    OK(kv_store_set(store, "key", value, sizeof value, 0));
    chip.read_result = -5;
    EXPECT(MBED_ERROR_READ_FAILED, kv_store_get(store, "key", found, sizeof found, NULL));
    chip.read_result = 1;
    EXPECT(MBED_ERROR_READ_FAILED, kv_store_get(store, "key", found, sizeof found, NULL));
    chip.read_result = 0;
    OK(kv_store_get(store, "key", found, sizeof found, NULL));
    chip.sync_result = -1;
    EXPECT(MBED_ERROR_WRITE_FAILED, kv_store_set(store, "key", other, sizeof other, 0));
    chip.sync_result = 0;
    OK(kv_store_set(store, "key", other, sizeof other, 0));

    /* No program succeeds: the write fails, what was stored stays and can be read. */
    chip.program_result = 1;
    CHECK(kv_store_set(store, "key", value, sizeof value, 0) < 0);
    OK(kv_store_get(store, "key", found, sizeof found, NULL));
    CHECK(memcmp(found, other, sizeof other) == 0);
    chip.program_result = 0;
    chip_close(store);
    store = chip_open(&chip, 8);
    OK(kv_store_get(store, "key", found, sizeof found, NULL));
    CHECK(memcmp(found, other, sizeof other) == 0);
    OK(kv_store_set(store, "key", value, sizeof value, 0));
    chip_close(store);
    chip_free(&chip);
}

/* A bit that rots costs its value, which is never returned as good, and no other. */
static void damage(void) {
    static char value[1000], found[1000];
    chip_t chip;
    kv_store_t *store;
    kv_check_report_t report;
    kv_stats_t stats;
    uint32_t at = 0;

    memset(value, 'v', sizeof value);
    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, 8);
    OK(kv_store_set(store, "bad", value, sizeof value, 0));
    OK(kv_store_set(store, "good", "value", 5, 0)); /* the last one could be a torn one */
    chip_close(store);
    while (memcmp(chip.bytes + at, "vvvvvvvv", 8) != 0) {
        at++;
    }
    chip.bytes[at + 5] ^= 0x10;

    store = chip_open(&chip, 8);
    EXPECT(MBED_ERROR_INVALID_DATA_DETECTED,
           kv_store_get(store, "bad", found, sizeof found, NULL));
    CHECK(memchr(found, 'v', sizeof found) == NULL);
    OK(kv_store_get(store, "good", found, sizeof found, NULL));
    EXPECT(MBED_ERROR_INVALID_DATA_DETECTED, kv_store_check(store, &report));
    CHECK(report.records_damaged == 1 && report.records_good >= 1);
    OK(kv_store_stats(store, &stats));
    CHECK(stats.damaged_records > 0);
    OK(kv_store_set(store, "bad", value, sizeof value, 0));
    OK(kv_store_get(store, "bad", found, sizeof found, NULL));
    OK(kv_store_check(store, NULL));
    chip_close(store);
    chip_free(&chip);
}

static void opening(void) {
    static unsigned char ram[KV_STORE_RAM(8, 4)];
    chip_t chip;
    kv_store_config_t config = {.keys = 8};
    kv_store_t *store;
    unsigned i;

    /* A partition that is not formatted is left alone, unless the configuration says otherwise. */
    chip_new(&chip, 4, 4096, 4);
    config.flash = &chip.flash;
    EXPECT(MBED_ERROR_INVALID_FORMAT, kv_store_open(&config, ram, sizeof ram, &store));
    CHECK(chip.programs == 0 && chip.erases == 0);
    OK(kv_store_format(&config, ram, sizeof ram));
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    OK(kv_store_set(store, "key", "value", 5, 0));
    OK(kv_store_close(store));

    /* Another program unit or segment size than it was formatted with. */
    config.segment_size = 8192;
    EXPECT(MBED_ERROR_CONFIG_MISMATCH, kv_store_open(&config, ram, sizeof ram, &store));
    config.segment_size = 0;
    chip.flash.program_size = 8;
    EXPECT(MBED_ERROR_CONFIG_MISMATCH, kv_store_open(&config, ram, sizeof ram, &store));
    chip.flash.program_size = 4;

    /* All choices, and what they are copied from may go. */
    for (i = 0; i < 4; i++) {
        kv_flash_t flash = chip.flash;
        kv_lock_t lock = {0};

        config.flash = &flash;
        config.lock = &lock;
        config.on_damage = i % 2;
        config.flags = i / 2;
        OK(kv_store_open(&config, ram, sizeof ram, &store));
        memset(&flash, 0xA5, sizeof flash);
        memset(&lock, 0xA5, sizeof lock);
        OK(kv_store_exists(store, "key"));
        OK(kv_store_set(store, "key", "value", 5, 0));
        OK(kv_store_close(store));
    }
    chip_free(&chip);
}

/* KV_STORE_RAM is what kv_store_required_ram says for program units of 256 bytes, and never less
 * for smaller ones; any alignment of the memory will do. */
static void memory(void) {
    static const uint32_t segments[] = {2, 3, 16, 1000};
    static const uint32_t keys[] = {0, 1, 2, 3, 4, 5, 50, 100, 101, 10000};
    static unsigned char ram[KV_STORE_RAM(50, 3) + 64];
    chip_t chip;
    kv_store_config_t config = {.format = KV_FORMAT_IF_UNRECOGNISED};
    kv_store_t *store;
    unsigned i, j;
    uint32_t unit;

    chip_new(&chip, 3, 16384, 256);
    config.flash = &chip.flash;
    for (unit = 1; unit <= 1024; unit *= 2) {
        chip.flash.program_size = unit;
        for (i = 0; i < sizeof segments / sizeof segments[0]; i++) {
            chip.flash.size = segments[i] * 16384;
            for (j = 0; j < sizeof keys / sizeof keys[0]; j++) {
                const size_t macro = unit <= 256
                                         ? KV_STORE_RAM(keys[j], segments[i])
                                         : KV_STORE_RAM_LARGE_UNIT(keys[j], segments[i], unit);

                config.keys = keys[j];
                CHECK(kv_store_required_ram(&config) > 0);
                CHECK(kv_store_required_ram(&config) <= macro);
                CHECK(unit < 256 || kv_store_required_ram(&config) == macro);
            }
        }
    }

    chip.flash.size = 3 * 16384;
    chip.flash.program_size = 256;
    config.keys = 50;
    for (i = 0; i < 64; i++) {
        const size_t size = kv_store_required_ram(&config);
        unsigned char *after = ram + i + size;

        memset(ram, 0xA5, sizeof ram);
        OK(kv_store_open(&config, ram + i, size, &store));
        OK(kv_store_set(store, "key", &i, sizeof i, 0));
        OK(kv_store_close(store));
        for (; after < ram + sizeof ram; after++) {
            CHECK(*after == 0xA5);
        }
        for (j = 0; j < i; j++) {
            CHECK(ram[j] == 0xA5);
        }
    }
    chip_free(&chip);
}

int main(void) {
    shapes();
    failures();
    damage();
    opening();
    memory();
    return 0;
}
