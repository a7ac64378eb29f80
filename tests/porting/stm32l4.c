/* The HAL of an STM32L4: the last 64 pages of bank 2. */
#include "stm32l4xx_hal.h"
#include "try.h"

#define PAGE 2048
#define PAGES 64
#define START (0x08100000UL - PAGES * PAGE)

extern const kv_flash_t flash_stm32l4;
void NMI_Handler(void);

static int is_unlocked;
static unsigned flags, reads;

HAL_StatusTypeDef HAL_FLASH_Unlock(void) {
    is_unlocked = 1;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Lock(void) {
    is_unlocked = 0;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t type, uint32_t address, uint64_t data) {
    CHECK(is_unlocked && type == FLASH_TYPEPROGRAM_DOUBLEWORD && address % 8 == 0);
    return nor_program(&try_nor, address - START, &data, 8) == 0 ? HAL_OK : HAL_ERROR;
}

HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *what, uint32_t *bad) {
    CHECK(is_unlocked && what->TypeErase == FLASH_TYPEERASE_PAGES && bad != NULL);
    CHECK(what->Banks == FLASH_BANK_2 && what->NbPages == 1);
    CHECK(what->Page >= 256 - PAGES && what->Page < 256);
    return nor_erase(&try_nor, (what->Page - (256 - PAGES)) * PAGE, PAGE) == 0 ? HAL_OK
                                                                              : HAL_ERROR;
}

int stand_in_get_flag(uint32_t flag) {
    return (flags & flag) != 0;
}

void stand_in_clear_flag(uint32_t flag) {
    flags &= ~flag;
}

/* Reads end with it: now and then with what a torn double word does. */
void __DSB(void) {
    if (++reads % 16 == 0) {
        flags = FLASH_FLAG_ECCD;
        NMI_Handler();
        CHECK(flags == 0);
    }
}

int main(void) {
    try_new(try_map(START, PAGES * PAGE), PAGES * PAGE, PAGE, 8);
    return try_store(&flash_stm32l4, NULL);
}
