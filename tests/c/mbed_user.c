/* A part of Mbed OS that uses its KVStore, as its Bluetooth does: knows nothing of nvkv. */
#include "kvstore_global_api.h"

int mbed_user(void);

int mbed_user(void) {
    return kv_set("/kv/key", "value", 6, 0);
}
