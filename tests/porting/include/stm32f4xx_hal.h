/* Stands for the HAL of the STM32F4: what docs/porting.md uses of it. */
#ifndef STM32F4XX_HAL_H
#define STM32F4XX_HAL_H

#include "stm32_hal_common.h"

#define FLASH_TYPEERASE_SECTORS 0x00U
#define FLASH_TYPEPROGRAM_WORD 0x02U
#define FLASH_VOLTAGE_RANGE_3 0x02U

typedef struct {
    uint32_t TypeErase;
    uint32_t Banks;
    uint32_t Sector;
    uint32_t NbSectors;
    uint32_t VoltageRange;
} FLASH_EraseInitTypeDef;

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t Address, uint64_t Data);
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit, uint32_t *SectorError);

#endif
