// KVStore.h by the spelling of Mbed OS 6.
#include "../KVStore.h"
