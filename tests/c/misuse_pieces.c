/* Rows of values in pieces and of iterators, by store and by path. */
#include "misuse_cases.h"

/* Handles that are none, for functions of a store and for those of paths. */
#define HANDLE_CASES(function) \
    ROW(function, null_handle, INVALID_ARGUMENT), \
    ROW(function, garbage_handle, INVALID_ARGUMENT), \
    ROW(function, stale_handle, INVALID_ARGUMENT), \
    ROW(function, earlier_handle, INVALID_ARGUMENT), \
    ROW(function, foreign_handle, INVALID_ARGUMENT), \
    ROW_STORED(function, after_finalize, INVALID_ARGUMENT), \
    ROW_STORED(function, after_abort, INVALID_ARGUMENT), \
    ROW_STORED(function, after_write, INVALID_ARGUMENT)
#define IT_CASES(function) \
    ROW(function, null_it, INVALID_ARGUMENT), \
    ROW(function, garbage_it, INVALID_ARGUMENT), \
    ROW(function, stale_it, INVALID_ARGUMENT), \
    ROW(function, earlier_it, INVALID_ARGUMENT), \
    ROW(function, foreign_it, INVALID_ARGUMENT), \
    ROW_STORED(function, after_close, INVALID_ARGUMENT)

/* What is behind a handle of the paths. */
#define BEHIND_CASES(function) \
    ROW_STORED(function, closed_store, NOT_READY), \
    ROW_STORED(function, after_detach, INVALID_ARGUMENT), \
    ROW(function, from_flash, IN_USE), \
    ROW_CHANGED(function, from_lock, MBED_SUCCESS), \
    ROW(function, mutex_refuses, IN_USE)

#define ADD_CASES(function) \
    ROW_AS(function, null_buffer, null_in, INVALID_ARGUMENT), \
    ROW_AS(function, null_buffer_and_huge_size, null_in_and_huge_size, INVALID_ARGUMENT), \
    ROW(function, null_in_and_zero_size, MBED_SUCCESS), \
    ROW(function, zero_size, MBED_SUCCESS), \
    ROW(function, large_size, INVALID_SIZE), \
    ROW(function, huge_size, INVALID_SIZE), \
    ROW_CHANGED(function, unaligned_in, MBED_SUCCESS)

#define NEXT_CASES(function) \
    ROW_AS(function, null_key, null_out, INVALID_ARGUMENT), \
    ROW_AS(function, null_key_and_zero_size, null_out_and_zero_size, INVALID_SIZE), \
    ROW_AS(function, null_key_and_huge_size, null_out_and_huge_size, INVALID_ARGUMENT), \
    ROW_AS(function, zero_key_size, zero_room, INVALID_SIZE), \
    ROW_AS(function, small_key_size, small_room, INVALID_SIZE), \
    ROW_CHANGED(function, unaligned_out, MBED_SUCCESS), \
    ROW_(function, "huge_key_size", huge_room, MBED_SUCCESS, CHANGED), \
    ROW_STORED(function, after_the_last, NOT_FOUND)

static const row_t rows[] = {
    STORE_CASES(kv_store_set_start),
    KEY_CASES(kv_store_set_start),
    ROW(kv_store_set_start, null_handle, INVALID_ARGUMENT),
    ROW_CHANGED(kv_store_set_start, unaligned_handle, MBED_SUCCESS),
    ROW_(kv_store_set_start, "zero_final_size", zero_size, MBED_SUCCESS, CHANGED),
    ROW_AS(kv_store_set_start, huge_final_size, huge_size, INVALID_SIZE),
    ROW(kv_store_set_start, size_over_4_mib, INVALID_SIZE),
    ROW(kv_store_set_start, size_beyond_the_partition, INVALID_SIZE),
    ROW(kv_store_set_start, reserved_flag, INVALID_ARGUMENT),
    ROW(kv_store_set_start, unknown_flags, INVALID_ARGUMENT),
    ROW(kv_store_set_start, huge_flags, INVALID_ARGUMENT),
    ROW(kv_store_set_start, write_once_key, MBED_ERROR_WRITE_PROTECTED),

    STORE_CASES(kv_store_set_add_data),
    HANDLE_CASES(kv_store_set_add_data),
    ROW(kv_store_set_add_data, handle_of_path, INVALID_ARGUMENT),
    ROW(kv_store_set_add_data, iterator_as_handle, INVALID_ARGUMENT),
    ADD_CASES(kv_store_set_add_data),

    STORE_CASES(kv_store_set_finalize),
    HANDLE_CASES(kv_store_set_finalize),
    ROW(kv_store_set_finalize, handle_of_path, INVALID_ARGUMENT),

    STORE_CASES(kv_store_set_abort),
    HANDLE_CASES(kv_store_set_abort),
    ROW(kv_store_set_abort, handle_of_path, INVALID_ARGUMENT),

    STORE_CASES(kv_store_iterator_open),
    ROW(kv_store_iterator_open, null_it, INVALID_ARGUMENT),
    ROW_CHANGED(kv_store_iterator_open, unaligned_it, MBED_SUCCESS),
    ROW_(kv_store_iterator_open, "null_prefix", null_text, MBED_SUCCESS, CHANGED),
    ROW_(kv_store_iterator_open, "empty_prefix", empty_text, MBED_SUCCESS, CHANGED),
    ROW_AS(kv_store_iterator_open, unterminated_prefix, unterminated_text, INVALID_ARGUMENT),
    ROW(kv_store_iterator_open, longest_text, MBED_ERROR_OUT_OF_RESOURCES),
    ROW(kv_store_iterator_open, no_free_iterator, MBED_ERROR_OUT_OF_RESOURCES),

    STORE_CASES(kv_store_iterator_next),
    IT_CASES(kv_store_iterator_next),
    ROW(kv_store_iterator_next, it_of_path, INVALID_ARGUMENT),
    ROW(kv_store_iterator_next, handle_as_it, INVALID_ARGUMENT),
    NEXT_CASES(kv_store_iterator_next),

    STORE_CASES(kv_store_iterator_close),
    IT_CASES(kv_store_iterator_close),
    ROW(kv_store_iterator_close, it_of_path, INVALID_ARGUMENT),

    BEHIND_CASES(kv_set_add_data),
    HANDLE_CASES(kv_set_add_data),
    ROW(kv_set_add_data, handle_of_store, INVALID_ARGUMENT),
    ADD_CASES(kv_set_add_data),

    BEHIND_CASES(kv_set_finalize),
    HANDLE_CASES(kv_set_finalize),
    ROW(kv_set_finalize, handle_of_store, INVALID_ARGUMENT),

    BEHIND_CASES(kv_set_abort),
    HANDLE_CASES(kv_set_abort),
    ROW(kv_set_abort, handle_of_store, INVALID_ARGUMENT),

    BEHIND_CASES(kv_iterator_next),
    IT_CASES(kv_iterator_next),
    ROW(kv_iterator_next, it_of_store, INVALID_ARGUMENT),
    NEXT_CASES(kv_iterator_next),

    BEHIND_CASES(kv_iterator_close),
    IT_CASES(kv_iterator_close),
    ROW(kv_iterator_close, it_of_store, INVALID_ARGUMENT),
};

const rows_t rows_of_pieces = {rows, sizeof rows / sizeof rows[0]};
