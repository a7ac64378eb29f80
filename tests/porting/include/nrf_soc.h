/* Stands for a header of the SoftDevices: what docs/porting.md uses of it. */
#ifndef NRF_SOC_H
#define NRF_SOC_H

#include <stdint.h>

#define NRF_SUCCESS 0
#define NRF_ERROR_INVALID_ADDR 16
#define NRF_ERROR_BUSY 17

enum NRF_SOC_EVTS { NRF_EVT_FLASH_OPERATION_SUCCESS = 2, NRF_EVT_FLASH_OPERATION_ERROR = 3 };

uint32_t sd_flash_write(uint32_t *p_dst, uint32_t const *p_src, uint32_t size);
uint32_t sd_flash_page_erase(uint32_t page_number);
uint32_t sd_app_evt_wait(void);

#endif
