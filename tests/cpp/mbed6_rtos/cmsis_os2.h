// Stands for the header of this name of Mbed's operating system: what nvkv's headers call.
#ifndef CMSIS_OS2_H_
#define CMSIS_OS2_H_

#include <stdint.h>

extern "C" {
typedef void *osThreadId_t;
typedef enum { osOK = 0, osError = -1 } osStatus_t;

osThreadId_t osThreadGetId(void);
osStatus_t osDelay(uint32_t ticks);
}

#endif
