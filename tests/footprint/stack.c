/* How deep each function goes on the stack: the deepest that was seen in stores that are filled,
 * collect, stream, iterate, lose power at every program and erase, and recover. */
#include "board.h"
#include "nor.h"

#define FUNCTIONS(F) \
    F(kv_store_required_ram) F(kv_store_open) F(kv_store_close) F(kv_store_format) \
    F(kv_store_reset) F(kv_store_set) F(kv_store_get) F(kv_store_get_at) F(kv_store_get_info) \
    F(kv_store_exists) F(kv_store_remove) F(kv_store_set_start) F(kv_store_set_add_data) \
    F(kv_store_set_finalize) F(kv_store_set_abort) F(kv_store_iterator_open) \
    F(kv_store_iterator_next) F(kv_store_iterator_close) F(kv_store_reserved_data_set) \
    F(kv_store_reserved_data_get) F(kv_store_maintain) F(kv_store_check) F(kv_store_stats)

#define INDEX(name) index_##name,
enum { FUNCTIONS(INDEX) COUNT };
#define NAME(name) #name,
static const char *const names[COUNT] = {FUNCTIONS(NAME)};

static uint32_t depths[COUNT];

/* Calls with up to six arguments, the rest 0. */
#define CALL(name, ...) \
    painted_call((call_t)(void (*)(void))name, (const uintptr_t[6]){__VA_ARGS__}, \
                 &depths[index_##name])
#define P(pointer) (uintptr_t)(pointer)

static unsigned char bytes[64 * 1024];
static unsigned char programmed[sizeof bytes / 8 + 1];
static nor_t nor = {.bytes = bytes, .programmed = programmed};
static unsigned char ram[KV_STORE_RAM(64, 64)];
static kv_store_t *store;
static kv_flash_t flash;
static kv_store_config_t config;

static uint32_t state = 1;
static uint32_t random_below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

/* No error, or one that a full store gives, or one whose power failed. */
static void good(int status) {
    CHECK(status >= 0 || nor.is_off || status == MBED_ERROR_ITEM_NOT_FOUND
          || status == MBED_ERROR_MEDIA_FULL);
}

static void open_store(void) {
    CHECK(CALL(kv_store_required_ram, P(&config)) > 0);
    good(CALL(kv_store_open, P(&config), P(ram), sizeof ram, P(&store)));
}

static const char *key(uint32_t number) {
    static char name[] = "app/cfg/00";

    name[8] = (char)('0' + number / 10);
    name[9] = (char)('0' + number % 10);
    return name;
}

enum { FINALIZE, ABORT, LEAVE };

/* Pieces of a value that no record holds whole. */
static void stream(uint32_t size, uint32_t end) {
    static const unsigned char piece[100];
    kv_set_handle_t handle;
    uint32_t done;
    int status = CALL(kv_store_set_start, P(store), P(&handle), P("large"), size, 0);

    for (done = 0; status == MBED_SUCCESS && done < size; done += sizeof piece) {
        uint32_t rest = size - done < sizeof piece ? size - done : sizeof piece;

        status = CALL(kv_store_set_add_data, P(store), P(handle), P(piece), rest);
    }
    if (status == MBED_SUCCESS && end == FINALIZE) {
        status = CALL(kv_store_set_finalize, P(store), P(handle));
    } else if (status == MBED_SUCCESS && end == ABORT) {
        status = CALL(kv_store_set_abort, P(store), P(handle));
    }
    good(status);
}

static void read_everything(void) {
    static unsigned char buffer[300];
    char name[32];
    kv_iterator_t iterator;
    kv_info_t info;
    kv_check_report_t report;
    kv_stats_t stats;
    size_t actual;
    uint32_t i;

    for (i = 0; i < 50 && !nor.is_off; i += 7) {
        good(CALL(kv_store_get, P(store), P(key(i)), P(buffer), sizeof buffer, P(&actual)));
        good(CALL(kv_store_get_at, P(store), P("large"), P(buffer), sizeof buffer, P(&actual), 9));
        good(CALL(kv_store_get_info, P(store), P(key(i)), P(&info)));
        good(CALL(kv_store_exists, P(store), P("absent")));
    }
    good(CALL(kv_store_iterator_open, P(store), P(&iterator), P("app")));
    while (CALL(kv_store_iterator_next, P(store), P(iterator), P(name), sizeof name) == 0) {
    }
    CALL(kv_store_iterator_close, P(store), P(iterator));
    good(CALL(kv_store_check, P(store), P(&report)));
    good(CALL(kv_store_stats, P(store), P(&stats)));
}

/* Sets, removals and values in pieces, until power fails or `count` are done. */
static void change(uint32_t count, uint32_t keys, uint32_t largest) {
    static const unsigned char value[600];

    while (count-- > 0 && !nor.is_off) {
        uint32_t number = random_below(keys);

        switch (random_below(12)) {
        case 0:
            good(CALL(kv_store_remove, P(store), P(key(number))));
            break;
        case 1:
            stream(largest * (1 + random_below(4)), random_below(3));
            break;
        case 2:
            good(CALL(kv_store_maintain, P(store), 1 + random_below(30)));
            break;
        default:
            good(CALL(kv_store_set, P(store), P(key(number)), P(value), random_below(largest), 0));
        }
    }
}

/* Closes it, every other time with a value open, and opens it with the power on. */
static void restart(void) {
    if (random_below(2) == 0) {
        stream(100, LEAVE);
    }
    CALL(kv_store_close, P(store));
    nor.cut = 0;
    nor.is_off = 0;
    open_store();
}

static void life(uint32_t sectors, uint32_t sector_size, uint32_t program_size, uint32_t index) {
    uint32_t i;
    uint32_t payload = sectors * sector_size / 4;
    uint32_t keys = payload / 200 < 50 ? payload / 200 : 50;
    uint32_t largest = sector_size / 4 < 400 ? sector_size / 4 : 400;
    unsigned char data[KV_RESERVED_DATA_SIZE] = {1};
    size_t actual;

    nor.size = sectors * sector_size;
    nor.sector_size = sector_size;
    nor.program_size = program_size;
    nor_clear(&nor);
    flash = nor_describe(&nor);
    config = (kv_store_config_t){.flash = &flash, .keys = index,
                                 .format = KV_FORMAT_IF_UNRECOGNISED};
    for (i = 0; i < nor.size; i++) {
        bytes[i] = (unsigned char)random_below(256);
    }
    good(CALL(kv_store_format, P(&config), P(ram), sizeof ram));
    open_store();
    good(CALL(kv_store_reserved_data_set, P(store), P(data), sizeof data));
    good(CALL(kv_store_reserved_data_get, P(store), P(data), sizeof data, P(&actual)));
    change(300, keys, largest);
    read_everything();
    restart();
    read_everything();
    for (i = 1; i < 150; i++) {
        nor.cut = 1 + random_below(40);
        change(100, keys, largest);
        restart();
        if (i % 16 == 0) {
            read_everything();
        }
    }
    good(CALL(kv_store_reset, P(store)));
    change(100, keys, largest);
    /* A store that mounts is emptied, not erased. */
    CALL(kv_store_close, P(store));
    good(CALL(kv_store_format, P(&config), P(ram), sizeof ram));
    CHECK(nor.breaches == 0);
}

int main(void) {
    uint32_t i;

    life(16, 1024, 4, 64);
    life(16, 1024, 4, 4);
    life(2, 4096, 1, 64);
    life(64, 1024, 8, 0);
    for (i = 0; i < COUNT; i++) {
        print_figure(names[i], depths[i]);
    }
    return 0;
}
