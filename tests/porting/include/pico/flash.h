/* Stands for a header of the pico-sdk: what docs/porting.md uses of it. */
#ifndef PICO_FLASH_H
#define PICO_FLASH_H

#include <stdint.h>

enum { PICO_OK = 0, PICO_ERROR_TIMEOUT = -1 };

int flash_safe_execute(void (*func)(void *), void *param, uint32_t enter_exit_timeout_ms);

#endif
