/* A flash driver with a fault: it acknowledges programs that are still in its RAM. */
#ifndef EARLY_H
#define EARLY_H

#include "nvkv.h"

/* The flash behind one that holds back its last programs. It reads what it will have, so that the
 * store notices nothing; what power loss takes is what was held back. */
kv_flash_t early_flash(const kv_flash_t *flash);

#endif
