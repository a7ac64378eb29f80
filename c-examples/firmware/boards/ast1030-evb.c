/* Aspeed's AST1030 evaluation board: the first serial flash on its firmware memory controller, by
 * the controller's user mode, in which the window of the chip is a plain byte pipe. */
#include "../board.h"
#include "nvkv_flash_spi_nor.h"

#define FMC(offset) (*(volatile uint32_t *)(0x7E620000u + (offset)))
#define PIPE (*(volatile uint8_t *)0x80000000u)

enum { TYPES = 0x00, CHIP_0 = 0x10 };

/* In TYPES. */
#define MAY_WRITE_CHIP_0 (1u << 16)

/* In CHIP_0: user mode, and in it the select line, which is low when active. */
#define USER_MODE 3u
#define UNSELECT (1u << 2)

static int transfer(void *context, const uint8_t *command, uint32_t command_size, const void *send,
                    uint32_t send_size, void *receive, uint32_t receive_size) {
    const uint8_t *from = send;
    uint8_t *to = receive;
    uint32_t i;

    (void)context;
    FMC(CHIP_0) = USER_MODE;
    for (i = 0; i < command_size; i++) {
        PIPE = command[i];
    }
    for (i = 0; i < send_size; i++) {
        PIPE = from[i];
    }
    for (i = 0; i < receive_size; i++) {
        to[i] = PIPE;
    }
    FMC(CHIP_0) = USER_MODE | UNSELECT;
    return 0;
}

int board_flash(kv_flash_t *flash) {
    /* An SST25VF032B: it programs byte by byte, and is protected after each power-up. */
    static nvkv_spi_nor_t nor = {
        .transfer = transfer,
        .jedec_id = 0xBF254A,
        .start = 0x100000,
        .size = 16 * 4096,
        .protection_bits = 0x3C,
        .page_size = 1,
    };

    FMC(TYPES) |= MAY_WRITE_CHIP_0;
    FMC(CHIP_0) = USER_MODE | UNSELECT;
    return nvkv_spi_nor_open(&nor, flash);
}
