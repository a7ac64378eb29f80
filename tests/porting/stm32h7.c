/* The HAL of an STM32H7: bank 2 behind a data cache that shows what was there, until told. */
#include "stm32h7xx_hal.h"
#include "try.h"

#define SIZE (1024 * 1024)
#define SECTOR (128 * 1024)

extern const kv_flash_t flash_stm32h7;

SCB_Type stand_in_scb;
static int is_unlocked, is_masked;
/* What the processor sees; the flash itself is elsewhere. */
static unsigned char *seen;

HAL_StatusTypeDef HAL_FLASH_Unlock(void) {
    is_unlocked = 1;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Lock(void) {
    is_unlocked = 0;
    return HAL_OK;
}

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t type, uint32_t address, uint32_t data) {
    CHECK(is_unlocked && type == FLASH_TYPEPROGRAM_FLASHWORD);
    CHECK(address % 32 == 0 && data % 4 == 0);
    return nor_program(&try_nor, address - FLASH_BANK2_BASE, (const void *)(uintptr_t)data, 32) == 0
               ? HAL_OK
               : HAL_ERROR;
}

HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *what, uint32_t *bad) {
    CHECK(is_unlocked && what->TypeErase == FLASH_TYPEERASE_SECTORS && bad != NULL);
    CHECK(what->Banks == FLASH_BANK_2 && what->NbSectors == 1 && what->Sector < 8);
    return nor_erase(&try_nor, what->Sector * SECTOR, SECTOR) == 0 ? HAL_OK : HAL_ERROR;
}

void stand_in_clear_flag(uint32_t flag) {
    CHECK(!is_masked && flag != 0);
}

void __set_FAULTMASK(uint32_t mask) {
    CHECK((stand_in_scb.CCR & SCB_CCR_BFHFNMIGN_Msk) == 0);
    is_masked = mask != 0;
}

/* Reads end with it. */
void __DSB(void) {
    CHECK(is_masked && (stand_in_scb.CCR & SCB_CCR_BFHFNMIGN_Msk) != 0);
}

void SCB_InvalidateDCache_by_Addr(void *address, int32_t size) {
    const uintptr_t offset = (uintptr_t)address - FLASH_BANK2_BASE;

    CHECK(offset % 32 == 0 && size % 32 == 0 && offset + (uintptr_t)size <= SIZE);
    memcpy(seen + offset, try_nor.bytes + offset, (size_t)size);
}

int main(void) {
    int result;

    seen = try_map(FLASH_BANK2_BASE, SIZE);
    try_new(NULL, SIZE, SECTOR, 32);
    memset(seen, 0xFF, SIZE);
    result = try_store(&flash_stm32h7, NULL);
    CHECK(!is_unlocked && !is_masked);
    return result;
}
