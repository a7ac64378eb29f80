// kv_config.h by the spelling of Mbed OS 6.
#include "../kv_config.h"
