// The behaviours that Mbed's general tests of stores assert, first part: contract 5.3, for
// TDBStore, through mbed::KVStore. All run on one store, one after the other.
#include "store.hpp"

#include "check.hpp"

namespace {

mbed::KVStore &kv() { return *shared_store(); }

char buffer[128];
size_t actual;

// 128 characters, none of them allowed.
const char *asterisks() {
    static char key[129];
    memset(key, '*', 128);
    return key;
}

void set_get_remove(const char *key, const char *text, size_t size) {
    OK(kv().set(key, text, size, 0));
    memset(buffer, 0, sizeof buffer);
    OK(kv().get(key, buffer, sizeof buffer, &actual, 0));
    IS(actual == size && memcmp(buffer, text, size) == 0);
    OK(kv().remove(key));
}

} // namespace

TEST(set_key_null) { EXPECT(INVALID_ARGUMENT, kv().set(NULL, "data", 5, 0)); }

TEST(set_key_length_exceeds_max) {
    EXPECT(INVALID_ARGUMENT, kv().set(asterisks(), "data", 5, 0));
}

TEST(set_buffer_null_size_not_zero) { EXPECT(INVALID_ARGUMENT, kv().set("key", NULL, 8, 0)); }

TEST(set_key_undefined_flags) { EXPECT(INVALID_ARGUMENT, kv().set("key", "data", 5, 16)); }

TEST(set_buffer_size_is_zero) {
    OK(kv().set("key", "data", 0, 0));
    OK(kv().remove("key"));
}

TEST(set_same_key_several_time) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().set("key", "data", 5, 0));
    OK(kv().set("key", "data", 5, 0));
    OK(kv().remove("key"));
}

TEST(set_write_once_flag_try_set_twice) {
    OK(kv().set("key", "ONCE", 5, mbed::KVStore::WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, kv().set("key", "TWICE", 6, mbed::KVStore::WRITE_ONCE_FLAG));
    EXPECT(PROTECTED, kv().set("key", "TWICE", 6, 0));
    OK(kv().get("key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 5 && check::same(buffer, "ONCE"));
    OK(kv().reset());
}

TEST(set_write_once_flag_try_remove) {
    OK(kv().set("write_once_key", "write_once_dat", 14, mbed::KVStore::WRITE_ONCE_FLAG));
    OK(kv().get("write_once_key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 14);
    EXPECT(PROTECTED, kv().remove("write_once_key"));
    OK(kv().get("write_once_key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 14 && memcmp(buffer, "write_once_dat", 14) == 0);
    OK(kv().reset());
}

TEST(set_key_value_one_byte_size) { set_get_remove("key_1", "a", 1); }
TEST(set_key_value_two_byte_size) { set_get_remove("key_2", "aa", 2); }
TEST(set_key_value_five_byte_size) { set_get_remove("key_5", "aaaaa", 5); }
TEST(set_key_value_fifteen_byte_size) { set_get_remove("key_15", "aaaaaaaaaaaaaaa", 15); }
TEST(set_key_value_seventeen_byte_size) { set_get_remove("key_17", "aaaaaaaaaaaaaaaaa", 17); }

TEST(set_several_key_value_sizes) {
    char name[] = "name_a", value[] = "aaaaaaaaaa";
    for (size_t i = 0; i < 5; i++) {
        name[5] = static_cast<char>('a' + i);
        OK(kv().set(name, value, i * 2 + 1, 0));
    }
    for (size_t i = 0; i < 5; i++) {
        name[5] = static_cast<char>('a' + i);
        OK(kv().get(name, buffer, sizeof buffer, &actual, 0));
        IS(actual == i * 2 + 1);
        OK(kv().remove(name));
    }
}

TEST(set_several_unvalid_key_names) {
    char name[] = "name_X";
    for (const char *bad = "*?:;\"| <>\\/"; *bad != '\0'; bad++) {
        name[5] = *bad;
        EXPECT(INVALID_ARGUMENT, kv().set(name, "data", 5, 0));
    }
}

TEST(set_key_init_deinit) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().deinit());
    OK(kv().init());
    OK(kv().get("key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 5 && check::same(buffer, "data"));
    OK(kv().remove("key"));
}

TEST(get_key_null) { EXPECT(INVALID_ARGUMENT, kv().get(NULL, buffer, 8, &actual, 0)); }

TEST(get_key_length_exceeds_max) {
    EXPECT(INVALID_ARGUMENT, kv().get(asterisks(), buffer, 8, &actual, 0));
}

TEST(get_buffer_null_size_not_zero) { EXPECT(NOT_FOUND, kv().get("key", NULL, 1, &actual, 0)); }

TEST(get_buffer_size_is_zero) {
    OK(kv().set("key", NULL, 0, 0));
    OK(kv().get("key", buffer, 0, &actual, 0));
    IS(actual == 0);
    OK(kv().remove("key"));
}

TEST(get_buffer_size_smaller_than_data_real_size) {
    const char text[] = "data_of_25_bytes_________";
    OK(kv().set("big_data_key", text, 25, 0));
    memset(buffer, 0, sizeof buffer);
    OK(kv().get("big_data_key", buffer, 20, &actual, 0));
    IS(actual == 20 && memcmp(buffer, text, 20) == 0 && buffer[20] == 0);
    OK(kv().remove("big_data_key"));
}

TEST(get_buffer_size_bigger_than_data_real_size) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().get("key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 5 && check::same(buffer, "data"));
    OK(kv().remove("key"));
}

TEST(get_offset_bigger_than_data_size) {
    OK(kv().set("key", "data", 5, 0));
    EXPECT(INVALID_SIZE, kv().get("key", buffer, sizeof buffer, &actual, 6));
    OK(kv().remove("key"));
}

TEST(get_non_existing_key) { EXPECT(NOT_FOUND, kv().get("key", buffer, 8, &actual, 0)); }

TEST(get_removed_key) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().remove("key"));
    EXPECT(NOT_FOUND, kv().get("key", buffer, sizeof buffer, &actual, 0));
}

TEST(get_key_that_was_set_twice) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().set("key", "new_data", 9, 0));
    OK(kv().get("key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 9 && check::same(buffer, "new_data"));
    OK(kv().remove("key"));
}

TEST(remove_key_null) { EXPECT(INVALID_ARGUMENT, kv().remove(NULL)); }

TEST(remove_key_length_exceeds_max) { EXPECT(INVALID_ARGUMENT, kv().remove(asterisks())); }

TEST(remove_non_existing_key) { EXPECT(NOT_FOUND, kv().remove("key")); }

TEST(remove_removed_key) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().remove("key"));
    EXPECT(NOT_FOUND, kv().remove("key"));
}

TEST(remove_existed_key) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().remove("key"));
}

TEST(kvstore_deinit) {
    OK(kv().deinit());
    OK(kv().init());
}
