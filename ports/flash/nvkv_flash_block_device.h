// A mbed::BlockDevice under a store which kv_store_open opens. C++11. For the flash of the chip
// (mbed::FlashIAP) it is a FlashIAPBlockDevice.
//
//     static FlashIAPBlockDevice device(0x080E0000, 0x20000);
//     static nvkv_flash_block_device flash;
//     if (flash.open(&device) == MBED_SUCCESS) {
//         kv_store_config_t config = {};
//         config.flash = flash.get();
//
// A store made so is the one that TDBStore has on the same device, and the other way round; not
// both at once. Devices of one size of sector and of several, with any erase value, and read units
// of any size (one that the library does not know costs a buffer on the heap). Program units are
// powers of two up to 1024.
//
// Needs include/mbed of nvkv on the include path, before Mbed's own headers (docs/from-mbed.md says
// why). The classes TDBStore, KVMap and NVStore have all this already.
//
// Power: as the device has it; its sync() is called at the end of each operation that wrote.
#ifndef NVKV_FLASH_BLOCK_DEVICE_H
#define NVKV_FLASH_BLOCK_DEVICE_H

#include "nvkv/block_flash.h"

// The device as kv_store_open wants it. It must live until kv_store_close.
class nvkv_flash_block_device {
public:
    nvkv_flash_block_device() : _bd(NULL) {}

    // Initialises the device and takes its shape. The device must live until close.
    //
    // Returns MBED_SUCCESS; MBED_ERROR_INVALID_ARGUMENT where `bd` is NULL, open was called before,
    // or the device has a shape that no store can be on; MBED_ERROR_OUT_OF_MEMORY where there is no
    // heap for the buffer of an odd read unit; or what init() of the device returns. When it fails
    // the device is as it was.
    int open(mbed::BlockDevice *bd) {
        if (bd == NULL || _bd != NULL) {
            return MBED_ERROR_INVALID_ARGUMENT;
        }
        int status = bd->init();
        if (status != 0) {
            return status;
        }
        status = _flash.open(bd);
        if (status != MBED_SUCCESS) {
            bd->deinit();
            return status;
        }
        _bd = bd;
        return MBED_SUCCESS;
    }

    // Deinitialises the device, after kv_store_close. Returns what its deinit() does; 0 where it is
    // not open.
    int close() {
        mbed::BlockDevice *const bd = _bd;
        _bd = NULL;
        return bd != NULL ? bd->deinit() : 0;
    }

    // For kv_store_config_t. NULL: it is not open.
    const kv_flash_t *get() const { return _bd != NULL ? _flash.get() : NULL; }

private:
    nvkv_flash_block_device(const nvkv_flash_block_device &);
    nvkv_flash_block_device &operator=(const nvkv_flash_block_device &);

    mbed::BlockDevice *_bd;
    nvkv_detail::block_flash _flash;
};

#endif
