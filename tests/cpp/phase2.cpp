// The behaviours that Mbed's general tests of stores assert, second part: contract 5.4. Some leave
// an iterator or a value open on purpose; what follows must work all the same, in the same thread.
#include "store.hpp"

#include "check.hpp"

namespace {

mbed::KVStore &kv() { return *shared_store(); }

typedef mbed::KVStore::iterator_t iterator_t;
typedef mbed::KVStore::set_handle_t set_handle_t;

char buffer[256], key[128];
size_t actual;
mbed::KVStore::info_t details;
iterator_t it;
set_handle_t handle;

const char *asterisks() {
    static char text[129];
    memset(text, '*', 128);
    return text;
}

} // namespace

TEST(get_info_key_null) { EXPECT(INVALID_ARGUMENT, kv().get_info(NULL, &details)); }

TEST(get_info_key_length_exceeds_max) {
    EXPECT(INVALID_ARGUMENT, kv().get_info(asterisks(), &details));
}

TEST(get_info_non_existing_key) { EXPECT(NOT_FOUND, kv().get_info("key", &details)); }

TEST(get_info_removed_key) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().remove("key"));
    EXPECT(NOT_FOUND, kv().get_info("key", &details));
}

TEST(get_info_existed_key) {
    OK(kv().set("key", "data", 5, mbed::KVStore::WRITE_ONCE_FLAG));
    OK(kv().get_info("key", &details));
    IS(details.flags == mbed::KVStore::WRITE_ONCE_FLAG && details.size == 5);
    OK(kv().get_info("key", NULL));
    OK(kv().get_info("key"));
    OK(kv().reset());
}

TEST(get_info_overwritten_key) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().set("key", "new_data", 9, 0));
    OK(kv().get_info("key", &details));
    IS(details.size == 9 && details.flags == 0);
    OK(kv().remove("key"));
}

TEST(iterator_open_it_null) { EXPECT(INVALID_ARGUMENT, kv().iterator_open(NULL, NULL)); }

TEST(iterator_next_key_size_zero) {
    OK(kv().reset());
    OK(kv().iterator_open(&it, NULL));
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, 0));
    OK(kv().iterator_close(it));
}

TEST(iterator_next_empty_list) {
    OK(kv().iterator_open(&it, NULL));
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
}

TEST(iterator_next_one_key_list) {
    OK(kv().set("key", "data", 5, 0));
    OK(kv().iterator_open(&it, NULL));
    OK(kv().iterator_next(it, key, sizeof key));
    IS(check::same(key, "key"));
    OK(kv().iterator_close(it));
    OK(kv().remove("key"));
}

TEST(iterator_next_empty_list_keys_removed) {
    OK(kv().set("key1", "data1", 6, 0));
    OK(kv().set("key2", "data2", 6, 0));
    OK(kv().remove("key1"));
    OK(kv().remove("key2"));
    OK(kv().iterator_open(&it, NULL));
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
}

TEST(iterator_next_empty_list_non_matching_prefix) {
    OK(kv().set("key1", "data1", 6, 0));
    OK(kv().set("key2", "data2", 6, 0));
    OK(kv().iterator_open(&it, "Key*"));
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
    OK(kv().remove("key1"));
    OK(kv().remove("key2"));
}

TEST(iterator_next_several_overwritten_keys) {
    OK(kv().set("key", "data1", 6, 0));
    OK(kv().set("key", "data2", 6, 0));
    OK(kv().set("key", "data3", 6, 0));
    OK(kv().iterator_open(&it, "key"));
    OK(kv().iterator_next(it, key, sizeof key));
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
    OK(kv().remove("key"));
}

TEST(iterator_next_full_list) {
    char name[] = "key_X";
    int seen[5] = {0, 0, 0, 0, 0};
    for (int i = 0; i < 5; i++) {
        name[4] = static_cast<char>('0' + i);
        OK(kv().set(name, name, 6, 0));
    }
    OK(kv().iterator_open(&it, NULL));
    for (int i = 0; i < 5; i++) {
        OK(kv().iterator_next(it, key, sizeof key));
        OK(kv().get(key, buffer, sizeof buffer, &actual, 0));
        IS(check::same(buffer, key));
        seen[(key[4] - '0') % 5]++;
    }
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
    for (int i = 0; i < 5; i++) {
        name[4] = static_cast<char>('0' + i);
        IS(seen[i] == 1);
        OK(kv().remove(name));
    }
}

TEST(iterator_next_remove_while_iterating) {
    char name[] = "key_X";
    for (int i = 0; i < 5; i++) {
        name[4] = static_cast<char>('0' + i);
        OK(kv().set(name, "data", 5, 0));
    }
    OK(kv().iterator_open(&it, "key"));
    for (int i = 0; i < 5; i++) {
        OK(kv().iterator_next(it, key, sizeof key));
        OK(kv().remove(key));
    }
    // Never closed. Another one sees only what is there now.
    char other[] = "new_key_X";
    for (int i = 0; i < 5; i++) {
        other[8] = static_cast<char>('0' + i);
        OK(kv().set(other, "data", 5, 0));
    }
    OK(kv().iterator_open(&it, NULL));
    for (int i = 0; i < 5; i++) {
        OK(kv().iterator_next(it, key, sizeof key));
        IS(strncmp(key, "new", 3) == 0);
        OK(kv().remove(key));
    }
    EXPECT(NOT_FOUND, kv().iterator_next(it, key, sizeof key));
    OK(kv().iterator_close(it));
}

TEST(iterator_close_right_after_iterator_open) {
    OK(kv().iterator_open(&it, NULL));
    OK(kv().iterator_close(it));
}

TEST(set_start_key_is_null) { EXPECT(INVALID_ARGUMENT, kv().set_start(&handle, NULL, 20, 0)); }

TEST(set_start_key_size_exceeds_max_size) {
    EXPECT(INVALID_ARGUMENT, kv().set_start(&handle, asterisks(), 20, 0));
}

TEST(set_start_final_data_size_is_zero) {
    OK(kv().set_start(&handle, "key", 0, 0));
    OK(kv().set_finalize(handle));
    OK(kv().get_info("key", &details));
    IS(details.size == 0);
    OK(kv().remove("key"));
}

TEST(set_start_final_data_size_is_smaller_than_real_data) {
    OK(kv().set_start(&handle, "key", 20, 0));
    OK(kv().set_add_data(handle, "data", 5));
    EXPECT(INVALID_SIZE, kv().set_finalize(handle));
    EXPECT(NOT_FOUND, kv().get_info("key", &details));
}

TEST(set_start_final_data_size_is_bigger_than_real_data) {
    OK(kv().set_start(&handle, "key", 5, 0));
    EXPECT(INVALID_SIZE, kv().set_add_data(handle, "data data data d", 16));
    // Abandoned.
}

TEST(set_add_data_value_data_is_null) {
    OK(kv().set_start(&handle, "key", 20, 0));
    EXPECT(INVALID_ARGUMENT, kv().set_add_data(handle, NULL, 8));
    OK(kv().reset());
}

TEST(set_add_data_data_size_is_zero) {
    OK(kv().set_start(&handle, "key", 0, 0));
    OK(kv().set_add_data(handle, NULL, 0));
    OK(kv().set_finalize(handle));
    OK(kv().remove("key"));
}

TEST(set_add_data_data_size_bigger_than_real_data) {
    OK(kv().set_start(&handle, "key", 20, 0));
    OK(kv().set_add_data(handle, "data data data data", 19));
    EXPECT(INVALID_SIZE, kv().set_add_data(handle, "data", 5));
    OK(kv().reset());
}

TEST(set_add_data_set_different_data_size_in_same_transaction) {
    OK(kv().set_start(&handle, "key", 15, 0));
    OK(kv().set_add_data(handle, "0123456789", 10));
    OK(kv().set_add_data(handle, NULL, 0));
    OK(kv().set_add_data(handle, "abcd", 5));
    OK(kv().set_finalize(handle));
    OK(kv().get("key", buffer, sizeof buffer, &actual, 0));
    IS(actual == 15 && check::same(buffer, "0123456789abcd"));
    OK(kv().remove("key"));
}

TEST(set_add_data_set_key_value_five_Kbytes) {
    char piece[50], read[50];
    memset(piece, 'x', sizeof piece);
    OK(kv().set_start(&handle, "key", 5000, 0));
    for (int i = 0; i < 100; i++) {
        OK(kv().set_add_data(handle, piece, sizeof piece));
    }
    OK(kv().set_finalize(handle));
    OK(kv().get("key", read, sizeof read, &actual, 0));
    IS(actual == 50 && memcmp(piece, read, 50) == 0);
    OK(kv().get_info("key", &details));
    IS(details.size == 5000);
    OK(kv().remove("key"));
}

TEST(set_add_data_without_set_start) {
    EXPECT(INVALID_ARGUMENT, kv().set_add_data(NULL, "data", 5));
}

TEST(set_finalize_without_set_start) { EXPECT(INVALID_ARGUMENT, kv().set_finalize(NULL)); }

TEST(set_finalize_right_after_set_start) {
    OK(kv().set_start(&handle, "key", 0, 0));
    OK(kv().set_finalize(handle));
    OK(kv().remove("key"));
}
