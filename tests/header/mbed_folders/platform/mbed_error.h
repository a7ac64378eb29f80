/* The same header where newer versions of Mbed OS have it. */
#include "../../mbed_flat/mbed_error.h"
