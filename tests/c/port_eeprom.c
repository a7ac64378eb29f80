#include "port_eeprom.h"

#define VALUES 12
#define VALUE_SIZE 300

eeprom_t eeprom;

static unsigned char ram[KV_STORE_RAM(20, 64)];
static kv_store_t *store;

void eeprom_new(uint32_t size, uint32_t page_size) {
    uint32_t i;

    CHECK(size <= sizeof eeprom.bytes);
    memset(&eeprom, 0, sizeof eeprom);
    for (i = 0; i < size; i++) {
        eeprom.bytes[i] = (unsigned char)(i * 73 + 5);
    }
    eeprom.size = size;
    eeprom.page_size = page_size;
    eeprom.busy_after_write = page_size == 0 ? 0 : 7;
}

int eeprom_is_ready(void) {
    if (eeprom.busy > 0) {
        eeprom.busy--;
        return 0;
    }
    return !eeprom.is_off;
}

/* Within a page: what is beyond its end comes in at its beginning. */
void eeprom_write(uint32_t address, const unsigned char *data, uint32_t size) {
    const uint32_t page = eeprom.page_size != 0 ? eeprom.page_size : eeprom.size;
    uint32_t whole = size;
    uint32_t i;

    CHECK(address < eeprom.size && size > 0);
    eeprom.longest = size > eeprom.longest ? size : eeprom.longest;
    eeprom.writes++;
    if (eeprom.cut > 0 && --eeprom.cut == 0) {
        eeprom.is_off = 1;
        whole = size / 2;
    }
    for (i = 0; i < whole; i++) {
        eeprom.bytes[address / page * page + (address % page + i) % page] = data[i];
    }
    if (eeprom.is_off && whole < size) {
        eeprom.bytes[address / page * page + (address % page + whole) % page] ^= 0x5A;
    }
    eeprom.busy = eeprom.busy_after_write;
}

void eeprom_read(uint32_t address, unsigned char *data, uint32_t size) {
    CHECK(address < eeprom.size && size <= eeprom.size - address);
    eeprom.longest = size > eeprom.longest ? size : eeprom.longest;
    eeprom.reads++;
    memcpy(data, eeprom.bytes + address, size);
}

void eeprom_pause(void *bus) {
    (void)bus;
    eeprom.pauses++;
}

static void open_store(const kv_flash_t *flash) {
    const kv_store_config_t config = {
        .flash = flash,
        .keys = 20,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    CHECK(kv_store_required_ram(&config) <= sizeof ram);
    OK(kv_store_open(&config, ram, sizeof ram, &store));
}

static size_t fill(unsigned char *value, unsigned key, unsigned round) {
    const size_t size = 1 + (key * 97 + round * 31) % VALUE_SIZE;
    size_t i;

    for (i = 0; i < size; i++) {
        value[i] = (unsigned char)(i + key * 13 + round * 7);
    }
    return size;
}

static const char *name(unsigned key) {
    static char text[16];

    sprintf(text, "key%u", key);
    return text;
}

static int set(unsigned key, unsigned round) {
    unsigned char value[VALUE_SIZE];
    const size_t size = fill(value, key, round);

    return kv_store_set(store, name(key), value, size, 0);
}

static int has(unsigned key, unsigned round) {
    unsigned char expected[VALUE_SIZE], found[VALUE_SIZE];
    const size_t size = fill(expected, key, round);
    size_t actual = 0;

    OK(kv_store_get(store, name(key), found, sizeof found, &actual));
    return actual == size && memcmp(found, expected, size) == 0;
}

/* Sets all keys anew until power fails in write `cut`. Returns whether it did. */
static int is_cut(const kv_flash_t *flash, unsigned cut, unsigned round) {
    unsigned key = 0;
    unsigned other;
    int was_cut;

    eeprom.cut = cut;
    while (key < VALUES && set(key, round) == MBED_SUCCESS) {
        key++;
    }
    was_cut = eeprom.is_off;
    CHECK(key == VALUES || was_cut);
    (void)kv_store_close(store);
    eeprom.cut = 0;
    eeprom.is_off = 0;
    /* The processor is faster than the chip. */
    eeprom.busy = eeprom.page_size == 0 ? 0 : 3;
    open_store(flash);
    for (other = 0; other < VALUES; other++) {
        if (other < key) {
            CHECK(has(other, round));
        } else {
            CHECK(has(other, round - 1) || (other == key && has(other, round)));
        }
    }
    OK(kv_store_check(store, NULL));
    for (; key < VALUES; key++) {
        OK(set(key, round));
    }
    return was_cut;
}

void eeprom_keeps_values(const kv_flash_t *flash) {
    unsigned key, cut, round = 1;

    open_store(flash);
    for (key = 0; key < VALUES; key++) {
        OK(set(key, round));
    }
    for (cut = 1; is_cut(flash, cut, ++round); cut++) {
    }
    /* One write at least for each value. */
    CHECK(cut > VALUES);
    OK(kv_store_close(store));
}

void eeprom_may_hang(const kv_flash_t *flash, unsigned attempts) {
    const unsigned pauses = eeprom.pauses;
    int status;

    open_store(flash);
    OK(set(0, 1));
    eeprom.busy_after_write = 1000000;
    status = set(0, 2);
    CHECK(status == MBED_ERROR_WRITE_FAILED || status == MBED_ERROR_READ_FAILED
          || status == MBED_ERROR_OPERATION_PROHIBITED);
    CHECK(eeprom.pauses > pauses);
    /* Some calls of the driver, each with some waits. */
    CHECK(1000000 - eeprom.busy < 200 * attempts);
    (void)kv_store_close(store);
    eeprom.busy = 0;
    eeprom.busy_after_write = 7;
    open_store(flash);
    CHECK(has(0, 1) || has(0, 2));
    OK(set(0, 3));
    CHECK(has(0, 3));
    OK(kv_store_close(store));
}
