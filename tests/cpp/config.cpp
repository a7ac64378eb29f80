// The configuration, by the macros that mbed_app.json makes: contract 2.7. Each run is one case.
#include "check.hpp"
#include "flash.hpp"
#include "kv_config/kv_config.h"
#include "kvstore_global_api/KVMap.h"

// The name is a macro, too.
#define CASE(name) TEST(name)

CASE(CONFIG_CASE) {
    EXPECT(CONFIG_STATUS, kv_set("/" NVKV_TEXT(MBED_CONF_STORAGE_DEFAULT_KV) "/key", "data", 5, 0));
    // As the program has it from the macros, and completed.
    mbed::bd_addr_t start = MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS;
    mbed::bd_size_t size = MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE;
    EXPECT(CONFIG_BOUNDS, kv_get_flash_bounds_from_config(&start, &size));
    if (CONFIG_BOUNDS != MBED_SUCCESS) {
        IS(start == MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS);
        IS(size == MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE);
    }
#ifdef CONFIG_DEFAULT_SIZE
    OK(kv_get_default_flash_addresses(&start, &size));
    IS(size == CONFIG_DEFAULT_SIZE);
    IS(start == FLASH_START + FLASH_SECTORS * FLASH_SECTOR - CONFIG_DEFAULT_SIZE);
#endif
#ifdef CONFIG_START
    IS(start == CONFIG_START && size == CONFIG_SIZE);
    mbed::BlockDevice *const device =
        mbed::KVMap::get_instance().get_internal_blockdevice_instance(NULL);
    IS(device != NULL && device->size() == CONFIG_SIZE);
    bool is_inside = true;
    for (uint32_t i = 0; i < FLASH_SECTORS * FLASH_SECTOR; i++) {
        const bool in_range = i >= CONFIG_START - FLASH_START &&
                              i < CONFIG_START - FLASH_START + CONFIG_SIZE;
        is_inside = is_inside && (in_range || the_chip()->programmed[i] == 0);
    }
    IS(is_inside);
#endif
}

#ifdef CONFIG_OWN
// `storage_type: own` in mbed_app.json.
int _storage_config_own() { return CONFIG_STATUS; }
#endif
