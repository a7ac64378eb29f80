/* Paths, keys and values of the global API: one check for each row of Mbed's contract. Compiles as
 * C and as C++, with Mbed's headers and without. */
#include "check.h"
#include "chip.h"

static kv_store_t *kv, *other;

#define DATA "data", 5, 0

static void expect_text(const char *path, const char *text) {
    char found[32];
    size_t actual = 77;

    OK(kv_get(path, found, sizeof found, &actual));
    CHECK(actual == strlen(text) + 1 && strcmp(found, text) == 0);
}

/* Which partition and key a path means. */
static void paths(void) {
    OK(kv_set("/kv/key", DATA));
    expect_text("/kv/key", "data");
    OK(kv_store_exists(kv, "key"));
    EXPECT(NOT_FOUND, kv_store_exists(other, "key"));
    OK(kv_set("key", "2nd", 4, 0));
    expect_text("/kv/key", "2nd");
    OK(kv_set("/key", "3rd", 4, 0));
    expect_text("/kv/key", "3rd");
    OK(kv_set("kv/key", "4th", 4, 0));
    expect_text("/kv/key", "4th");
    OK(kv_set("//key", "5th", 4, 0));
    expect_text("/kv/key", "5th");
    OK(kv_set("/k/key", "6th", 4, 0));
    expect_text("/kv/key", "6th");
    OK(kv_set("/kvother/key", "there", 6, 0));
    expect_text("/kv/key", "6th");
    expect_text("/kvo/key", "there");
    OK(kv_store_exists(other, "key"));
    EXPECT(NOT_FOUND, kv_set("/kvx/key", DATA));
    EXPECT(NOT_FOUND, kv_set("/kvotherx/key", DATA));
    EXPECT(NOT_FOUND, kv_set("/nope/key", DATA));
    EXPECT(NOT_FOUND, kv_get("/nope/key", NULL, 0, NULL));
    EXPECT(NOT_FOUND, kv_get_info("/nope/key", NULL));
    EXPECT(NOT_FOUND, kv_exists("/nope/key"));
    EXPECT(NOT_FOUND, kv_remove("/nope/key"));
    EXPECT(NOT_FOUND, kv_reset("/nope/"));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/a/b", DATA));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/", DATA));
    EXPECT(INVALID_ARGUMENT, kv_set("/", DATA));
    EXPECT(INVALID_ARGUMENT, kv_set("", DATA));
    EXPECT(INVALID_ARGUMENT, kv_set(NULL, DATA));
    EXPECT(NOT_FOUND, kv_set("name_/", DATA));
    OK(kv_remove("/kvother/key"));
    OK(kv_remove("/kv/key"));
}

/* A path of "/kv/" and a key of `length` bytes. */
static const char *long_path(size_t length) {
    static char path[1100];

    CHECK(length < sizeof path - 5);
    memset(path, 'k', sizeof path);
    memcpy(path, "/kv/", 4);
    path[4 + length] = '\0';
    return path;
}

static void keys(void) {
    static const char barred[] = "*/?:;\"|<>\\ ";
    static const char strange[] = "/kv/\x01\t\x80\xFF'&";
    char path[] = "/kv/name_";
    size_t i;

    for (i = 0; i < sizeof barred - 1; i++) {
        path[8] = barred[i];
        EXPECT(INVALID_ARGUMENT, kv_set(path, DATA));
        EXPECT(INVALID_ARGUMENT, kv_get(path, NULL, 0, NULL));
        EXPECT(INVALID_ARGUMENT, kv_get_info(path, NULL));
        EXPECT(INVALID_ARGUMENT, kv_exists(path));
        EXPECT(INVALID_ARGUMENT, kv_remove(path));
    }
    OK(kv_set(strange, DATA));
    OK(kv_remove(strange));
    OK(kv_set(long_path(128), DATA));
    expect_text(long_path(128), "data");
    EXPECT(NOT_FOUND, kv_exists(long_path(127)));
    OK(kv_remove(long_path(128)));
    EXPECT(INVALID_ARGUMENT, kv_set(long_path(129), DATA));
    EXPECT(INVALID_ARGUMENT, kv_get(long_path(129), NULL, 0, NULL));
    EXPECT(INVALID_ARGUMENT, kv_get_info(long_path(129), NULL));
    EXPECT(INVALID_ARGUMENT, kv_remove(long_path(129)));
    EXPECT(INVALID_ARGUMENT, kv_set(long_path(1020), DATA));
    EXPECT(INVALID_ARGUMENT, kv_set(long_path(1021), DATA));
}

static void setting(chip_t *chip) {
    static unsigned char large[16384];
    kv_info_t info;
    int i;

    OK(kv_set("/kv/empty", NULL, 0, 0));
    OK(kv_set("/kv/empty", "", 0, 0));
    OK(kv_get_info("/kv/empty", &info));
    CHECK(info.size == 0 && info.flags == 0);
    OK(kv_remove("/kv/empty"));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", NULL, 5, 0));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", NULL, SIZE_MAX, 0));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, KV_RESERVED_FLAG));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, 16));
    EXPECT(INVALID_ARGUMENT, kv_set("/kv/key", "data", 5, 0x80000000u));
    EXPECT(NOT_FOUND, kv_exists("/kv/key"));

    /* Asked for, but not there: accepted and not stored. */
    OK(kv_set("/kv/key", "data", 5, KV_REQUIRE_CONFIDENTIALITY_FLAG));
    OK(kv_get_info("/kv/key", &info));
    CHECK(info.size == 5 && info.flags == 0);
    OK(kv_set("/kv/key", "data", 5, KV_REQUIRE_REPLAY_PROTECTION_FLAG));
    OK(kv_get_info("/kv/key", &info));
    CHECK(info.size == 5 && info.flags == 0);

    for (i = 0; i < 3; i++) {
        OK(kv_set("/kv/key", "overwritten"+ i, 12 - (size_t)i, 0));
    }
    OK(kv_get_info("/kv/key", &info));
    CHECK(info.size == 10);
    OK(kv_remove("/kv/key"));

    OK(kv_set("/kv/once", "ONCE", 5, KV_WRITE_ONCE_FLAG | KV_REQUIRE_CONFIDENTIALITY_FLAG));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_set("/kv/once", "twice", 6, 0));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_set("/kv/once", "twice", 6, KV_WRITE_ONCE_FLAG));
    EXPECT(MBED_ERROR_WRITE_PROTECTED, kv_remove("/kv/once"));
    expect_text("/kv/once", "ONCE");
    OK(kv_get_info("/kv/once", &info));
    CHECK(info.size == 5 && info.flags == KV_WRITE_ONCE_FLAG);

    /* No room: now, or ever. */
    EXPECT(MBED_ERROR_MEDIA_FULL, kv_set("/kv/large", large, SIZE_MAX, 0));
    EXPECT(MBED_ERROR_MEDIA_FULL, kv_set("/kv/large", large, 0x7FFFFFFF, 0));
    OK(kv_set("/kv/large", large, sizeof large, 0));
    EXPECT(MBED_ERROR_MEDIA_FULL, kv_set("/kv/second", large, sizeof large, 0));
    OK(kv_remove("/kv/large"));

    chip->program_result = -1;
    EXPECT(MBED_ERROR_WRITE_FAILED, kv_set("/kv/key", DATA));
    chip->program_result = 0;
}

static void getting(chip_t *chip) {
    static unsigned char large[2000];
    char buffer[25];
    size_t actual = 77;
    kv_info_t info = {77, 77};

    OK(kv_set("/kv/key", "0123456789", 10, 0));
    OK(kv_set("/kv/empty", NULL, 0, 0));
    OK(kv_get("/kv/key", buffer, sizeof buffer, &actual));
    CHECK(actual == 10 && memcmp(buffer, "0123456789", 10) == 0);
    memset(buffer, '#', sizeof buffer);
    OK(kv_get("/kv/key", buffer, 4, &actual));
    CHECK(actual == 4 && memcmp(buffer, "0123#", 5) == 0);
    OK(kv_get("/kv/key", buffer, sizeof buffer, NULL));
    OK(kv_get("/kv/key", NULL, 0, &actual));
    CHECK(actual == 0);
    actual = 77;
    EXPECT(NOT_FOUND, kv_get("/kv/missing", buffer, sizeof buffer, &actual));
    EXPECT(NOT_FOUND, kv_get("/kv/missing", NULL, 5, &actual));
    EXPECT(INVALID_ARGUMENT, kv_get("/kv/key", NULL, 5, &actual));
    EXPECT(INVALID_ARGUMENT, kv_get(NULL, buffer, 5, &actual));
    CHECK(actual == 77);
    OK(kv_get("/kv/empty", NULL, 5, &actual));
    CHECK(actual == 0);

    OK(kv_get_at("/kv/key", buffer, 3, &actual, 6));
    CHECK(actual == 3 && memcmp(buffer, "678", 3) == 0);
    OK(kv_get_at("/kv/key", buffer, 3, &actual, 10));
    CHECK(actual == 0);
    EXPECT(INVALID_SIZE, kv_get_at("/kv/key", buffer, 3, &actual, 11));
    EXPECT(NOT_FOUND, kv_get_at("/kv/missing", buffer, 3, &actual, 0));
    EXPECT(INVALID_ARGUMENT, kv_get_at(NULL, buffer, 3, &actual, 0));

    EXPECT(NOT_FOUND, kv_get_info("/kv/missing", &info));
    EXPECT(NOT_FOUND, kv_get_info("/kv/missing", NULL));
    EXPECT(INVALID_ARGUMENT, kv_get_info("/kv/key", NULL));
    EXPECT(INVALID_ARGUMENT, kv_get_info(NULL, &info));
    CHECK(info.size == 77 && info.flags == 77);
    OK(kv_get_info("/kv/key", &info));
    CHECK(info.size == 10 && info.flags == 0);
    OK(kv_exists("/kv/key"));
    EXPECT(NOT_FOUND, kv_exists("/kv/missing"));
    EXPECT(INVALID_ARGUMENT, kv_exists(NULL));

    /* More than the read buffer holds, which would answer without the flash. */
    OK(kv_set("/kv/large", large, sizeof large, 0));
    chip->read_result = -1;
    EXPECT(MBED_ERROR_READ_FAILED, kv_get("/kv/large", large, sizeof large, &actual));
    chip->read_result = 0;
    memset(chip->bytes, 0x55, chip->flash.size / 2);
    EXPECT(MBED_ERROR_INVALID_DATA_DETECTED, kv_get("/kv/large", large, sizeof large, &actual));
    OK(kv_reset("/kv/"));
    OK(kv_set("/kv/key", "0123456789", 10, 0));

    OK(kv_remove("/kv/key"));
    EXPECT(NOT_FOUND, kv_remove("/kv/key"));
    EXPECT(NOT_FOUND, kv_remove("/kv/missing"));
    EXPECT(INVALID_ARGUMENT, kv_remove(NULL));
    EXPECT(NOT_FOUND, kv_get("/kv/key", buffer, sizeof buffer, NULL));
    EXPECT(NOT_FOUND, kv_get_info("/kv/key", &info));
}

/* Each of these empties the default partition, write-once keys and reserved data too. */
static void resetting(void) {
    static const char *const all[] = {"/kv/", "/kv", NULL, "", "kv/", "/kv/key", "//", "/k/"};
    size_t i;

    OK(kv_reset(NULL));
    OK(kv_set("/kvother/stays", DATA));
    for (i = 0; i < sizeof all / sizeof all[0]; i++) {
        OK(kv_set("/kv/once", "ONCE", 5, KV_WRITE_ONCE_FLAG));
        OK(kv_store_reserved_data_set(kv, "root", 4));
        OK(kv_reset(all[i]));
        EXPECT(NOT_FOUND, kv_exists("/kv/once"));
        EXPECT(NOT_FOUND, kv_store_reserved_data_get(kv, NULL, 0, NULL));
    }
    EXPECT(INVALID_ARGUMENT, kv_reset(long_path(1021)));
    OK(kv_exists("/kvother/stays"));
    OK(kv_reset("/kvo/"));
    EXPECT(NOT_FOUND, kv_exists("/kvother/stays"));
}

int main(void) {
    chip_t chip, chip_other;

    chip_new(&chip, 8, 4096, 4);
    chip_new(&chip_other, 8, 4096, 4);
    EXPECT(NOT_READY, kv_set("/kv/key", DATA));
    kv = chip_open(&chip, 20);
    other = chip_open(&chip_other, 20);
    OK(kv_attach("kv", kv));
    OK(kv_attach("kvother", other));
    paths();
    keys();
    getting(&chip);
    setting(&chip);
    resetting();
    OK(kv_detach("kv"));
    OK(kv_detach("kvother"));
    chip_close(kv);
    chip_close(other);
    chip_free(&chip);
    chip_free(&chip_other);
    return 0;
}
