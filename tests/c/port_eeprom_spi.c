/* ports/flash/nvkv_flash_eeprom_spi.c on chips of several kinds. */
#include "nvkv_flash_eeprom_spi.h"
#include "port_eeprom.h"

static uint8_t address_size;
static uint32_t limit;
static int is_enabled;
/* What a bus without a chip reads as; -1: there is one. */
static int floats = -1;

static uint32_t address_of(const uint8_t *head, uint32_t head_size) {
    uint32_t address = address_size == 1 ? head[0] >> 3 & 1 : 0;
    uint32_t i;

    CHECK(head_size == 1u + address_size);
    for (i = 1; i < head_size; i++) {
        address = address << 8 | head[i];
    }
    return address;
}

/* A busy chip hears only the question whether it is. */
static void instruct(const uint8_t *head, uint32_t head_size, const uint8_t *out, uint8_t *in,
                     uint32_t size) {
    const int is_busy = eeprom.busy > 0 || eeprom.is_off;

    switch (head[0] & (address_size == 1 ? 0xF7 : 0xFF)) {
    case 0x06:
        CHECK(head_size == 1 && size == 0);
        is_enabled = is_enabled || !is_busy;
        break;
    case 0x05:
        CHECK(head_size == 1 && size == 1);
        in[0] = eeprom_is_ready() ? (uint8_t)(is_enabled ? 2 : 0) : 1;
        break;
    case 0x03:
        if (!is_busy) {
            eeprom_read(address_of(head, head_size), in, size);
        } else {
            memset(in, 0xFF, size);
        }
        break;
    case 0x02:
        if (!is_busy && is_enabled) {
            eeprom_write(address_of(head, head_size), out, size);
            is_enabled = 0;
        }
        break;
    default:
        CHECK(!"an instruction that the chip has");
    }
}

static int transfer(void *bus, const uint8_t *head, uint32_t head_size, const uint8_t *out,
                    uint8_t *in, uint32_t size) {
    CHECK(bus == &eeprom && (limit == 0 || size <= limit));
    if (floats < 0) {
        instruct(head, head_size, out, in, size);
    } else if (in != NULL) {
        memset(in, floats, size);
    }
    return 0;
}

static int no_bus(void *bus, const uint8_t *head, uint32_t head_size, const uint8_t *out,
                  uint8_t *in, uint32_t size) {
    (void)bus;
    (void)head;
    (void)head_size;
    (void)out;
    (void)in;
    (void)size;
    return -1;
}

static nvkv_flash_eeprom_spi_t plug(uint32_t size, uint32_t page_size, uint8_t bytes) {
    nvkv_flash_eeprom_spi_t chip = {
        .bus = &eeprom,
        .transfer = transfer,
        .pause = eeprom_pause,
        .address_size = bytes,
        .size = size,
        .page_size = page_size,
    };

    eeprom_new(size, page_size);
    address_size = bytes;
    limit = 0;
    is_enabled = 0;
    return chip;
}

static void keeps_values(const nvkv_flash_eeprom_spi_t *chip) {
    const kv_flash_t flash = nvkv_flash_eeprom_spi(chip);

    eeprom_keeps_values(&flash);
}

/* 25LC256. */
static void usual(void) {
    const nvkv_flash_eeprom_spi_t chip = plug(32 * 1024, 64, 2);

    keeps_values(&chip);
    CHECK(eeprom.pauses > 0);
}

/* M95M01-like: three bytes of address, ECC over 4 bytes, on a bus that carries 30 at a time. */
static void three_bytes(void) {
    nvkv_flash_eeprom_spi_t chip = plug(128 * 1024, 256, 3);

    chip.start = 0x10000 - 8 * 1024;
    chip.size = 16 * 1024;
    chip.transfer_size = 30;
    chip.unit = 4;
    limit = 30;
    keeps_values(&chip);
    CHECK(eeprom.longest == 30);
    CHECK(eeprom.bytes[chip.start - 1] == (unsigned char)((chip.start - 1) * 73 + 5));
    CHECK(eeprom.bytes[chip.start + chip.size]
          == (unsigned char)((chip.start + chip.size) * 73 + 5));
}

/* 25LC040: the ninth bit of the address is in the instruction. */
static void nine_bits(void) {
    const nvkv_flash_eeprom_spi_t chip = plug(512, 16, 1);
    const kv_flash_t flash = nvkv_flash_eeprom_spi(&chip);
    unsigned char all[512], found[512];
    unsigned i;

    for (i = 0; i < sizeof all; i++) {
        all[i] = (unsigned char)(i * 5 + i / 256);
    }
    CHECK(flash.program(flash.context, 0, all, sizeof all) == 0);
    CHECK(flash.read(flash.context, 0, found, sizeof found) == 0);
    CHECK(memcmp(found, all, sizeof all) == 0 && memcmp(eeprom.bytes, all, sizeof all) == 0);
}

/* MB85RS256B. */
static void fram(void) {
    const nvkv_flash_eeprom_spi_t chip = plug(32 * 1024, 0, 2);

    keeps_values(&chip);
    CHECK(eeprom.pauses == 0);
}

static void errors(void) {
    nvkv_flash_eeprom_spi_t chip = plug(32 * 1024, 64, 2);
    kv_flash_t flash;
    unsigned char byte = 1;

    chip.poll_limit = 50;
    flash = nvkv_flash_eeprom_spi(&chip);
    eeprom_may_hang(&flash, 50);
    CHECK(flash.read(flash.context, chip.size, &byte, 1) != 0);
    CHECK(flash.read(flash.context, 0xFFFFFFFF, &byte, 1) != 0);
    CHECK(flash.program(flash.context, chip.size - 1, &byte, 2) != 0);
    CHECK(flash.program(flash.context, chip.size - 1, &byte, 1) == 0);

    floats = 0xFF;
    CHECK(flash.read(flash.context, 0, &byte, 1) != 0);
    CHECK(flash.program(flash.context, 0, &byte, 1) != 0);
    floats = 0x00;
    CHECK(flash.program(flash.context, 0, &byte, 1) != 0);
    floats = -1;
    chip.transfer = no_bus;
    CHECK(flash.read(flash.context, 0, &byte, 1) != 0);
    CHECK(flash.program(flash.context, 0, &byte, 1) != 0);
}

int main(void) {
    usual();
    three_bytes();
    nine_bits();
    fram();
    errors();
    return 0;
}
