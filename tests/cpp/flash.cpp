#include "flash.hpp"

chip_t *the_chip() {
    static chip_t chip;
    if (chip.bytes == NULL) {
        chip_new(&chip, FLASH_SECTORS, FLASH_SECTOR, FLASH_UNIT);
    }
    return &chip;
}

#ifdef NVKV_OWN_FLASH_IAP
extern "C" const nvkv_internal_flash_t *nvkv_internal_flash(void) {
    static const nvkv_internal_flash_t flash = {&the_chip()->flash, FLASH_START, IMAGE_END};
    return &flash;
}
#endif
