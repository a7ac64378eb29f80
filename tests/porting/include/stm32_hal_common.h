/* Stands for what the HALs of the STM32 have in common: those declarations that the adapters use.
 * Written from the HALs' documented interface. */
#ifndef STM32_HAL_COMMON_H
#define STM32_HAL_COMMON_H

#include <stdint.h>

#define FLASH_BASE 0x08000000UL

typedef enum { HAL_OK = 0, HAL_ERROR = 1, HAL_BUSY = 2, HAL_TIMEOUT = 3 } HAL_StatusTypeDef;

HAL_StatusTypeDef HAL_FLASH_Unlock(void);
HAL_StatusTypeDef HAL_FLASH_Lock(void);

void __DSB(void);

#endif
