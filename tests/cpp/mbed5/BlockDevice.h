// The flat spelling of Mbed OS 5.
#include "../mbed6/blockdevice/BlockDevice.h"
