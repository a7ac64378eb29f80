/* ports/flash/nvkv_flash_spi_nor.c over a chip that keeps the rules of serial NOR and can break
 * each of them: what the driver does is looked at from the bus. */
#include "check.h"
#include "nvkv_flash_spi_nor.h"

enum { CHIP = 0x40000, START = 0x10000, SIZE = 0x8000, PAGE = 256 };

/* The chip, and how it misbehaves. */
static struct {
    unsigned char bytes[CHIP];
    uint8_t status;
    /* Looks at the status until it is idle after a program or erase. */
    unsigned busy, left;
    /* Bits of the status that the next program or erase sets. */
    uint8_t fails_with;
    int refuses_enable, keeps_protection;
    /* What every byte reads as, where there is no chip. */
    int absent;
    unsigned wraps_at;
    /* Transactions so far, and the one that fails with a number; all after it, too. */
    unsigned count, fail_at;
    unsigned pauses;
} chip;

static void chip_reset(void) {
    memset(&chip, 0, sizeof chip);
    memset(chip.bytes, 0xFF, sizeof chip.bytes);
    chip.absent = -1;
    chip.busy = 3;
    chip.wraps_at = PAGE;
}

static uint32_t address_in(const uint8_t *command) {
    return (uint32_t)command[1] << 16 | (uint32_t)command[2] << 8 | command[3];
}

static uint8_t look(void) {
    if (chip.left > 0) {
        chip.left--;
        return chip.status | 1;
    }
    return chip.status;
}

/* The end of a program or erase. */
static void carried_out(void) {
    chip.left = chip.busy;
    chip.status = (uint8_t)((chip.status & ~2) | chip.fails_with);
    chip.fails_with = 0;
}

static void write_enabled(const uint8_t *command, const uint8_t *send, uint32_t size) {
    const uint32_t address = command[0] == 0x01 ? 0 : address_in(command);
    uint32_t i, at;

    CHECK(chip.left == 0);
    CHECK((chip.status & 2) != 0);
    if (command[0] == 0x01) {
        CHECK(size == 1);
        chip.status = chip.keeps_protection ? chip.status : send[0];
    } else if (command[0] == 0x02) {
        CHECK(size > 0 && size <= chip.wraps_at);
        for (i = 0; i < size; i++) {
            at = address / chip.wraps_at * chip.wraps_at + (address + i) % chip.wraps_at;
            chip.bytes[at] &= send[i];
        }
    } else {
        const uint32_t sector = command[0] == 0x20 ? 4096 : 65536;

        CHECK(address % sector == 0);
        memset(chip.bytes + address, 0xFF, sector);
    }
    carried_out();
}

static int transfer(void *context, const uint8_t *command, uint32_t command_size, const void *send,
                    uint32_t send_size, void *receive, uint32_t receive_size) {
    static const uint8_t id[3] = {0xEF, 0x40, 0x18};

    CHECK(context == &chip);
    CHECK(command_size == 1 || command_size == 4);
    CHECK(send_size == 0 || receive_size == 0);
    chip.count++;
    if (chip.fail_at != 0 && chip.count >= chip.fail_at) {
        return -77;
    }
    if (chip.absent >= 0) {
        memset(receive_size > 0 ? receive : &context, chip.absent, receive_size);
        return 0;
    }
    switch (command[0]) {
    case 0x9F:
        CHECK(receive_size == 3 && chip.left == 0);
        memcpy(receive, id, 3);
        break;
    case 0x05:
        CHECK(receive_size == 1);
        *(uint8_t *)receive = look();
        break;
    case 0x06:
        chip.status |= chip.refuses_enable ? 0 : 2;
        break;
    case 0x30:
        chip.status &= (uint8_t)~0x60;
        break;
    case 0x03:
        CHECK(chip.left == 0);
        memcpy(receive, chip.bytes + address_in(command), receive_size);
        break;
    case 0x01:
    case 0x02:
    case 0x20:
    case 0xD8:
        write_enabled(command, send, send_size);
        break;
    default:
        CHECK(!"a command that the chip knows");
    }
    return 0;
}

static void pause_between(void *context) {
    CHECK(context == &chip);
    chip.pauses++;
}

static nvkv_spi_nor_t described(void) {
    const nvkv_spi_nor_t nor = {.transfer = transfer,
                                .context = &chip,
                                .jedec_id = 0xEF4018,
                                .start = START,
                                .size = SIZE};

    return nor;
}

static void opens(void) {
    nvkv_spi_nor_t nor = described();
    kv_flash_t flash;

    chip_reset();
    chip.left = 5; /* an erase that was going on when the processor was reset */
    OK(nvkv_spi_nor_open(&nor, &flash));
    CHECK(flash.context == &nor && flash.size == SIZE && flash.sector_size == 4096);
    CHECK(flash.program_size == 1 && flash.erased == KV_ERASED_FF);
    nor.jedec_id = 0xEF4017;
    EXPECT(NVKV_SPI_NOR_WRONG_CHIP, nvkv_spi_nor_open(&nor, &flash));
    nor.jedec_id = 0;
    OK(nvkv_spi_nor_open(&nor, &flash));
    CHECK(flash.context == &nor);
}

/* Each is refused before anything is sent. */
static void refuses(void) {
    nvkv_spi_nor_t wrong[13];
    kv_flash_t flash, before;
    size_t i;

    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wrong[i] = described();
    }
    wrong[0].transfer = NULL;
    wrong[1].size = 0;
    wrong[2].size = SIZE - 1;
    wrong[3].start = START + 256;
    wrong[4].start = 0x1000000;
    wrong[5].start = 0x1000000 - 4096;
    wrong[6].sector_size = 65536; /* without its command */
    wrong[7].erase_command = 0xD8; /* without its size */
    wrong[8].sector_size = 5000;
    wrong[8].erase_command = 0x20;
    wrong[9].page_size = 100;
    wrong[10].page_size = 8192;
    wrong[11].size = 0xFFFFF000;
    wrong[12].start = 0x2000000;
    chip_reset();
    memset(&flash, 0x5A, sizeof flash);
    before = flash;
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT(NVKV_SPI_NOR_RANGE, nvkv_spi_nor_open(&wrong[i], &flash));
    }
    CHECK(chip.count == 0);
    CHECK(memcmp(&flash, &before, sizeof flash) == 0);
}

static void stores_bytes(uint32_t page_size) {
    nvkv_spi_nor_t nor = described();
    unsigned char data[700], back[700];
    kv_flash_t flash;
    size_t i;

    chip_reset();
    chip.wraps_at = page_size == 0 ? PAGE : page_size;
    nor.page_size = page_size;
    OK(nvkv_spi_nor_open(&nor, &flash));
    for (i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)(i * 7 + 1);
    }
    OK(flash.program(flash.context, 4096 - 130, data, sizeof data));
    CHECK(memcmp(chip.bytes + START + 4096 - 130, data, sizeof data) == 0);
    CHECK(chip.bytes[START + 4096 - 131] == 0xFF);
    CHECK(chip.bytes[START + 4096 - 130 + 700] == 0xFF);
    OK(flash.read(flash.context, 4096 - 130, back, sizeof back));
    CHECK(memcmp(back, data, sizeof data) == 0);
    OK(flash.erase(flash.context, 4096, 4096));
    CHECK(chip.bytes[START + 4096] == 0xFF && chip.bytes[START + 4095] == data[129]);

    EXPECT(NVKV_SPI_NOR_RANGE, flash.read(flash.context, SIZE - 1, back, 2));
    EXPECT(NVKV_SPI_NOR_RANGE, flash.program(flash.context, SIZE - 1, data, 2));
    EXPECT(NVKV_SPI_NOR_RANGE, flash.read(flash.context, 0xFFFFFFFF, back, 2));
    EXPECT(NVKV_SPI_NOR_RANGE, flash.erase(flash.context, SIZE, 4096));
    EXPECT(NVKV_SPI_NOR_RANGE, flash.erase(flash.context, 0, 8192));
    EXPECT(NVKV_SPI_NOR_RANGE, flash.erase(flash.context, 512, 4096));
}

static void erases_large_sectors(void) {
    nvkv_spi_nor_t nor = described();
    kv_flash_t flash;

    chip_reset();
    nor.size = 0x20000;
    nor.sector_size = 65536;
    nor.erase_command = 0xD8;
    OK(nvkv_spi_nor_open(&nor, &flash));
    CHECK(flash.sector_size == 65536);
    memset(chip.bytes, 0, sizeof chip.bytes);
    OK(flash.erase(flash.context, 65536, 65536));
    CHECK(chip.bytes[START + 65535] == 0 && chip.bytes[START + 65536] == 0xFF);
    CHECK(chip.bytes[START + 131071] == 0xFF && chip.bytes[START + 131072] == 0);
}

static void gives_up(void) {
    nvkv_spi_nor_t nor = described();
    unsigned char byte = 0;
    kv_flash_t flash;

    chip_reset();
    nor.poll_limit = 50;
    nor.pause = pause_between;
    OK(nvkv_spi_nor_open(&nor, &flash));
    chip.busy = 40;
    OK(flash.program(flash.context, 0, &byte, 1));
    CHECK(chip.pauses == 40);
    chip.busy = 60;
    EXPECT(NVKV_SPI_NOR_TIMEOUT, flash.program(flash.context, 1, &byte, 1));
    CHECK(chip.pauses == 90);
    chip.left = 60;
    EXPECT(NVKV_SPI_NOR_TIMEOUT, flash.erase(flash.context, 0, 4096));

    chip_reset();
    chip.refuses_enable = 1;
    EXPECT(NVKV_SPI_NOR_NOT_ENABLED, flash.program(flash.context, 0, &byte, 1));
    EXPECT(NVKV_SPI_NOR_NOT_ENABLED, flash.erase(flash.context, 0, 4096));
    CHECK(chip.bytes[START] == 0xFF);

    /* Nothing on the bus, pulled up or down. */
    chip.absent = 0xFF;
    EXPECT(NVKV_SPI_NOR_TIMEOUT, nvkv_spi_nor_open(&nor, &flash));
    EXPECT(NVKV_SPI_NOR_TIMEOUT, flash.program(flash.context, 0, &byte, 1));
    chip.absent = 0x00;
    EXPECT(NVKV_SPI_NOR_WRONG_CHIP, nvkv_spi_nor_open(&nor, &flash));
    EXPECT(NVKV_SPI_NOR_NOT_ENABLED, flash.program(flash.context, 0, &byte, 1));
}

static void passes_on_what_the_chip_notes(void) {
    nvkv_spi_nor_t nor = described();
    unsigned char byte = 0;
    kv_flash_t flash;

    chip_reset();
    nor.error_bits = 0x60;
    OK(nvkv_spi_nor_open(&nor, &flash));
    chip.fails_with = 0x40;
    EXPECT(NVKV_SPI_NOR_FAILED, flash.program(flash.context, 0, &byte, 1));
    CHECK((chip.status & 0x60) == 0);
    chip.left = 0;
    chip.fails_with = 0x20;
    EXPECT(NVKV_SPI_NOR_FAILED, flash.erase(flash.context, 0, 4096));
    chip.left = 0;
    OK(flash.program(flash.context, 1, &byte, 1));
    /* One from before a reset does not keep it from being opened. */
    chip.status |= 0x20;
    OK(nvkv_spi_nor_open(&nor, &flash));
}

static void clears_the_protection(void) {
    nvkv_spi_nor_t nor = described();
    kv_flash_t flash;

    chip_reset();
    chip.status = 0x1C;
    OK(nvkv_spi_nor_open(&nor, &flash));
    CHECK(chip.status == 0x1C);
    nor.protection_bits = 0x3C;
    OK(nvkv_spi_nor_open(&nor, &flash));
    CHECK(chip.status == 0);
    chip.status = 0x04;
    chip.keeps_protection = 1;
    EXPECT(NVKV_SPI_NOR_NOT_ENABLED, nvkv_spi_nor_open(&nor, &flash));
}

/* Every transaction of an operation fails once: that number comes out. */
static void passes_on_what_the_bus_says(void) {
    nvkv_spi_nor_t nor = described();
    unsigned char data[300] = {0};
    kv_flash_t flash;
    unsigned failures = 0;
    unsigned at;
    int result;

    for (at = 1; at < 40; at++) {
        chip_reset();
        nor.protection_bits = 0x1C;
        chip.status = 0x1C;
        chip.fail_at = at;
        result = nvkv_spi_nor_open(&nor, &flash);
        if (result == 0) {
            result = flash.program(flash.context, 0, data, sizeof data);
        }
        if (result == 0) {
            result = flash.erase(flash.context, 0, 4096);
        }
        if (result == 0) {
            break;
        }
        EXPECT(-77, result);
        failures++;
    }
    CHECK(failures > 20 && at < 40);
    chip.fail_at = 1;
    EXPECT(-77, flash.read(flash.context, 0, data, 1));
}

static unsigned char store_ram[KV_STORE_RAM(10, SIZE / 4096)];

static kv_store_t *open_store(nvkv_spi_nor_t *nor) {
    kv_flash_t flash;
    const kv_store_config_t config = {
        .flash = &flash, .keys = 10, .format = KV_FORMAT_IF_UNRECOGNISED};
    kv_store_t *store;

    OK(nvkv_spi_nor_open(nor, &flash));
    OK(kv_store_open(&config, store_ram, sizeof store_ram, &store));
    return store;
}

/* A store on it, and the bus dead from each transaction of a set on. */
static void a_store_survives(void) {
    static unsigned char image[CHIP];
    nvkv_spi_nor_t nor = described();
    unsigned news = 0;
    unsigned at;
    kv_store_t *store;
    char value[8];
    size_t size;
    int status;

    chip_reset();
    store = open_store(&nor);
    OK(kv_store_set(store, "other", "stays", 5, 0));
    OK(kv_store_set(store, "key", "old", 3, 0));
    OK(kv_store_close(store));
    memcpy(image, chip.bytes, sizeof image);
    for (at = 1;; at++) {
        chip_reset();
        memcpy(chip.bytes, image, sizeof image);
        store = open_store(&nor);
        chip.fail_at = chip.count + at;
        status = kv_store_set(store, "key", "new", 3, 0);
        kv_store_close(store);
        chip.fail_at = 0;
        chip.left = 0;
        store = open_store(&nor);
        OK(kv_store_get(store, "key", value, sizeof value, &size));
        CHECK(size == 3 && (memcmp(value, "old", 3) == 0 || memcmp(value, "new", 3) == 0));
        CHECK(status != MBED_SUCCESS || memcmp(value, "new", 3) == 0);
        news += memcmp(value, "new", 3) == 0;
        OK(kv_store_get(store, "other", value, sizeof value, &size));
        CHECK(size == 5 && memcmp(value, "stays", 5) == 0);
        OK(kv_store_close(store));
        if (status == MBED_SUCCESS) {
            break;
        }
    }
    CHECK(at > 10 && news >= 1 && news < at);
}

int main(void) {
    opens();
    refuses();
    stores_bytes(0);
    stores_bytes(1);
    erases_large_sectors();
    gives_up();
    passes_on_what_the_chip_notes();
    clears_the_protection();
    passes_on_what_the_bus_says();
    a_store_survives();
    return 0;
}
