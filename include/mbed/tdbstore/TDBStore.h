// TDBStore.h by the spelling of Mbed OS 6.
#include "../TDBStore.h"
