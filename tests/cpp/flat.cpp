// The flat spellings of Mbed OS 5 and of Arduino's cores; each header alone is the first of its
// kind in the files that tests/cpp.rs makes, too.
#include "BlockDevice.h"
#include "FileSystemStore.h"
#include "KVMap.h"
#include "KVStore.h"
#include "SecureStore.h"
#include "TDBStore.h"
#include "kv_config.h"
#include "kvstore_global_api.h"
#include "mbed_error.h"

#include "check.hpp"
#include "device.hpp"

using namespace mbed;

TEST(flat_spellings) {
    Device device(16384, 1, 16, 4096);
    TDBStore store(&device);
    KVStore *const base = &store;
    OK(base->init());
    OK(base->set("key", "data", 5, 0));
    OK(base->get_info("key"));
    OK(base->deinit());
    SecureStore *secure = NULL;
    FileSystemStore *files = NULL;
    IS(secure == NULL && files == NULL && SECURESTORE_ENABLED == 0);
}
