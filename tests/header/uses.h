/* What a program written for Mbed OS does with its names. */
static int uses(void) {
    kv_iterator_t it = 0;
    kv_info_t info = {0, 0};
    struct info same = info;
    mbed_error_status_t status;
    char buffer[KV_MAX_KEY_LENGTH];
    size_t actual = same.size;
    int (*const set)(const char *, const void *, size_t, uint32_t) = kv_set;

    status = set("/kv/key", buffer, sizeof buffer,
                 KV_WRITE_ONCE_FLAG | KV_REQUIRE_CONFIDENTIALITY_FLAG
                     | KV_REQUIRE_REPLAY_PROTECTION_FLAG);
    if (status != MBED_SUCCESS && MBED_GET_ERROR_CODE(status) == MBED_ERROR_CODE_MEDIA_FULL) {
        return kv_reset("/kv/");
    }
    (void)kv_get("/kv/key", buffer, sizeof buffer, &actual);
    (void)kv_get_info("/kv/key", &info);
    (void)kv_iterator_open(&it, NULL);
    (void)kv_iterator_next(it, buffer, sizeof buffer);
    (void)kv_iterator_close(it);
    return kv_remove("/kv/key") == MBED_ERROR_ITEM_NOT_FOUND;
}

int main(void) {
    return uses() || kv_exists("key") || kv_attach("kv", NULL) || kv_init_storage_config();
}
