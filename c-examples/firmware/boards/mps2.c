/* Arm's MPS2 with AN386 (Cortex-M4) or AN500 (Cortex-M7): the 16 MiB of PSRAM, which QEMU can keep
 * in a file of the host, stand for the flash of an STM32H743. */
#include "../board.h"
#include "stm32h7_rules.h"

/* The boards differ in where it is. */
#ifdef BOARD_AN500
#define PSRAM 0x60000000u
#else
#define PSRAM 0x21000000u
#endif

int board_flash(kv_flash_t *flash) {
    static stm32h7_flash_t chip = {
        .bytes = (volatile uint32_t *)PSRAM,
        .codes = (volatile uint32_t *)(PSRAM + 4 * STM32H7_SECTOR),
        .sectors = 4,
    };

    stm32h7_describe(&chip, flash);
    return 0;
}
