/* BBC micro:bit: settings in the last 32 pages of the flash of its nRF51822. */
#include "../board.h"
#include "nvkv_flash_nvmc_nrf51.h"

int board_flash(kv_flash_t *flash) {
    /* microbit.ld keeps the program out of here. */
    static const nvkv_nvmc_t settings = {.start = 0x38000, .size = 0x8000, .page_size = 1024};

    return nvkv_nvmc_describe(&settings, flash);
}
