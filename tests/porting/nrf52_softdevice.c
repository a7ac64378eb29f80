/* A SoftDevice: what is asked is done later, and not always. */
#include "nrf_sdm.h"
#include "nrf_soc.h"
#include "try.h"

#define PAGE 4096
#define PAGES 8

extern const kv_flash_t flash_nrf52;
void nrf52_on_soc_event(uint32_t event);

/* Aligned, for a page has a number. */
uint32_t __start_nvkv_storage[PAGES * PAGE / 4] __attribute__((aligned(PAGE)));

static struct {
    int is_pending, waits;
    uint32_t *to;
    const uint32_t *from;
    uint32_t words; /* 0: erase */
} asked;
static unsigned requests;
static uint8_t is_enabled = 1;

uint32_t sd_softdevice_is_enabled(uint8_t *enabled) {
    *enabled = is_enabled;
    return NRF_SUCCESS;
}

static int do_it(void) {
    const uint32_t offset = (uint32_t)(asked.to - __start_nvkv_storage) * 4;

    asked.is_pending = 0;
    return asked.words > 0 ? nor_program(&try_nor, offset, asked.from, asked.words * 4)
                           : nor_erase(&try_nor, offset, PAGE);
}

static uint32_t ask(uint32_t *to, const uint32_t *from, uint32_t words) {
    requests++;
    if (asked.is_pending || (is_enabled && requests % 11 == 0)) {
        return NRF_ERROR_BUSY;
    }
    asked.is_pending = 1;
    asked.waits = 3;
    asked.to = to;
    asked.from = from;
    asked.words = words;
    /* Without a SoftDevice it cannot tell that power failed either. */
    return is_enabled || do_it() == 0 ? NRF_SUCCESS : NRF_ERROR_INVALID_ADDR;
}

uint32_t sd_flash_write(uint32_t *to, const uint32_t *from, uint32_t words) {
    CHECK(words > 0 && words <= PAGE / 4 && (uintptr_t)from % 4 == 0);
    return ask(to, from, words);
}

uint32_t sd_flash_page_erase(uint32_t page) {
    const uintptr_t first = (uintptr_t)__start_nvkv_storage / PAGE;
    const uint32_t number = page - (uint32_t)first;

    CHECK(number < PAGES);
    return ask(__start_nvkv_storage + number * PAGE / 4, NULL, 0);
}

/* Wakes for other events, too; now and then the radio leaves no time. */
uint32_t sd_app_evt_wait(void) {
    CHECK(asked.is_pending);
    if (asked.waits-- > 0) {
        nrf52_on_soc_event(7);
    } else if (try_is_on() && requests % 7 == 0) {
        asked.is_pending = 0;
        nrf52_on_soc_event(NRF_EVT_FLASH_OPERATION_ERROR);
    } else {
        nrf52_on_soc_event(do_it() == 0 ? NRF_EVT_FLASH_OPERATION_SUCCESS
                                        : NRF_EVT_FLASH_OPERATION_ERROR);
    }
    return NRF_SUCCESS;
}

int main(void) {
    try_new((unsigned char *)__start_nvkv_storage, PAGES * PAGE, PAGE, 4);
    CHECK(try_store(&flash_nrf52, NULL) == 0);
    is_enabled = 0;
    return try_store(&flash_nrf52, NULL);
}
