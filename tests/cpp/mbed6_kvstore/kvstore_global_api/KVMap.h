// Stands for Mbed's header of this name.
#ifndef _KV_MAP
#define _KV_MAP

#include "kvstore/KVStore.h"

namespace mbed {

class KVMap {
public:
    static KVMap &get_instance();
    int init();
    int attach(const char *partition_name, void *kv_config);
};

} // namespace mbed

#endif
