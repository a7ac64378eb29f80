/* The HAL of an STM32F4: sectors 12 to 16. */
#include "stm32f4xx_hal.h"
#include "try.h"

#define START 0x08100000UL
#define SIZE (128 * 1024)

extern const kv_flash_t flash_stm32f4;

static int is_unlocked;

HAL_StatusTypeDef HAL_FLASH_Unlock(void) {
    is_unlocked = 1;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Lock(void) {
    is_unlocked = 0;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t type, uint32_t address, uint64_t data) {
    const uint32_t word = (uint32_t)data;

    CHECK(is_unlocked && type == FLASH_TYPEPROGRAM_WORD && address % 4 == 0);
    return nor_program(&try_nor, address - START, &word, 4) == 0 ? HAL_OK : HAL_ERROR;
}

/* The flash in RAM has sectors of 16 KiB: the last one is four of them. */
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *what, uint32_t *bad) {
    const uint32_t count = what->Sector == 16 ? 4 : 1;
    uint32_t i;

    CHECK(is_unlocked && what->TypeErase == FLASH_TYPEERASE_SECTORS && bad != NULL);
    CHECK(what->NbSectors == 1 && what->Sector >= 12 && what->Sector <= 16);
    CHECK(what->VoltageRange == FLASH_VOLTAGE_RANGE_3);
    for (i = 0; i < count; i++) {
        if (nor_erase(&try_nor, (what->Sector - 12 + i) * 16 * 1024, 16 * 1024) != 0) {
            return HAL_ERROR;
        }
    }
    return HAL_OK;
}

void __DSB(void) {
}

int main(void) {
    try_new(try_map(START, SIZE), SIZE, 16 * 1024, 4);
    return try_store(&flash_stm32f4, NULL);
}
