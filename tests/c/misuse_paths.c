/* Rows of the global API, but for handles; attaching and detaching. */
#include "misuse_cases.h"

#define PLACE_CASES(function) \
    ROW(function, unknown_partition, NOT_FOUND), \
    ROW_STORED(function, after_detach, NOT_READY), \
    ROW_STORED(function, closed_store, NOT_READY), \
    ROW(function, from_flash, IN_USE), \
    ROW_CHANGED(function, from_lock, MBED_SUCCESS), \
    ROW(function, mutex_refuses, IN_USE)

#define PATH_CASES(function) \
    PLACE_CASES(function), \
    ROW_AS(function, null_full_name_key, null_text, INVALID_ARGUMENT), \
    ROW_AS(function, empty_full_name_key, empty_text, INVALID_ARGUMENT), \
    ROW_AS(function, unterminated_full_name_key, unterminated_text, INVALID_ARGUMENT), \
    ROW(function, barred_key, INVALID_ARGUMENT), \
    ROW(function, slash_in_key, INVALID_ARGUMENT), \
    ROW(function, key_of_129_bytes, INVALID_ARGUMENT)

static const row_t rows[] = {
    PATH_CASES(kv_set),
    ROW_AS(kv_set, null_buffer, null_in, INVALID_ARGUMENT),
    ROW_AS(kv_set, null_buffer_and_huge_size, null_in_and_huge_size, INVALID_ARGUMENT),
    ROW_(kv_set, "null_buffer_and_zero_size", null_in_and_zero_size, MBED_SUCCESS, CHANGED),
    ROW_CHANGED(kv_set, zero_size, MBED_SUCCESS),
    ROW(kv_set, huge_size, MBED_ERROR_MEDIA_FULL),
    ROW(kv_set, size_over_4_mib, MBED_ERROR_MEDIA_FULL),
    ROW_AS(kv_set, reserved_create_flag, reserved_flag, INVALID_ARGUMENT),
    ROW_AS(kv_set, unknown_create_flags, unknown_flags, INVALID_ARGUMENT),
    ROW_AS(kv_set, huge_create_flags, huge_flags, INVALID_ARGUMENT),
    ROW(kv_set, write_once_key, MBED_ERROR_WRITE_PROTECTED),

    PATH_CASES(kv_get),
    ROW(kv_get, missing_key, NOT_FOUND),
    ROW_AS(kv_get, null_buffer, null_out, INVALID_ARGUMENT),
    ROW_AS(kv_get, null_buffer_of_missing_key, null_out_of_missing_key, NOT_FOUND),
    ROW_AS(kv_get, null_buffer_and_zero_size, null_out_and_zero_size, MBED_SUCCESS),
    ROW_AS(kv_get, zero_buffer_size, zero_room, MBED_SUCCESS),
    ROW_AS(kv_get, small_buffer_size, small_room, MBED_SUCCESS),
    ROW_AS(kv_get, huge_buffer_size, huge_room, MBED_SUCCESS),
    ROW(kv_get, null_actual_size, MBED_SUCCESS),
    ROW(kv_get, unaligned_actual_size, MBED_SUCCESS),

    PATH_CASES(kv_get_at),
    ROW(kv_get_at, missing_key, NOT_FOUND),
    ROW_AS(kv_get_at, null_buffer, null_out, INVALID_ARGUMENT),
    ROW_AS(kv_get_at, zero_buffer_size, zero_room, MBED_SUCCESS),
    ROW_AS(kv_get_at, huge_buffer_size, huge_room, MBED_SUCCESS),
    ROW(kv_get_at, null_actual_size, MBED_SUCCESS),
    ROW(kv_get_at, unaligned_actual_size, MBED_SUCCESS),
    ROW(kv_get_at, zero_offset, MBED_SUCCESS),
    ROW(kv_get_at, offset_at_the_end, MBED_SUCCESS),
    ROW(kv_get_at, offset_behind_the_end, INVALID_SIZE),
    ROW(kv_get_at, huge_offset, INVALID_SIZE),

    PATH_CASES(kv_get_info),
    ROW(kv_get_info, missing_key, NOT_FOUND),
    ROW(kv_get_info, null_info, INVALID_ARGUMENT),
    ROW(kv_get_info, null_info_of_missing_key, NOT_FOUND),
    ROW(kv_get_info, unaligned_info, MBED_SUCCESS),

    PATH_CASES(kv_exists),
    ROW(kv_exists, missing_key, NOT_FOUND),

    PATH_CASES(kv_remove),
    ROW(kv_remove, missing_key, NOT_FOUND),
    ROW(kv_remove, write_once_key, MBED_ERROR_WRITE_PROTECTED),

    PLACE_CASES(kv_reset),
    ROW_(kv_reset, "null_kvstore_path", null_text, MBED_SUCCESS, CHANGED),
    ROW_(kv_reset, "empty_kvstore_path", empty_text, MBED_SUCCESS, CHANGED),
    ROW_AS(kv_reset, unterminated_kvstore_path, unterminated_text, INVALID_ARGUMENT),

    PATH_CASES(kv_set_start),
    ROW(kv_set_start, null_handle, INVALID_ARGUMENT),
    ROW_CHANGED(kv_set_start, unaligned_handle, MBED_SUCCESS),
    ROW_(kv_set_start, "zero_final_size", zero_size, MBED_SUCCESS, CHANGED),
    ROW_AS(kv_set_start, huge_final_size, huge_size, MBED_ERROR_MEDIA_FULL),
    ROW_AS(kv_set_start, reserved_create_flag, reserved_flag, INVALID_ARGUMENT),
    ROW_AS(kv_set_start, unknown_create_flags, unknown_flags, INVALID_ARGUMENT),
    ROW_AS(kv_set_start, huge_create_flags, huge_flags, INVALID_ARGUMENT),
    ROW(kv_set_start, write_once_key, MBED_ERROR_WRITE_PROTECTED),

    PLACE_CASES(kv_iterator_open),
    ROW(kv_iterator_open, null_it, INVALID_ARGUMENT),
    ROW_CHANGED(kv_iterator_open, unaligned_it, MBED_SUCCESS),
    ROW_(kv_iterator_open, "null_full_prefix", null_text, MBED_SUCCESS, CHANGED),
    ROW_(kv_iterator_open, "empty_full_prefix", empty_text, MBED_SUCCESS, CHANGED),
    ROW_AS(kv_iterator_open, unterminated_full_prefix, unterminated_text, INVALID_ARGUMENT),
    ROW(kv_iterator_open, longest_text, MBED_ERROR_OUT_OF_RESOURCES),
    ROW(kv_iterator_open, no_free_iterator, MBED_ERROR_OUT_OF_RESOURCES),
    ROW_CHANGED(kv_iterator_open, barred_key, MBED_SUCCESS),

    STORE_CASES(kv_attach),
    ROW_AS(kv_attach, null_name, null_text, INVALID_ARGUMENT),
    ROW_AS(kv_attach, empty_name, empty_text, INVALID_ARGUMENT),
    ROW_AS(kv_attach, unterminated_name, unterminated_text, INVALID_ARGUMENT),
    ROW(kv_attach, name_with_slash, INVALID_ARGUMENT),
    ROW(kv_attach, name_of_32_bytes, INVALID_ARGUMENT),
    ROW(kv_attach, name_in_use, IN_USE),
    ROW(kv_attach, no_free_partition, MBED_ERROR_OUT_OF_MEMORY),

    ROW_AS(kv_attach_backend, null_name, null_text, INVALID_ARGUMENT),
    ROW_AS(kv_attach_backend, empty_name, empty_text, INVALID_ARGUMENT),
    ROW_AS(kv_attach_backend, unterminated_name, unterminated_text, INVALID_ARGUMENT),
    ROW(kv_attach_backend, name_with_slash, INVALID_ARGUMENT),
    ROW(kv_attach_backend, name_of_32_bytes, INVALID_ARGUMENT),
    ROW(kv_attach_backend, name_in_use, IN_USE),
    ROW(kv_attach_backend, no_free_partition, MBED_ERROR_OUT_OF_MEMORY),
    ROW(kv_attach_backend, null_backend, INVALID_ARGUMENT),
    ROW(kv_attach_backend, unaligned_backend, INVALID_ARGUMENT),
    /* No store has to do with it. */
    ROW_STORED(kv_attach_backend, closed_store, MBED_SUCCESS),
    ROW_CHANGED(kv_attach_backend, from_flash, MBED_SUCCESS),
    ROW_CHANGED(kv_attach_backend, from_lock, MBED_SUCCESS),
    ROW_CHANGED(kv_attach_backend, mutex_refuses, MBED_SUCCESS),

    ROW_AS(kv_detach, null_name, null_text, INVALID_ARGUMENT),
    ROW_AS(kv_detach, empty_name, empty_text, INVALID_ARGUMENT),
    ROW_AS(kv_detach, unterminated_name, unterminated_text, INVALID_ARGUMENT),
    ROW(kv_detach, unknown_name, NOT_FOUND),
    ROW(kv_detach, name_of_32_bytes, NOT_FOUND),
    ROW_STORED(kv_detach, after_detach, NOT_FOUND),
    ROW_STORED(kv_detach, closed_store, MBED_SUCCESS),
    ROW(kv_detach, from_flash, IN_USE),
    ROW_CHANGED(kv_detach, from_lock, MBED_SUCCESS),
    ROW(kv_detach, mutex_refuses, IN_USE),
};

const rows_t rows_of_paths = {rows, sizeof rows / sizeof rows[0]};
