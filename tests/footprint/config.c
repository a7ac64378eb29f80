#include "config.h"

enum { KEYS = 64, FEW = KEYS / 5, SIZE = 32 };

static unsigned char ram[KV_STORE_RAM(KEYS, 64)];
static kv_store_t *store;
static kv_flash_t flash;
static kv_store_config_t config;
static uint32_t versions[KEYS];
static uint32_t state;

uint32_t (*config_clock)(void);
uint32_t config_spent;

static uint32_t started;

static void begin(void) {
    if (config_clock != NULL) {
        started = config_clock();
    }
}

static int end(int status) {
    if (config_clock != NULL) {
        config_spent += config_clock() - started;
    }
    return status;
}

#define TIMED(call) (begin(), end(call))

static uint32_t next(uint32_t *of) {
    *of ^= *of << 13;
    *of ^= *of >> 17;
    *of ^= *of << 5;
    return *of;
}

static uint32_t below(uint32_t limit) {
    return next(&state) % limit;
}

/* "app/cfg/00042", or another folder. */
static const char *key(const char *folder, uint32_t digits, uint32_t number) {
    static char name[20];
    uint32_t length = 0;
    uint32_t i;

    while (folder[length] != '\0') {
        name[length] = folder[length];
        length++;
    }
    for (i = digits; i > 0; i--) {
        name[length + i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
    name[length + digits] = '\0';
    return name;
}

static const char *key_of(uint32_t number) {
    return key("app/cfg/", 5, number);
}

static void fill(unsigned char *value, uint32_t number, uint32_t version) {
    uint32_t own = number * 2654435761u ^ version * 40503u ^ 0x9E3779B9u;
    uint32_t i;

    for (i = 0; i < SIZE; i++) {
        value[i] = (unsigned char)(next(&own) >> 11);
    }
}

static uint32_t set(uint32_t number, uint32_t version) {
    unsigned char value[SIZE];
    const char *name;

    fill(value, number, version);
    versions[number] = version;
    name = key_of(number);
    return TIMED(kv_store_set(store, name, value, SIZE, 0)) != MBED_SUCCESS;
}

static uint32_t get(uint32_t number) {
    unsigned char expected[SIZE], value[SIZE];
    size_t size = 0;
    uint32_t i;
    const char *name = key_of(number);

    fill(expected, number, versions[number]);
    if (TIMED(kv_store_get(store, name, value, SIZE, &size)) != MBED_SUCCESS || size != SIZE) {
        return 1;
    }
    for (i = 0; i < SIZE && value[i] == expected[i]; i++) {
    }
    return i < SIZE;
}

static uint32_t open(void) {
    return TIMED(kv_store_open(&config, ram, sizeof ram, &store)) != MBED_SUCCESS;
}

uint32_t config_fill(const kv_flash_t *on) {
    uint32_t wrong, i;

    flash = *on;
    config = (kv_store_config_t){.flash = &flash, .keys = KEYS,
                                 .format = KV_FORMAT_IF_UNRECOGNISED};
    wrong = open();
    for (i = 0; i < KEYS; i++) {
        wrong += set(i, 0);
    }
    return wrong;
}

uint32_t config_sets(void) {
    uint32_t wrong = 0, i;

    state = 12345;
    for (i = 0; i < CONFIG_SETS; i++) {
        uint32_t number = below(below(10) < 8 ? FEW : KEYS);

        wrong += set(number, versions[number] + 1);
    }
    return wrong;
}

uint32_t config_gets(void) {
    uint32_t wrong = 0, i;

    for (i = 0; i < CONFIG_GETS; i++) {
        wrong += get(below(KEYS));
    }
    return wrong;
}

uint32_t config_misses(void) {
    unsigned char value[SIZE];
    uint32_t wrong = 0, i;

    for (i = 0; i < CONFIG_MISSES; i++) {
        const char *name = key("app/none/", 4, i);

        wrong += TIMED(kv_store_get(store, name, value, SIZE, NULL)) != MBED_ERROR_ITEM_NOT_FOUND;
    }
    return wrong;
}

uint32_t config_mount(void) {
    uint32_t wrong = kv_store_close(store) != MBED_SUCCESS;

    return wrong + open();
}

uint32_t config_verify(void) {
    uint32_t wrong = 0, i;

    for (i = 0; i < KEYS; i++) {
        wrong += get(i);
    }
    return wrong;
}
