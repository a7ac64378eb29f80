/* The pico-sdk: pages that are programmed in parts, with all else held. */
#include "hardware/flash.h"
#include "pico/flash.h"
#include "try.h"

#define CHIP (2 * 1024 * 1024)
#define SIZE (64 * 1024)
#define UNIT 16

extern const kv_flash_t flash_rp2040;

unsigned char stand_in_xip[CHIP];
static int is_held;
static unsigned calls;

void flash_range_erase(uint32_t offset, size_t size) {
    CHECK(is_held && offset % FLASH_SECTOR_SIZE == 0 && size == FLASH_SECTOR_SIZE);
    CHECK(offset >= CHIP - SIZE);
    (void)nor_erase(&try_nor, offset - (CHIP - SIZE), (uint32_t)size);
}

/* Only what is not 0xFF programs. */
void flash_range_program(uint32_t offset, const uint8_t *data, size_t size) {
    uint32_t first = 0, end = FLASH_PAGE_SIZE;

    CHECK(is_held && offset % FLASH_PAGE_SIZE == 0 && size == FLASH_PAGE_SIZE);
    CHECK(offset >= CHIP - SIZE);
    while (first < end && data[first] == 0xFF) {
        first++;
    }
    while (end > first && data[end - 1] == 0xFF) {
        end--;
    }
    first = first / UNIT * UNIT;
    end = (end + UNIT - 1) / UNIT * UNIT;
    if (first < end) {
        (void)nor_program(&try_nor, offset - (CHIP - SIZE) + first, data + first, end - first);
    }
}

/* Now and then the other core does not answer. */
int flash_safe_execute(void (*func)(void *), void *param, uint32_t timeout) {
    CHECK(timeout > 0);
    if (try_is_checked && ++calls % 101 == 0) {
        return PICO_ERROR_TIMEOUT;
    }
    is_held = 1;
    func(param);
    is_held = 0;
    return PICO_OK;
}

int main(void) {
    try_new(stand_in_xip + CHIP - SIZE, SIZE, FLASH_SECTOR_SIZE, UNIT);
    return try_store(&flash_rp2040, NULL);
}
