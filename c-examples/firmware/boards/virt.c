/* QEMU's board virt with a 32-bit RISC-V: its second parallel NOR flash, two 16-bit chips side by
 * side with Intel's command set.
 *
 * The emulated chips overwrite where real ones only clear bits. So this driver looks before it
 * programs, and ends the program where a word is not erased. */
#include "../board.h"

/* The chips, and the partition in them. */
#define CHIPS ((volatile uint32_t *)0x22000000u)
enum { SECTOR = 256 * 1024, SECTORS = 4 };

/* Commands and the status, for both chips at once. Source: "Common Flash Interface" (JESD68.01) and
 * Intel's command set 0001h, as the P30 and P33 have it. */
#define BOTH(byte) ((byte) * 0x00010001u)
#define READ_ARRAY BOTH(0xFFu)
#define PROGRAM_BUFFER BOTH(0xE8u)
#define ERASE BOTH(0x20u)
#define CONFIRM BOTH(0xD0u)
#define LOCKS BOTH(0x60u)
#define CLEAR_STATUS BOTH(0x50u)
#define IS_READY BOTH(0x80u)
#define ERRORS BOTH(0x7Au)

/* Bytes that one command programs, 32 words of each chip, within a multiple of that. */
enum { BUFFER = 128 };

enum { POLLS = 10000000 };

/* Waits, and leaves the chips as memory that can be read. */
static int finish(volatile uint32_t *word) {
    uint32_t polls = POLLS;
    uint32_t status;

    do {
        status = *word;
    } while ((status & IS_READY) != IS_READY && --polls > 0);
    *word = CLEAR_STATUS;
    *word = READ_ARRAY;
    return polls == 0 || (status & ERRORS) != 0 ? -1 : 0;
}

static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const volatile uint8_t *from = (const volatile uint8_t *)CHIPS + address;
    uint8_t *to = buffer;

    (void)context;
    while (size-- > 0) {
        *to++ = *from++;
    }
    return 0;
}

/* Programs words of one buffer. */
static int program_buffer(volatile uint32_t *to, const uint32_t *from, uint32_t words) {
    uint32_t polls = POLLS;
    uint32_t i;

    for (i = 0; i < words; i++) {
        if (to[i] != 0xFFFFFFFF) {
            board_print("flash: a word is programmed twice\n");
            board_exit(1);
        }
    }
    do {
        *to = PROGRAM_BUFFER;
    } while ((*to & IS_READY) != IS_READY && --polls > 0);
    *to = BOTH(words - 1);
    for (i = 0; i < words; i++) {
        to[i] = from[i];
    }
    *to = CONFIRM;
    return finish(to);
}

static int program(void *context, uint32_t address, const void *data, uint32_t size) {
    const uint32_t *from = data;
    uint32_t part;
    int result = 0;

    (void)context;
    for (; size > 0 && result == 0; size -= part, address += part, from += part / 4) {
        part = BUFFER - address % BUFFER;
        if (part > size) {
            part = size;
        }
        result = program_buffer(CHIPS + address / 4, from, part / 4);
    }
    return result;
}

static int erase(void *context, uint32_t address, uint32_t size) {
    volatile uint32_t *sector = CHIPS + address / 4;

    (void)context;
    (void)size;
    /* After a power-up all sectors are locked. */
    *sector = LOCKS;
    *sector = CONFIRM;
    *sector = ERASE;
    *sector = CONFIRM;
    return finish(sector);
}

int board_flash(kv_flash_t *flash) {
    static const kv_flash_t description = {
        .read = read,
        .program = program,
        .erase = erase,
        .size = SECTORS * SECTOR,
        .program_size = 4,
        .sector_size = SECTOR,
    };

    *flash = description;
    return 0;
}
