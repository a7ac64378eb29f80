// Who has the flash of the chip: TDBStore or NVStore, as in Mbed OS 5.12 and later. By default both
// use its end.
#ifndef NVKV_FLASH_OWNER_H
#define NVKV_FLASH_OWNER_H

#include <stddef.h>
#include <string.h>

#include <atomic>

#include "names.h"

namespace nvkv_detail {
NVKV_NAMES_BEGIN

class flash_owner {
public:
    // MBED_ERROR_ALREADY_INITIALIZED: the other one has it.
    static int take_for_tdbstore(mbed::BlockDevice *bd) {
        const char *type = bd->get_type();
        const bool is_internal = type != NULL && strcmp(type, "FLASHIAP") == 0;
        return is_internal ? take(tdbstore) : static_cast<int>(MBED_SUCCESS);
    }
    static int take_for_nvstore() { return take(nvstore); }

private:
    enum who { nobody, tdbstore, nvstore };

    static int take(int me) {
        static std::atomic<int> owner(nobody);
        // Loads and stores only: Cortex-M0 has nothing else. Both are opened when a program starts.
        if (owner.load() == nobody) {
            owner.store(me);
        }
        return owner.load() == me ? static_cast<int>(MBED_SUCCESS)
                                  : static_cast<int>(MBED_ERROR_ALREADY_INITIALIZED);
    }
};

NVKV_NAMES_END
} // namespace nvkv_detail

#endif
