/* Emcraft's SmartFusion2 SOM: an S25FL128-class serial flash on the SPI controller of the M2S010.
 *
 * Source of the registers: "UG0331: SmartFusion2 Microcontroller Subsystem", chapter "Serial
 * Peripheral Interface Controller". */
#include "../board.h"
#include "nvkv_flash_spi_nor.h"

#define SPI0(offset) (*(volatile uint32_t *)(0x40001000u + (offset)))

enum {
    CONTROL = 0x00,
    FRAME_SIZE = 0x04,
    STATUS = 0x08,
    RECEIVE = 0x10,
    SEND = 0x14,
    SELECT = 0x1C
};

/* In CONTROL: the select line stays low for as many frames as are announced. */
#define ENABLE (1u << 0)
#define MASTER (1u << 1)
#define COUNT_SHIFT 8
#define HOLD_SELECT (1u << 26)

/* In STATUS. */
#define RECEIVE_EMPTY (1u << 6)

enum { MOST_FRAMES = 0xFFFF };

static uint8_t exchange(uint8_t byte) {
    SPI0(SEND) = byte;
    while ((SPI0(STATUS) & RECEIVE_EMPTY) != 0) {
    }
    return (uint8_t)SPI0(RECEIVE);
}

static int transfer(void *context, const uint8_t *command, uint32_t command_size, const void *send,
                    uint32_t send_size, void *receive, uint32_t receive_size) {
    const uint8_t *from = send;
    uint8_t *to = receive;
    const uint32_t frames = command_size + send_size + receive_size;
    uint32_t control = HOLD_SELECT | MASTER | frames << COUNT_SHIFT;
    uint32_t i;

    (void)context;
    if (frames > MOST_FRAMES) {
        return -1;
    }
    SPI0(CONTROL) = 0;
    SPI0(CONTROL) = control;
    SPI0(CONTROL) = control | ENABLE;
    for (i = 0; i < command_size; i++) {
        exchange(command[i]);
    }
    for (i = 0; i < send_size; i++) {
        exchange(from[i]);
    }
    for (i = 0; i < receive_size; i++) {
        to[i] = exchange(0);
    }
    SPI0(CONTROL) = 0;
    return 0;
}

int board_flash(kv_flash_t *flash) {
    /* This chip has sectors of 64 KiB, and no smaller ones. */
    static nvkv_spi_nor_t nor = {
        .transfer = transfer,
        .jedec_id = 0x012018,
        .start = 0x100000,
        .size = 4 * 0x10000,
        .sector_size = 0x10000,
        .erase_command = 0xD8,
    };

    SPI0(CONTROL) = MASTER;
    SPI0(FRAME_SIZE) = 8;
    SPI0(SELECT) = 1;
    return nvkv_spi_nor_open(&nor, flash);
}
