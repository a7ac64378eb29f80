/* What every consumer does with the library: a store in RAM, a value set and read again. */
#ifndef STORE_H
#define STORE_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stores a number, closes the store, opens it again and reads it. */
int store_and_read(uint32_t number, uint32_t *read_again);

#ifdef __cplusplus
}
#endif

#endif
