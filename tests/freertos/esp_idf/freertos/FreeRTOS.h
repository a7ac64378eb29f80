/* Stands for ESP-IDF's header of this name: there the kernel's headers are in a folder, and the
 * port says in its own way whether an interrupt calls. */
#ifndef STAND_IN_FREERTOS_H
#define STAND_IN_FREERTOS_H

#include <FreeRTOS.h>

BaseType_t xPortInIsrContext(void);

#endif
