/* The program's kv_init_storage_config: called by the first call, and again until it succeeds. */
#include "check.h"
#include "chip.h"

static chip_t chip;
static kv_store_t *store;
static int calls, answer = MBED_ERROR_UNSUPPORTED;

#ifdef __cplusplus
extern "C"
#endif
int kv_init_storage_config(void) {
    calls++;
    if (answer != MBED_SUCCESS) {
        return answer;
    }
    /* The global API is not there yet. */
    EXPECT(IN_USE, kv_exists("key"));
    EXPECT(IN_USE, kv_set("key", "v", 1, 0));
    OK(kv_attach("kv", store));
    return MBED_SUCCESS;
}

int main(void) {
    kv_iterator_t it;
    kv_set_handle_t handle;
    kv_info_t info;
    char buffer[8];

    chip_new(&chip, 8, 4096, 4);
    store = chip_open(&chip, 10);

    /* These never call it. */
    EXPECT(INVALID_ARGUMENT, kv_iterator_open(NULL, "/kv/"));
    EXPECT(INVALID_ARGUMENT, kv_iterator_next(NULL, buffer, sizeof buffer));
    EXPECT(INVALID_ARGUMENT, kv_iterator_close(NULL));
    EXPECT(INVALID_ARGUMENT, kv_set_start(NULL, "/kv/key", 1, 0));
    EXPECT(INVALID_ARGUMENT, kv_set_finalize(NULL));
    EXPECT(INVALID_ARGUMENT, kv_attach("kv", NULL));
    EXPECT(NOT_FOUND, kv_detach("kv"));
    CHECK(calls == 0);

    /* Its error is theirs, unchanged, whatever else is wrong; each call tries again. */
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set("/kv/key", "v", 1, 0));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set(NULL, NULL, 1, 77));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_get("/kv/key", buffer, sizeof buffer, NULL));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_get_at("/kv/key", buffer, sizeof buffer, NULL, 0));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_get_info("/kv/key", &info));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_exists("/kv/key"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_remove("/kv/key"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_reset("/kv/"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_iterator_open(&it, "/kv/"));
    EXPECT(MBED_ERROR_UNSUPPORTED, kv_set_start(&handle, "/kv/key", 1, 0));
    CHECK(calls == 10);
    answer = 42;
    CHECK(kv_exists("/kv/key") == 42);
    answer = -4001;
    CHECK(kv_exists("/kv/key") == -4001);
    CHECK(calls == 12);

    answer = MBED_SUCCESS;
    OK(kv_set("/kv/key", "v", 1, 0));
    CHECK(calls == 13);
    OK(kv_exists("/kv/key"));
    OK(kv_detach("kv"));
    EXPECT(NOT_READY, kv_exists("/kv/key"));
    CHECK(calls == 13);
    chip_close(store);
    chip_free(&chip);
    return 0;
}
