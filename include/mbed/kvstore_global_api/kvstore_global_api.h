// kvstore_global_api.h by the spelling of Mbed OS 6.
#include "../kvstore_global_api.h"
