/* Stands for a header of the SoftDevices: what docs/porting.md uses of it. */
#ifndef NRF_SDM_H
#define NRF_SDM_H

#include <stdint.h>

uint32_t sd_softdevice_is_enabled(uint8_t *p_softdevice_enabled);

#endif
