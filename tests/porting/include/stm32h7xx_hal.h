/* Stands for the HAL of the STM32H7: what docs/porting.md uses of it. */
#ifndef STM32H7XX_HAL_H
#define STM32H7XX_HAL_H

#include "stm32_hal_common.h"

#define FLASH_BANK2_BASE 0x08100000UL
#define FLASH_BANK_1 0x01U
#define FLASH_BANK_2 0x02U
#define FLASH_TYPEERASE_SECTORS 0x00U
#define FLASH_TYPEPROGRAM_FLASHWORD 0x01U
#define FLASH_VOLTAGE_RANGE_3 0x20U
#define FLASH_FLAG_SNECCERR_BANK2 0x82000000U
#define FLASH_FLAG_DBECCERR_BANK2 0x84000000U

typedef struct {
    uint32_t TypeErase;
    uint32_t Banks;
    uint32_t Sector;
    uint32_t NbSectors;
    uint32_t VoltageRange;
} FLASH_EraseInitTypeDef;

HAL_StatusTypeDef HAL_FLASH_Program(uint32_t TypeProgram, uint32_t FlashAddress,
                                    uint32_t DataAddress);
HAL_StatusTypeDef HAL_FLASHEx_Erase(FLASH_EraseInitTypeDef *pEraseInit, uint32_t *SectorError);
void stand_in_clear_flag(uint32_t flag);
#define __HAL_FLASH_CLEAR_FLAG_BANK2(flag) stand_in_clear_flag(flag)

typedef struct {
    volatile uint32_t CCR;
} SCB_Type;
extern SCB_Type stand_in_scb;
#define SCB (&stand_in_scb)
#define SCB_CCR_BFHFNMIGN_Msk (1UL << 8)

void __set_FAULTMASK(uint32_t mask);
void SCB_InvalidateDCache_by_Addr(void *address, int32_t size);

#endif
