// Mbed's configuration of the global API: what kv_init_storage_config does where the program does
// not define it.
//
// | MBED_CONF_STORAGE_STORAGE_TYPE | the store |
// |---|---|
// | not defined, `default`, `TDB_INTERNAL` | TDBStore on the flash of the chip |
// | `TDB_EXTERNAL`, `FILESYSTEM`, and the same with `_NO_RBP` | not there: MBED_ERROR_UNSUPPORTED |
// | any other name | what the program's function `int _storage_config_NAME()` makes |
//
// MBED_CONF_STORAGE_DEFAULT_KV is the name of the partition, `kv` where it is not defined.
// MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE and ..._INTERNAL_BASE_ADDRESS say where it is. If
// both are 0 or not defined, it is the last two sectors, or the last 14 program pages where these
// are more. An address alone: from there to the end of the flash. A size alone: so much before
// that end. What is not whole sectors, or is where the program ends, is refused, with the status of
// kv_get_flash_bounds_from_config (nvkv/default_config.h).
//
// A program without Mbed says what its flash is: nvkv_internal_flash, in nvkv/flash_iap.h.
#include "kvstore_global_api.h"
