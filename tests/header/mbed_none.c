/* A program written for Mbed OS, without Mbed's headers. */
#include "nvkv.h"
#include "uses.h"
