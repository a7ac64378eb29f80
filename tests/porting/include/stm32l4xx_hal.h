/* Stands for the HAL of the STM32L4: what docs/porting.md uses of it. */
#ifndef STM32L4XX_HAL_H
#define STM32L4XX_HAL_H

#include "stm32_hal_common.h"

#define FLASH_BANK_2 0x02U
#define FLASH_TYPEERASE_PAGES 0x00U
#define FLASH_TYPEPROGRAM_DOUBLEWORD 0x00U
#define FLASH_FLAG_ECCD 0x80000000U

typedef struct {
    uint32_t TypeErase;
    uint32_t Banks;
    uint32_t Page;
    uint32_t NbPages;
} FLASH_EraseInitTypeDef;

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t Address, uint64_t Data);
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit, uint32_t *PageError);
int stand_in_get_flag(uint32_t flag);
void stand_in_clear_flag(uint32_t flag);
#define __HAL_FLASH_GET_FLAG(flag) stand_in_get_flag(flag)
#define __HAL_FLASH_CLEAR_FLAG(flag) stand_in_clear_flag(flag)

#endif
