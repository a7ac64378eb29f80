/* What can be wrong with a call: each case takes good arguments and makes one of them bad. */
#ifndef MISUSE_CASES_H
#define MISUSE_CASES_H

#include "misuse.h"

#define CASES(X) \
    X(nothing, ) \
    /* NULL */ \
    X(null_store, c->store = NULL; c->store_out = NULL) \
    X(null_config, c->config = NULL) \
    X(null_ram, c->ram = NULL) \
    X(null_text, c->text = NULL) \
    X(null_in, c->in = NULL) \
    X(null_out, c->out = NULL) \
    X(null_actual_size, c->actual_size = NULL) \
    X(null_info, c->info = NULL) \
    X(null_backend, c->backend = NULL) \
    X(null_handle, c->handle = NULL; c->handle_out = NULL) \
    X(null_it, c->it = NULL; c->it_out = NULL) \
    X(null_stats, c->stats = NULL) \
    X(null_report, c->report = NULL) \
    X(null_context, c->context = NULL) \
    X(null_in_and_zero_size, c->in = NULL; c->size = 0) \
    X(null_out_and_zero_size, c->out = NULL; c->room = 0) \
    X(null_in_and_huge_size, c->in = NULL; c->size = SIZE_MAX) \
    X(null_out_and_huge_size, c->out = NULL; c->room = SIZE_MAX) \
    X(null_info_of_missing_key, c->info = NULL; c->text = world_text("missing", "/kv/missing")) \
    X(null_out_of_missing_key, c->out = NULL; c->text = world_text("missing", "/kv/missing")) \
    /* texts */ \
    X(empty_text, c->text = "") \
    X(unterminated_text, c->text = unterminated()) \
    X(longest_text, c->text = unterminated() + 1) \
    X(missing_key, c->text = world_text("missing", "/kv/missing")) \
    X(write_once_key, c->text = world_text("once", "/kv/once")) \
    X(barred_key, c->text = "/kv/a key") \
    X(slash_in_key, c->text = "/kv/a/b") \
    X(key_of_129_bytes, c->text = unterminated() + 1025 - 129) \
    X(unknown_partition, c->text = "/nope/key") \
    X(unknown_name, c->text = "nope") \
    X(name_with_slash, c->text = "k/v") \
    X(name_of_32_bytes, c->text = unterminated() + 1025 - 32) \
    X(name_in_use, c->text = "kv") \
    /* numbers */ \
    X(zero_size, c->size = 0) \
    X(huge_size, c->size = SIZE_MAX) \
    X(large_size, c->size = 6) \
    X(size_over_4_mib, c->size = (4u << 20) + 1) \
    X(size_beyond_the_partition, c->size = 4096) \
    X(size_65, c->size = 65) \
    X(zero_room, c->room = 0) \
    X(huge_room, c->room = SIZE_MAX) \
    X(small_room, c->room = 3) \
    X(zero_offset, c->offset = 0) \
    X(huge_offset, c->offset = SIZE_MAX) \
    X(offset_at_the_end, c->offset = 5) \
    X(offset_behind_the_end, c->offset = 6) \
    X(zero_ram_size, c->ram_size = 0) \
    X(short_ram_size, c->ram_size = kv_store_required_ram(c->config) - 1) \
    X(huge_ram_size, c->ram_size = SIZE_MAX) \
    X(reserved_flag, c->flags = KV_RESERVED_FLAG) \
    X(unknown_flags, c->flags = 16) \
    X(huge_flags, c->flags = 0x80000001u) \
    X(zero_budget, c->budget = 0) \
    X(huge_budget, c->budget = UINT32_MAX) \
    /* alignment */ \
    X(unaligned_store, c->store = (kv_store_t *)((char *)c->store + 1); c->store_out = odd()) \
    X(unaligned_config, c->config = odd()) \
    X(unaligned_ram, c->ram = (char *)c->ram + 1) \
    X(unaligned_actual_size, c->actual_size = odd()) \
    X(unaligned_info, c->info = odd()) \
    X(unaligned_backend, c->backend = odd()) \
    X(unaligned_handle, c->handle_out = odd()) \
    X(unaligned_it, c->it_out = odd()) \
    X(unaligned_stats, c->stats = odd()) \
    X(unaligned_report, c->report = odd()) \
    X(unaligned_context, c->context = odd()) \
    X(unaligned_text, c->text = odd_text(c->text)) \
    X(unaligned_in, c->in = odd_text("VALUE")) \
    X(unaligned_out, c->out = (char *)c->out + 1) \
    /* handles */ \
    X(zeroed_store, c->store = blank(0, 4096)) \
    X(garbage_store, c->store = blank(0xA5, 4096)) \
    X(copied_store, c->store = copy_of_store()) \
    X(closed_store, close_store()) \
    X(garbage_handle, c->handle = (kv_set_handle_t)(void *)&world) \
    X(stale_handle, c->handle = world.stale_stream) \
    X(earlier_handle, c->handle = world.earlier_stream) \
    X(foreign_handle, c->handle = world.other_stream) \
    X(handle_of_path, c->handle = world.path_stream) \
    X(handle_of_store, c->handle = world.own_stream) \
    X(iterator_as_handle, c->handle = (kv_set_handle_t)(void *)world.own_iterator) \
    X(garbage_it, c->it = (kv_iterator_t)(void *)&world) \
    X(stale_it, c->it = world.stale_iterator) \
    X(earlier_it, c->it = world.earlier_iterator) \
    X(foreign_it, c->it = world.other_iterator) \
    X(it_of_path, c->it = world.path_iterator) \
    X(it_of_store, c->it = world.own_iterator) \
    X(handle_as_it, c->it = (kv_iterator_t)(void *)world.own_stream) \
    /* states */ \
    X(after_finalize, finish_stream(c)) \
    X(after_abort, abort_stream(c)) \
    X(after_write, OK(kv_store_set(world.store, "new", "v", 1, 0))) \
    X(after_close, close_iterator(c)) \
    X(after_the_last, to_the_last(c)) \
    X(after_detach, detach_all()) \
    X(no_free_iterator, take_all_iterators()) \
    X(no_free_partition, attach_as_many_as_there_are()) \
    X(data_are_there, store_data()) \
    X(null_data_there, store_data(); c->out = NULL) \
    X(zero_room_there, store_data(); c->room = 0) \
    X(huge_room_there, store_data(); c->room = SIZE_MAX) \
    X(null_actual_there, store_data(); c->actual_size = NULL) \
    X(odd_actual_there, store_data(); c->actual_size = odd()) \
    /* where it comes from */ \
    X(from_flash, world.origin = FROM_FLASH) \
    X(from_lock, world.origin = FROM_LOCK) \
    X(mutex_refuses, world.refuses = 1)

#define DECLARE_CASE(what, statements) void what(call_t *c);
CASES(DECLARE_CASE)

/* Every way in which a store can be none, or cannot be entered. */
#define STORE_CASES(function) \
    ROW(function, null_store, INVALID_ARGUMENT), \
    ROW(function, unaligned_store, INVALID_ARGUMENT), \
    ROW(function, zeroed_store, NOT_READY), \
    ROW(function, garbage_store, NOT_READY), \
    ROW(function, copied_store, NOT_READY), \
    ROW_STORED(function, closed_store, NOT_READY), \
    ROW(function, from_flash, IN_USE), \
    ROW_CHANGED(function, from_lock, MBED_SUCCESS), \
    ROW(function, mutex_refuses, IN_USE)

#define KEY_CASES(function) \
    ROW_AS(function, null_key, null_text, INVALID_ARGUMENT), \
    ROW_AS(function, empty_key, empty_text, INVALID_ARGUMENT), \
    ROW_AS(function, unterminated_key, unterminated_text, INVALID_ARGUMENT)

#endif
