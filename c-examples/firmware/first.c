/* The first stored value: counts how often the board was started, and prints it. */
#include "board.h"
#include "nvkv.h"

/* In RAM: an index for 20 keys, and what each sector of the partition needs. */
#define KEYS 20
static unsigned char store_ram[KV_STORE_RAM(KEYS, BOARD_MAX_SECTORS)];

static void print_number(uint32_t number) {
    char digits[11];
    char *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    board_print(at);
}

static int count_start(kv_store_t *store, uint32_t *starts) {
    int status = kv_store_get(store, "starts", starts, sizeof *starts, NULL);

    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        *starts = 0;
    } else if (status != MBED_SUCCESS) {
        return status;
    }
    *starts += 1;
    return kv_store_set(store, "starts", starts, sizeof *starts, 0);
}

int main(void) {
    kv_flash_t flash;
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED, /* a new board holds no store yet */
    };
    kv_store_t *store;
    uint32_t starts = 0;
    int status;

    if (board_flash(&flash) != 0) {
        board_print("the flash does not answer\n");
        return 1;
    }
    status = kv_store_open(&config, store_ram, sizeof store_ram, &store);
    if (status == MBED_SUCCESS) {
        status = count_start(store, &starts);
        kv_store_close(store);
    }
    if (status != MBED_SUCCESS) {
        board_print(kv_error_name(status));
        board_print("\n");
        return 1;
    }
    board_print("starts: ");
    print_number(starts);
    board_print("\n");
    return 0;
}
