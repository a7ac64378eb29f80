/* A store of the program's own behind a path: kv_attach_backend. What the functions are called
 * with, that their answers are passed on, and what the library makes of functions that are missing
 * or say what cannot be. */
#include "check.h"

#ifdef __cplusplus
extern "C" {
#endif

static char last[64];
static int answer = 4711;
static uint32_t next_number;
static void *next_handle;

static int note(const char *what, const char *key) {
    snprintf(last, sizeof last, "%s %s", what, key == NULL ? "NULL" : key);
    return answer;
}

static int set(void *context, const char *key, const void *buffer, size_t size, uint32_t flags) {
    CHECK(context == last && size == 3 && flags == 77);
    (void)buffer;
    return note("set", key);
}
static int get(void *context, const char *key, void *buffer, size_t room, size_t *actual,
               size_t offset) {
    CHECK(context == last && actual != NULL);
    (void)buffer, (void)room;
    *actual = 100 + offset;
    return note("get", key);
}
static int get_info(void *context, const char *key, size_t *size, uint32_t *flags) {
    CHECK(context == last && size != NULL && flags != NULL);
    *size = 5;
    *flags = 6;
    return note("get_info", key);
}
static int remove_key(void *context, const char *key) {
    CHECK(context == last);
    return note("remove", key);
}
static int reset(void *context) {
    CHECK(context == last);
    return note("reset", "");
}
static int set_start(void *context, void **handle, const char *key, size_t size, uint32_t flags) {
    CHECK(context == last && size == 9 && flags == 1);
    *handle = next_handle;
    return note("set_start", key);
}
static int set_add_data(void *context, void *handle, const void *buffer, size_t size) {
    CHECK(context == last && handle == next_handle && size == 2);
    (void)buffer;
    return note("set_add_data", "");
}
static int set_finalize(void *context, void *handle) {
    CHECK(context == last && handle == next_handle);
    return note("set_finalize", "");
}
static int set_abort(void *context, void *handle) {
    CHECK(context == last && handle == next_handle);
    return note("set_abort", "");
}
static int iterator_open(void *context, uint32_t *number, const char *prefix) {
    CHECK(context == last);
    *number = next_number;
    return note("iterator_open", prefix);
}
static int iterator_next(void *context, uint32_t number, char *key, size_t room) {
    CHECK(context == last && number == next_number && (key != NULL) == (room != 0));
    if (room > 3) {
        memcpy(key, "abc", 4);
    }
    return note("iterator_next", "");
}
static int iterator_close(void *context, uint32_t number) {
    CHECK(context == last && number == next_number);
    return note("iterator_close", "");
}

#ifdef __cplusplus
}
#endif

#define CALLED(text) CHECK(strcmp(last, text) == 0)

static void values(void) {
    char buffer[8];
    size_t actual = 1;
    kv_info_t info = {0, 0};

    EXPECT(4711, kv_set("/own/a b/c", "abc", 3, 77));
    CALLED("set a b/c");
    EXPECT(4711, kv_get("/own/k", buffer, 8, &actual));
    CALLED("get k");
    CHECK(actual == 1);
    EXPECT(4711, kv_get_info("/own/k", &info));
    CALLED("get_info k");
    CHECK(info.size == 0);
    EXPECT(4711, kv_remove("own/k"));
    CALLED("remove k");
    EXPECT(4711, kv_reset("/own/"));
    CALLED("reset ");
    EXPECT(4711, kv_exists("k"));
    CALLED("get_info k");
    answer = 0;
    OK(kv_get_at("/own/k", buffer, 8, &actual, 7));
    CHECK(actual == 107);
    OK(kv_get("/own/k", buffer, 8, NULL));
    OK(kv_get_info("/own/", &info));
    CALLED("get_info ");
    CHECK(info.size == 5 && info.flags == 6);
    EXPECT(INVALID_ARGUMENT, kv_get_info("/own/k", NULL));
    strcpy(last, "nothing");
    EXPECT(INVALID_ARGUMENT, kv_set(NULL, "abc", 3, 77));
    CALLED("nothing");
}

static void handles(void) {
    kv_set_handle_t handle, stale;
    next_handle = NULL;
    EXPECT(MBED_ERROR_FAILED_OPERATION, kv_set_start(&handle, "/own/k", 9, 1));
    CHECK(handle == NULL);
    next_handle = &next_handle;
    OK(kv_set_start(&handle, "/own/k", 9, 1));
    CALLED("set_start k");
    OK(kv_set_add_data(handle, "ab", 2));
    OK(kv_set_finalize(handle));
    CALLED("set_finalize ");
    strcpy(last, "nothing");
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(handle));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(handle, "ab", 2));
    OK(kv_set_start(&stale, "/own/k", 9, 1));
    OK(kv_set_start(&handle, "/own/k", 9, 1));
    EXPECT(INVALID_ARGUMENT, kv_set_add_data(stale, "ab", 2));
    OK(kv_set_abort(handle));
    CALLED("set_abort ");
    EXPECT(INVALID_ARGUMENT, kv_set_abort(handle));
    answer = 4711;
    EXPECT(4711, kv_set_start(&handle, "/own/k", 9, 1));
    CHECK(handle == NULL);
    answer = 0;
}

static void iterators(void) {
    kv_iterator_t it, other;
    char key[16];
    next_number = 16;
    EXPECT(MBED_ERROR_FAILED_OPERATION, kv_iterator_open(&it, "/own/"));
    CHECK(it == NULL);
    next_number = 15;
    OK(kv_iterator_open(&it, "/own/pre"));
    CALLED("iterator_open pre");
    OK(kv_iterator_next(it, key, sizeof key));
    CHECK(strcmp(key, "/own/abc") == 0);
    OK(kv_iterator_next(it, key, 5));
    OK(kv_iterator_next(it, NULL, 0));
    OK(kv_iterator_close(it));
    /* The number is used again: the handle of before is refused. */
    OK(kv_iterator_open(&other, NULL));
    CALLED("iterator_open NULL");
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(it, key, sizeof key));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(it));
    OK(kv_detach("own"));
    CALLED("set_abort ");
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(other, key, sizeof key));
}

int main(void) {
    kv_backend_t backend, empty;
    kv_set_handle_t handle;
    kv_iterator_t it;
    char buffer[4];

    memset(&empty, 0, sizeof empty);
    backend.context = last;
    backend.set = set;
    backend.get = get;
    backend.get_info = get_info;
    backend.remove = remove_key;
    backend.reset = reset;
    backend.set_start = set_start;
    backend.set_add_data = set_add_data;
    backend.set_finalize = set_finalize;
    backend.set_abort = set_abort;
    backend.iterator_open = iterator_open;
    backend.iterator_next = iterator_next;
    backend.iterator_close = iterator_close;

    EXPECT(INVALID_ARGUMENT, kv_attach_backend("own", NULL));
    EXPECT(INVALID_ARGUMENT, kv_attach_backend(NULL, &backend));
    EXPECT(INVALID_ARGUMENT, kv_attach_backend("", &backend));
    EXPECT(INVALID_ARGUMENT, kv_attach_backend("a/b", &backend));
    OK(kv_attach_backend("own", &backend));
    EXPECT(IN_USE, kv_attach_backend("own", &empty));
    values();
    handles();
    next_handle = &next_handle;
    OK(kv_set_start(&handle, "/own/k", 9, 1));
    iterators();

    /* Functions that are missing. */
    OK(kv_attach_backend("empty", &empty));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set("k", "abc", 3, 0));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_get("k", buffer, 4, NULL));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_get_info("k", NULL));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_exists("k"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_remove("k"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_reset("/empty/"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set_start(&handle, "k", 1, 0));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_iterator_open(&it, NULL));
    OK(kv_detach("empty"));
    EXPECT(NOT_READY, kv_set("k", "abc", 3, 0));
    return 0;
}
