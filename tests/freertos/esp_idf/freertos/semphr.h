/* Stands for ESP-IDF's header of this name. */
#include <semphr.h>
