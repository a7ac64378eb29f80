/* ports/flash/nvkv_flash_eeprom_i2c.c on chips of several kinds. */
#include "nvkv_flash_eeprom_i2c.h"
#include "port_eeprom.h"

/* How the chip at the bus is addressed. */
static uint8_t address_size, block_bit, device;
static uint32_t limit;

/* The address within the chip, or -1 where another chip is meant. */
static long address_of(uint8_t asked, const uint8_t *head, uint32_t head_size) {
    const uint32_t block_size = address_size == 1 ? 0x100 : 0x10000;
    const uint32_t blocks = (eeprom.size + block_size - 1) / block_size;
    const unsigned mask = (blocks - 1) << block_bit;
    long address;

    CHECK(head_size == address_size);
    if ((asked & ~mask) != device) {
        return -1;
    }
    address = (long)((asked & mask) >> block_bit) * (long)block_size;
    return address + (address_size == 1 ? head[0] : head[0] << 8 | head[1]);
}

static int bus_write(void *bus, uint8_t asked, const uint8_t *head, uint32_t head_size,
                     const uint8_t *data, uint32_t size) {
    const long address = address_of(asked, head, head_size);

    CHECK(bus == &eeprom && (limit == 0 || size <= limit));
    if (address < 0 || !eeprom_is_ready()) {
        return -1;
    }
    if (size > 0) {
        eeprom_write((uint32_t)address, data, size);
    }
    return 0;
}

static int bus_read(void *bus, uint8_t asked, const uint8_t *head, uint32_t head_size,
                    uint8_t *data, uint32_t size) {
    const long address = address_of(asked, head, head_size);

    CHECK(bus == &eeprom && (limit == 0 || size <= limit));
    /* The counter of many chips stays in its block. */
    CHECK(address_size != 1 || address % 0x100 + size <= 0x100);
    CHECK(address_size != 2 || address % 0x10000 + size <= 0x10000);
    if (address < 0 || !eeprom_is_ready()) {
        return -1;
    }
    eeprom_read((uint32_t)address, data, size);
    return 0;
}

static nvkv_flash_eeprom_i2c_t plug(uint32_t size, uint32_t page_size, uint8_t bytes) {
    nvkv_flash_eeprom_i2c_t chip = {
        .bus = &eeprom,
        .write = bus_write,
        .read = bus_read,
        .pause = eeprom_pause,
        .device = 0x50,
        .address_size = bytes,
        .size = size,
        .page_size = page_size,
    };

    eeprom_new(size, page_size);
    address_size = bytes;
    block_bit = 0;
    device = 0x50;
    limit = 0;
    return chip;
}

static void keeps_values(const nvkv_flash_eeprom_i2c_t *chip) {
    const kv_flash_t flash = nvkv_flash_eeprom_i2c(chip);

    eeprom_keeps_values(&flash);
}

/* 24LC256. */
static void usual(void) {
    const nvkv_flash_eeprom_i2c_t chip = plug(32 * 1024, 64, 2);

    keeps_values(&chip);
    CHECK(eeprom.pauses > 0);
}

/* M24C64-like, ECC over 4 bytes, on a bus that carries 30 bytes at a time: 28 are whole groups. */
static void small_transfers(void) {
    nvkv_flash_eeprom_i2c_t chip = plug(16 * 1024, 32, 2);
    kv_flash_t flash;

    chip.transfer_size = 30;
    chip.unit = 4;
    limit = 28;
    keeps_values(&chip);
    CHECK(eeprom.longest == 28);
    flash = nvkv_flash_eeprom_i2c(&chip);
    CHECK(flash.program_size == 4);
}

/* 24LC1025: the block's bit is the third of the address. M24M01: it is the first. */
static void two_blocks(void) {
    static unsigned char across[512], found[512];
    nvkv_flash_eeprom_i2c_t chip = plug(128 * 1024, 128, 2);
    kv_flash_t flash;
    unsigned bit, i;

    for (bit = 0; bit <= 2; bit += 2) {
        chip = plug(128 * 1024, 128, 2);
        chip.block_bit = (uint8_t)bit;
        block_bit = (uint8_t)bit;
        flash = nvkv_flash_eeprom_i2c(&chip);
        for (i = 0; i < sizeof across; i++) {
            across[i] = (unsigned char)(i * 3 + bit);
        }
        CHECK(flash.program(flash.context, 0x10000 - 200, across, sizeof across) == 0);
        CHECK(flash.read(flash.context, 0x10000 - 200, found, sizeof found) == 0);
        CHECK(memcmp(found, across, sizeof found) == 0);
        CHECK(memcmp(eeprom.bytes + 0x10000 - 200, across, sizeof across) == 0);
    }
    chip.start = 0x10000 - 8 * 1024;
    chip.size = 16 * 1024;
    keeps_values(&chip);
    CHECK(eeprom.bytes[chip.start - 1] == (unsigned char)((chip.start - 1) * 73 + 5));
    CHECK(eeprom.bytes[chip.start + chip.size]
          == (unsigned char)((chip.start + chip.size) * 73 + 5));
}

/* 24C16: one byte of address, three bits in that of the device. */
static void one_byte(void) {
    const nvkv_flash_eeprom_i2c_t chip = plug(16 * 0x100, 16, 1);
    const kv_flash_t flash = nvkv_flash_eeprom_i2c(&chip);
    static unsigned char all[16 * 0x100], found[sizeof all];
    unsigned i;

    for (i = 0; i < sizeof all; i++) {
        all[i] = (unsigned char)(i * 5 + i / 256);
    }
    for (i = 0; i < sizeof all; i += 1024) {
        CHECK(flash.program(flash.context, i, all + i, 1024) == 0);
    }
    CHECK(flash.read(flash.context, 0, found, sizeof found) == 0);
    CHECK(memcmp(found, all, sizeof all) == 0 && memcmp(eeprom.bytes, all, sizeof all) == 0);
}

/* MB85RC256V. */
static void fram(void) {
    const nvkv_flash_eeprom_i2c_t chip = plug(32 * 1024, 0, 2);

    keeps_values(&chip);
    CHECK(eeprom.pauses == 0);
}

static void errors(void) {
    nvkv_flash_eeprom_i2c_t chip = plug(32 * 1024, 64, 2);
    kv_flash_t flash;
    unsigned char byte = 1;

    chip.poll_limit = 50;
    flash = nvkv_flash_eeprom_i2c(&chip);
    eeprom_may_hang(&flash, 50);

    /* Nobody at this address, and ranges outside the chip. */
    chip.device = 0x51;
    CHECK(flash.read(flash.context, 0, &byte, 1) != 0);
    CHECK(flash.program(flash.context, 0, &byte, 1) != 0);
    chip.device = 0x50;
    CHECK(flash.read(flash.context, chip.size, &byte, 1) != 0);
    CHECK(flash.read(flash.context, 0xFFFFFFFF, &byte, 1) != 0);
    CHECK(flash.program(flash.context, chip.size - 1, &byte, 2) != 0);
    CHECK(flash.program(flash.context, chip.size - 1, &byte, 1) == 0);
}

int main(void) {
    usual();
    small_transfers();
    two_blocks();
    one_byte();
    fram();
    errors();
    return 0;
}
