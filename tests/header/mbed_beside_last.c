/* Beside Mbed's library, in an Arduino core: nvkv.h, then Mbed's headers. */
#define ARDUINO_ARCH_MBED
#include "mbed_last.c"
