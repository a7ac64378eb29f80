/* Values in one piece: what is stored is read, in every way that Mbed's KVStore has. */
#include "check.h"
#include "chip.h"

static void set_and_get(kv_store_t *store) {
    char buffer[16];
    size_t actual = 77;

    EXPECT(NOT_FOUND, kv_store_get(store, "key", buffer, sizeof buffer, &actual));
    CHECK(actual == 77);
    OK(kv_store_set(store, "key", "value", 6, 0));
    OK(kv_store_get(store, "key", buffer, sizeof buffer, &actual));
    CHECK(actual == 6 && memcmp(buffer, "value", 6) == 0);
    OK(kv_store_get(store, "key", buffer, sizeof buffer, NULL));

    OK(kv_store_set(store, "key", "other", 5, 0));
    OK(kv_store_get(store, "key", buffer, sizeof buffer, &actual));
    CHECK(actual == 5 && memcmp(buffer, "other", 5) == 0);
    EXPECT(NOT_FOUND, kv_store_get(store, "ke", buffer, sizeof buffer, &actual));
    EXPECT(NOT_FOUND, kv_store_get(store, "keys", buffer, sizeof buffer, &actual));
}

/* A buffer that is too small gets the beginning, and that is no error. */
static void truncation(kv_store_t *store) {
    char buffer[4] = "....";
    size_t actual = 77;

    OK(kv_store_set(store, "long", "0123456789", 10, 0));
    OK(kv_store_get(store, "long", buffer, 3, &actual));
    CHECK(actual == 3 && memcmp(buffer, "012.", 4) == 0);
    OK(kv_store_get(store, "long", buffer, 0, &actual));
    CHECK(actual == 0);
    OK(kv_store_get(store, "long", NULL, 0, &actual));
    CHECK(actual == 0);
    EXPECT(NOT_FOUND, kv_store_get(store, "missing", NULL, 0, &actual));
}

static void offsets(kv_store_t *store) {
    char buffer[16];
    size_t actual = 77;

    OK(kv_store_set(store, "long", "0123456789", 10, 0));
    OK(kv_store_get_at(store, "long", buffer, sizeof buffer, &actual, 7));
    CHECK(actual == 3 && memcmp(buffer, "789", 3) == 0);
    OK(kv_store_get_at(store, "long", buffer, 2, &actual, 4));
    CHECK(actual == 2 && memcmp(buffer, "45", 2) == 0);
    OK(kv_store_get_at(store, "long", buffer, sizeof buffer, &actual, 10));
    CHECK(actual == 0);
    OK(kv_store_get_at(store, "long", NULL, 5, &actual, 10));
    CHECK(actual == 0);
    actual = 77;
    EXPECT(INVALID_SIZE, kv_store_get_at(store, "long", buffer, sizeof buffer, &actual, 11));
    EXPECT(INVALID_SIZE, kv_store_get_at(store, "long", NULL, 5, &actual, 11));
    EXPECT(INVALID_SIZE, kv_store_get_at(store, "long", buffer, 1, &actual, SIZE_MAX));
    EXPECT(INVALID_ARGUMENT, kv_store_get_at(store, "long", NULL, 5, &actual, 9));
    EXPECT(NOT_FOUND, kv_store_get_at(store, "missing", buffer, 5, &actual, 11));
    CHECK(actual == 77);
}

static void empty_values(kv_store_t *store) {
    size_t actual = 77;
    kv_info_t info;

    OK(kv_store_set(store, "empty", NULL, 0, 0));
    OK(kv_store_get(store, "empty", NULL, 5, &actual));
    CHECK(actual == 0);
    OK(kv_store_get_info(store, "empty", &info));
    CHECK(info.size == 0 && info.flags == 0);
    OK(kv_store_exists(store, "empty"));
    OK(kv_store_set(store, "empty", "", 0, 0));
    OK(kv_store_remove(store, "empty"));
    EXPECT(NOT_FOUND, kv_store_exists(store, "empty"));
}

static void flags(kv_store_t *store) {
    kv_info_t info = {77, 77};
    char buffer[8];

    EXPECT(NOT_FOUND, kv_store_get_info(store, "once", &info));
    EXPECT(NOT_FOUND, kv_store_get_info(store, "once", NULL));
    CHECK(info.size == 77 && info.flags == 77);
    OK(kv_store_set(store, "once", "one", 3,
                    KV_WRITE_ONCE_FLAG | KV_REQUIRE_CONFIDENTIALITY_FLAG
                        | KV_REQUIRE_REPLAY_PROTECTION_FLAG));
    OK(kv_store_get_info(store, "once", &info));
    CHECK(info.size == 3 && info.flags == 11);
    OK(kv_store_get_info(store, "once", NULL));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_store_set(store, "once", "two", 3, 0));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_store_remove(store, "once"));
    OK(kv_store_get(store, "once", buffer, sizeof buffer, NULL));
    CHECK(memcmp(buffer, "one", 3) == 0);

    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "flag", "v", 1, KV_RESERVED_FLAG));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "flag", "v", 1, 16));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "flag", "v", 1, 0x100));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "flag", "v", 1, 0x80000000u));
    EXPECT(NOT_FOUND, kv_store_exists(store, "flag"));
}

static void keys(kv_store_t *store) {
    static char key[1026];
    static const char odd[] = "a key/with *any* byte: \x01\xFF\t\n";
    size_t actual;
    char buffer[2];

    memset(key, 'k', 1024);
    OK(kv_store_set(store, key, "v", 1, 0));
    OK(kv_store_get(store, key, buffer, sizeof buffer, &actual));
    key[1024] = 'k';
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, key, "v", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_store_get(store, key, buffer, sizeof buffer, &actual));
    key[1024] = '\0';
    OK(kv_store_remove(store, key));
    EXPECT(INVALID_ARGUMENT, kv_store_set(store, "", "v", 1, 0));

    OK(kv_store_set(store, odd, "v", 1, 0));
    OK(kv_store_exists(store, odd));
    OK(kv_store_remove(store, odd));
    EXPECT(NOT_FOUND, kv_store_remove(store, odd));
}

/* Buffers need no alignment. */
static void odd_addresses(kv_store_t *store) {
    char bytes[64];
    char result[sizeof(size_t) + sizeof(kv_info_t) + 2];
    size_t actual;
    kv_info_t info;

    strcpy(bytes + 1, "odd");
    strcpy(bytes + 8, "-an odd value");
    OK(kv_store_set(store, bytes + 1, bytes + 9, 12, 0));
    OK(kv_store_get(store, bytes + 1, bytes + 33, 30, (size_t *)(void *)(result + 1)));
    memcpy(&actual, result + 1, sizeof actual);
    CHECK(actual == 12 && memcmp(bytes + 33, "an odd value", 12) == 0);
    OK(kv_store_get_info(store, bytes + 1, (kv_info_t *)(void *)(result + 1)));
    memcpy(&info, result + 1, sizeof info);
    CHECK(info.size == 12);
}

static void full(kv_store_t *store) {
    static unsigned char value[700];
    char key[8];
    int status = MBED_SUCCESS;
    unsigned count = 0;

    EXPECT(INVALID_SIZE, kv_store_set(store, "big", value, SIZE_MAX, 0));
    EXPECT(INVALID_SIZE, kv_store_set(store, "big", value, (4 << 20) + 1, 0));
    while (status == MBED_SUCCESS) {
        sprintf(key, "f%u", count);
        memset(value, (int)count, sizeof value);
        status = kv_store_set(store, key, value, sizeof value, 0);
        count += status == MBED_SUCCESS;
        CHECK(count < 1000);
    }
    CHECK(status == MBED_ERROR_MEDIA_FULL && count > 10);
    while (count > 0) {
        count--;
        sprintf(key, "f%u", count);
        OK(kv_store_get(store, key, value, sizeof value, NULL));
        CHECK(value[0] == (unsigned char)count && value[699] == (unsigned char)count);
        OK(kv_store_remove(store, key));
    }
    OK(kv_store_set(store, "key", value, sizeof value, 0));
}

static void figures(kv_store_t *store) {
    kv_stats_t stats;
    kv_check_report_t report = {7, 7, 7};

    OK(kv_store_reset(store));
    EXPECT(NOT_FOUND, kv_store_exists(store, "once"));
    OK(kv_store_set(store, "a", "1", 1, 0));
    OK(kv_store_set(store, "b", "2", 1, 0));
    OK(kv_store_stats(store, &stats));
    CHECK(stats.keys == 2 && stats.segments == 8 && stats.largest_value > 100);
    OK(kv_store_check(store, &report));
    CHECK(report.records_good >= 2 && report.records_damaged == 0);
    OK(kv_store_check(store, NULL));
    CHECK(kv_store_maintain(store, 0) == 0);
    while (kv_store_maintain(store, 4) > 0) {
    }
    OK(kv_store_exists(store, "a"));
}

int main(void) {
    chip_t chip;
    kv_store_t *store;

    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, 40);
    set_and_get(store);
    truncation(store);
    offsets(store);
    empty_values(store);
    flags(store);
    keys(store);
    odd_addresses(store);
    full(store);
    chip_close(store);

    /* All of it is still there, with a smaller index too. */
    store = chip_open(&chip, 0);
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_store_remove(store, "once"));
    OK(kv_store_exists(store, "long"));
    figures(store);
    chip_close(store);
    CHECK(chip.syncs > 0);
    chip_free(&chip);
    return 0;
}
