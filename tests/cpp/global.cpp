// The global API as the default configuration makes it: contract 5.5 (Mbed's static tests, by their
// names, with "static_" before them) and the rows of 1.3 to 1.7 and 2.7.
#include "check.hpp"
#include "flash.hpp"
#include "kvstore_global_api/kvstore_global_api.h"

namespace {

char buffer[256], key[256];
size_t actual;
kv_info_t details;
kv_iterator_t it;

const char *asterisks() {
    static char text[133];
    memset(text, '*', 132);
    memcpy(text, "/kv/", 4);
    return text;
}

void set_get_remove(const char *name, const char *text, size_t size) {
    OK(kv_set(name, text, size, 0));
    OK(kv_get(name, buffer, sizeof buffer, &actual));
    IS(actual == size && memcmp(buffer, text, size) == 0);
    OK(kv_remove(name));
}

} // namespace

// The first call makes the store, in the last two sectors: nothing else of the flash is touched.
TEST(static_kvstore_init) {
    EXPECT(INVALID_ARGUMENT, kv_iterator_open(NULL, "/kv/"));
    IS(the_chip()->reads == 0);
    OK(kv_reset("/kv/"));
    OK(kv_set("/kv/where", "is it", 6, 0));
    const uint32_t begin = (FLASH_SECTORS - 2) * FLASH_SECTOR;
    for (uint32_t i = 0; i < begin; i++) {
        if (the_chip()->programmed[i]) {
            IS(!"the store is where it should be");
            break;
        }
    }
    OK(kv_remove("/kv/where"));
}

TEST(config_default_flash_addresses) {
    mbed::bd_addr_t start = 0;
    mbed::bd_size_t size = 0;
    OK(kv_get_default_flash_addresses(&start, &size));
    IS(start == FLASH_START + (FLASH_SECTORS - 2) * FLASH_SECTOR && size == 2 * FLASH_SECTOR);
    EXPECT(INVALID_ARGUMENT, kv_get_default_flash_addresses(NULL, &size));
    EXPECT(INVALID_ARGUMENT, kv_get_default_flash_addresses(&start, NULL));
    EXPECT(INVALID_ARGUMENT, kv_get_flash_bounds_from_config(NULL, &size));
    EXPECT(INVALID_ARGUMENT, kv_get_flash_bounds_from_config(&start, NULL));
    IS(check::same(get_filesystemstore_folder_path(), "kvstore"));
}

TEST(static_set_key_null) { EXPECT(INVALID_ARGUMENT, kv_set(NULL, "data", 5, 0)); }

TEST(static_set_key_length_exceeds_max) {
    EXPECT(INVALID_ARGUMENT, kv_set(asterisks(), "data", 5, 0));
}

TEST(static_set_buffer_null_size_not_zero) {
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", NULL, 8, 0));
}

TEST(static_set_key_undefined_flags) {
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, 16));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, KV_RESERVED_FLAG));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, 0x80000000u));
}

TEST(static_set_buffer_size_is_zero) {
    OK(kv_set("/kv/key", NULL, 0, 0));
    OK(kv_remove("/kv/key"));
}

TEST(static_set_same_key_several_time) {
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_remove("/kv/key"));
}

TEST(static_set_write_once_flag_try_set_twice) {
    OK(kv_set("/kv/key", "data", 5, KV_WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, kv_set("/kv/key", "data", 5, KV_WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, kv_set("/kv/key", "data", 5, 0));
    OK(kv_reset("/kv/"));
}

TEST(static_set_write_once_flag_try_remove) {
    OK(kv_set("/kv/key", "data", 5, KV_WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, kv_remove("/kv/key"));
    OK(kv_get("/kv/key", buffer, sizeof buffer, &actual));
    OK(kv_reset("/kv/"));
    EXPECT(NOT_FOUND, kv_get("/kv/key", buffer, sizeof buffer, &actual));
}

TEST(static_set_key_value_byte_sizes) {
    set_get_remove("/kv/key1", "a", 1);
    set_get_remove("/kv/key2", "aa", 2);
    set_get_remove("/kv/key5", "aaaaa", 5);
    set_get_remove("/kv/key15", "aaaaaaaaaaaaaaa", 15);
    set_get_remove("/kv/key17", "aaaaaaaaaaaaaaaaa", 17);
}

TEST(static_set_several_key_value_sizes) {
    char name[] = "name_a";
    for (int i = 0; i < 11; i++) {
        name[5] = static_cast<char>('a' + i);
        OK(kv_set(name, "0123456789a", static_cast<size_t>(i) + 1, 0));
    }
    for (int i = 0; i < 11; i++) {
        name[5] = static_cast<char>('a' + i);
        OK(kv_get(name, buffer, sizeof buffer, &actual));
        IS(actual == static_cast<size_t>(i) + 1);
        OK(kv_remove(name));
    }
}

TEST(static_set_several_unvalid_key_names) {
    char name[] = "name_X";
    for (const char *bad = "*?:;\"| <>\\"; *bad != '\0'; bad++) {
        name[5] = *bad;
        EXPECT(INVALID_ARGUMENT, kv_set(name, "data", 5, 0));
    }
    EXPECT(NOT_FOUND, kv_set("name_/", "data", 5, 0));
}

TEST(static_get_key_null) { EXPECT(INVALID_ARGUMENT, kv_get(NULL, buffer, 8, &actual)); }

TEST(static_get_key_length_exceeds_max) {
    EXPECT(INVALID_ARGUMENT, kv_get(asterisks(), buffer, 8, &actual));
}

TEST(static_get_buffer_null_size_not_zero) {
    EXPECT(NOT_FOUND, kv_get("/kv/key", NULL, 1, &actual));
    OK(kv_set("/kv/key", "data", 5, 0));
    EXPECT(INVALID_ARGUMENT, kv_get("/kv/key", NULL, 1, &actual));
    OK(kv_set("/kv/key", NULL, 0, 0));
    OK(kv_get("/kv/key", NULL, 1, &actual));
    OK(kv_remove("/kv/key"));
}

TEST(static_get_buffer_sizes) {
    OK(kv_set("/kv/key", "0123456789", 10, 0));
    OK(kv_get("/kv/key", buffer, 0, &actual));
    IS(actual == 0);
    OK(kv_get("/kv/key", buffer, 5, &actual));
    IS(actual == 5 && memcmp(buffer, "01234", 5) == 0);
    OK(kv_get("/kv/key", buffer, sizeof buffer, &actual));
    IS(actual == 10);
    OK(kv_get("/kv/key", buffer, sizeof buffer, NULL));
    OK(kv_remove("/kv/key"));
}

TEST(static_get_non_existing_key) {
    actual = 77;
    EXPECT(NOT_FOUND, kv_get("/kv/key", buffer, 8, &actual));
    IS(actual == 77);
}

TEST(static_get_removed_key) {
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_remove("key"));
    EXPECT(NOT_FOUND, kv_get("/kv/key", buffer, 8, &actual));
}

TEST(static_get_key_that_was_set_twice) {
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_set("/kv/key", "new_data", 9, 0));
    OK(kv_get("/kv/key", buffer, sizeof buffer, &actual));
    IS(actual == 9 && check::same(buffer, "new_data"));
    OK(kv_remove("/kv/key"));
}

TEST(static_remove_keys) {
    EXPECT(INVALID_ARGUMENT, kv_remove(NULL));
    EXPECT(INVALID_ARGUMENT, kv_remove(asterisks()));
    EXPECT(NOT_FOUND, kv_remove("/kv/key"));
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_remove("/kv/key"));
    EXPECT(NOT_FOUND, kv_remove("/kv/key"));
}

TEST(static_get_info_cases) {
    EXPECT(INVALID_ARGUMENT, kv_get_info(NULL, &details));
    EXPECT(INVALID_ARGUMENT, kv_get_info(asterisks(), &details));
    EXPECT(NOT_FOUND, kv_get_info("/kv/key", NULL));
    EXPECT(NOT_FOUND, kv_get_info("/kv/key", &details));
    OK(kv_set("/kv/key", "data", 5, KV_WRITE_ONCE_FLAG));
    OK(kv_get_info("/kv/key", &details));
    IS(details.size == 5 && details.flags == KV_WRITE_ONCE_FLAG);
    EXPECT(INVALID_ARGUMENT, kv_get_info("/kv/key", NULL));
    OK(kv_reset("/kv/"));
    OK(kv_set("/kv/key", "data", 5, 0));
    OK(kv_set("/kv/key", "new_data", 9, 0));
    OK(kv_get_info("/kv/key", &details));
    IS(details.size == 9);
    OK(kv_remove("/kv/key"));
    EXPECT(NOT_FOUND, kv_get_info("/kv/key", &details));
}

// The two flags that the internal store has no use for are taken, and dropped.
TEST(config_flags_mask) {
    OK(kv_set("/kv/key", "data", 5,
              KV_REQUIRE_CONFIDENTIALITY_FLAG | KV_REQUIRE_REPLAY_PROTECTION_FLAG));
    OK(kv_get_info("/kv/key", &details));
    IS(details.flags == 0);
    OK(kv_remove("/kv/key"));
}

TEST(static_iterator_cases) {
    EXPECT(INVALID_ARGUMENT, kv_iterator_open(NULL, NULL));
    OK(kv_iterator_open(&it, NULL));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, 0));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    OK(kv_iterator_close(it));
    OK(kv_set("/kv/prefix_key", "data", 5, 0));
    OK(kv_set("/kv/prefix_key", "data2", 6, 0));
    OK(kv_set("/kv/other", "data", 5, 0));
    OK(kv_iterator_open(&it, "prefix"));
    OK(kv_iterator_next(it, key, sizeof key));
    IS(check::same(key, "prefix_key"));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    OK(kv_iterator_close(it));
    int count = 0;
    OK(kv_iterator_open(&it, NULL));
    while (kv_iterator_next(it, key, sizeof key) == MBED_SUCCESS) {
        OK(kv_get(key, buffer, sizeof buffer, &actual));
        count++;
    }
    IS(count == 2);
    OK(kv_iterator_close(it));
    OK(kv_reset("/kv/"));
}

TEST(static_iterator_next_path_check) {
    OK(kv_set("/kv/key", "data", 5, 0));
    const char *const styles[][2] = {{"/kv/", "/kv/key"}, {"/kv/key", "/kv/key"}, {"kv/", "kv/key"},
                                     {NULL, "key"},       {"", "key"},            {"key", "key"},
                                     {"/key", "/key"},    {"/k/", "/k/key"},      {"//", "//key"}};
    for (size_t i = 0; i < sizeof styles / sizeof styles[0]; i++) {
        OK(kv_iterator_open(&it, styles[i][0]));
        OK(kv_iterator_next(it, key, sizeof key));
        IS(check::same(key, styles[i][1]));
        OK(kv_iterator_close(it));
    }
    // The name alone is a prefix of keys.
    OK(kv_iterator_open(&it, "/kv"));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    OK(kv_iterator_close(it));
    EXPECT(NOT_FOUND, kv_iterator_open(&it, "/nope/"));
    OK(kv_iterator_open(&it, "Key*"));
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    OK(kv_iterator_close(it));
}

// Never beyond the buffer, whatever its size: Mbed copies the path without a look at it.
TEST(iterator_next_small_buffers) {
    OK(kv_iterator_open(&it, "/kv/"));
    for (size_t size = 0; size < 8; size++) {
        memset(key, 'x', sizeof key);
        EXPECT(INVALID_SIZE, kv_iterator_next(it, key, size));
        IS(key[size] == 'x');
    }
    OK(kv_iterator_next(it, key, 8));
    IS(check::same(key, "/kv/key") && key[8] == 'x');
    OK(kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(NULL, key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(NULL));
    kv_iterator_t all[16];
    for (int i = 0; i < 16; i++) {
        OK(kv_iterator_open(&all[i], "/kv/"));
    }
    EXPECT(MBED_ERROR_OUT_OF_RESOURCES, kv_iterator_open(&it, "/kv/"));
    for (int i = 0; i < 16; i++) {
        OK(kv_iterator_close(all[i]));
    }
    OK(kv_reset(NULL));
}

TEST(static_iterator_next_remove_while_iterating) {
    char name[] = "/kv/key_X";
    for (int i = 0; i < 5; i++) {
        name[8] = static_cast<char>('0' + i);
        OK(kv_set(name, "data", 5, 0));
    }
    OK(kv_iterator_open(&it, "/kv/key"));
    for (int i = 0; i < 5; i++) {
        OK(kv_iterator_next(it, key, sizeof key));
        OK(kv_remove(key));
    }
    EXPECT(NOT_FOUND, kv_iterator_next(it, key, sizeof key));
    OK(kv_iterator_close(it));
    OK(kv_iterator_open(&it, NULL));
    OK(kv_iterator_close(it));
}

TEST(path_grammar) {
    const struct {
        const char *path;
        int status;
    } paths[] = {{"/kv/key", MBED_SUCCESS},     {"key", MBED_SUCCESS},
                 {"/key", MBED_SUCCESS},        {"kv/key", MBED_SUCCESS},
                 {"//key", MBED_SUCCESS},       {"/k/key", MBED_SUCCESS},
                 {"/kvx/key", NOT_FOUND},       {"/nope/key", NOT_FOUND},
                 {"/kv/a/b", INVALID_ARGUMENT}, {"/kv/", INVALID_ARGUMENT},
                 {"/", INVALID_ARGUMENT},       {"", INVALID_ARGUMENT},
                 {NULL, INVALID_ARGUMENT},      {"name_/", NOT_FOUND}};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        EXPECT(paths[i].status, kv_set(paths[i].path, "data", 5, 0));
        if (paths[i].status == MBED_SUCCESS) {
            OK(kv_get("key", buffer, sizeof buffer, &actual));
            OK(kv_remove(paths[i].path));
        }
    }
    // The path does not count for the length of the key.
    char longest[4 + 128 + 1] = "/kv/";
    memset(longest + 4, 'k', 128);
    OK(kv_set(longest, "data", 5, 0));
    OK(kv_remove(longest));
    char more[4 + 129 + 1] = "/kv/";
    memset(more + 4, 'k', 129);
    EXPECT(INVALID_ARGUMENT, kv_set(more, "data", 5, 0));
}

TEST(reset_paths) {
    const char *const whole[] = {"/kv/", "/kv", NULL, ""};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        OK(kv_set("/kv/key", "data", 5, KV_WRITE_ONCE_FLAG));
        OK(kv_reset(whole[i]));
        EXPECT(NOT_FOUND, kv_get("/kv/key", buffer, sizeof buffer, &actual));
    }
    EXPECT(NOT_FOUND, kv_reset("/nope/"));
}
