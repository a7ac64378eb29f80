// SecureStore.h by the spelling of Mbed OS 6.
#include "../SecureStore.h"
