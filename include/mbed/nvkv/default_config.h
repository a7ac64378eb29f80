// What the first call of the global API does in a C++ program that attached nothing: the store that
// Mbed's configuration asks for. ../kv_config.h is the guide to it.
#ifndef NVKV_DEFAULT_CONFIG_H
#define NVKV_DEFAULT_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "../FlashIAP.h"
#include "../FlashIAPBlockDevice.h"
#include "../KVMap.h"
#include "../TDBStore.h"
#include "lock.h"
#include "names.h"
#include "wait.h"

#ifndef MBED_CONF_STORAGE_STORAGE_TYPE
#define MBED_CONF_STORAGE_STORAGE_TYPE default
#endif
#ifndef MBED_CONF_STORAGE_DEFAULT_KV
#define MBED_CONF_STORAGE_DEFAULT_KV kv
#endif
#ifndef MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE
#define MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE 0
#endif
#ifndef MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS
#define MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS 0
#endif
#ifndef MBED_CONF_STORAGE_FILESYSTEM_FOLDER_PATH
#define MBED_CONF_STORAGE_FILESYSTEM_FOLDER_PATH kvstore
#endif

#define NVKV_PASTED(a, b) a##b
#define NVKV_PASTE(a, b) NVKV_PASTED(a, b)
#define NVKV_TEXT_OF(name) #name
#define NVKV_TEXT(name) NVKV_TEXT_OF(name)

// The types of storage that Mbed knows.
#define NVKV_STORAGE_default 1
#define NVKV_STORAGE_TDB_INTERNAL 1
#define NVKV_STORAGE_TDB_EXTERNAL 2
#define NVKV_STORAGE_TDB_EXTERNAL_NO_RBP 2
#define NVKV_STORAGE_FILESYSTEM 2
#define NVKV_STORAGE_FILESYSTEM_NO_RBP 2
#define NVKV_STORAGE NVKV_PASTE(NVKV_STORAGE_, MBED_CONF_STORAGE_STORAGE_TYPE)

// With Mbed's headers, a chip without flash has no FlashIAP, and a target without the component of
// that name no FlashIAPBlockDevice.
#if defined(NVKV_OWN_FLASH_IAP)
#define NVKV_HAS_FLASH_IAP 1
#elif defined(DEVICE_FLASH) && !defined(NVKV_OWN_FLASH_IAP_BLOCK_DEVICE)
#define NVKV_HAS_FLASH_IAP 1
#else
#define NVKV_HAS_FLASH_IAP 0
#endif

#ifdef NVKV_BESIDE_MBED
#define kv_get_default_flash_addresses nvkv_kv_get_default_flash_addresses
#define kv_get_flash_bounds_from_config nvkv_kv_get_flash_bounds_from_config
#define get_filesystemstore_folder_path nvkv_get_filesystemstore_folder_path
#endif

#if NVKV_HAS_FLASH_IAP
namespace nvkv_detail {
NVKV_NAMES_BEGIN

// The flash of the chip, for as long as it is looked at.
class internal_flash_view {
public:
    internal_flash_view() : _is_open(_flash.init() == 0) {}
    ~internal_flash_view() {
        if (_is_open) {
            _flash.deinit();
        }
    }
    bool is_open() const { return _is_open; }
    uint64_t start() const { return _flash.get_flash_start(); }
    uint64_t end() const { return start() + _flash.get_flash_size(); }
    uint64_t page_size() const { return _flash.get_page_size(); }
    uint64_t sector_size(uint64_t address) const {
        return _flash.get_sector_size(static_cast<uint32_t>(address));
    }

    // The first sector without a part of the program in it.
    uint64_t first_free() const {
        const uint64_t image = FLASHIAP_APP_ROM_END_ADDR;
        uint64_t at = start();
        while (at < image && at < end()) {
            at += sector_size(at);
        }
        return at;
    }

    // Whether a sector begins here, or the flash ends.
    bool is_border(uint64_t address) const {
        uint64_t at = start();
        while (at < address && at < end()) {
            at += sector_size(at);
        }
        return at == address;
    }

private:
    mbed::FlashIAP _flash;
    bool _is_open;
};

NVKV_NAMES_END
} // namespace nvkv_detail
#endif

extern "C" {

// The last two sectors of the flash, or, where that is more, the last 14 program pages and what
// makes them begin at a multiple of two sectors: where Mbed OS 6 has its store.
//
// - MBED_ERROR_INVALID_ARGUMENT: a pointer is NULL
// - MBED_ERROR_INITIALIZATION_FAILED: the flash failed
// - MBED_ERROR_MEDIA_FULL: the program is there
// - MBED_ERROR_UNSUPPORTED: there is no flash
inline int kv_get_default_flash_addresses(mbed::bd_addr_t *start_address, mbed::bd_size_t *size) {
    if (start_address == NULL || size == NULL) {
        return MBED_ERROR_INVALID_ARGUMENT;
    }
#if NVKV_HAS_FLASH_IAP
    const nvkv_detail::internal_flash_view flash;
    if (!flash.is_open()) {
        return MBED_ERROR_INITIALIZATION_FAILED;
    }
    uint64_t at = flash.end();
    int sectors = 0;
    while (at > flash.start() && (sectors < 2 || flash.end() - at < 14 * flash.page_size())) {
        at -= flash.sector_size(at - 1);
        sectors++;
    }
    if (sectors > 2) {
        const uint64_t pair = 2 * flash.sector_size(at);
        while (at > flash.start() && at % pair != 0) {
            at -= flash.sector_size(at - 1);
        }
    }
    if (at < flash.first_free()) {
        return MBED_ERROR_MEDIA_FULL;
    }
    *start_address = at;
    *size = flash.end() - at;
    return MBED_SUCCESS;
#else
    return MBED_ERROR_UNSUPPORTED;
#endif
}

// Completes and checks an address and a size of the configuration, which the program has put there:
// an address of 0 becomes as far before the end of the flash as the size says; a size of 0 all up
// to that end. An address other than 0 may be before the program, as with Mbed.
//
// - MBED_ERROR_INVALID_ARGUMENT: a pointer is NULL
// - MBED_ERROR_INITIALIZATION_FAILED: the flash failed
// - MBED_ERROR_INVALID_SIZE: not whole sectors, or beyond the flash; nothing is changed
// - MBED_ERROR_MEDIA_FULL: the end of the program is there, or, with an address of 0, the program
//   may be; nothing is changed
// - MBED_ERROR_UNSUPPORTED: there is no flash
inline int kv_get_flash_bounds_from_config(mbed::bd_addr_t *start_address, mbed::bd_size_t *size) {
    if (start_address == NULL || size == NULL) {
        return MBED_ERROR_INVALID_ARGUMENT;
    }
#if NVKV_HAS_FLASH_IAP
    const nvkv_detail::internal_flash_view flash;
    if (!flash.is_open()) {
        return MBED_ERROR_INITIALIZATION_FAILED;
    }
    const uint64_t whole = flash.end() - flash.start();
    const bool is_placed = *start_address != 0;
    if (is_placed ? *start_address < flash.start() || *start_address > flash.end()
                  : *size > whole) {
        return MBED_ERROR_INVALID_SIZE;
    }
    const uint64_t bytes = *size != 0   ? *size
                           : is_placed ? flash.end() - *start_address
                                       : whole;
    const uint64_t at = is_placed ? *start_address : flash.end() - bytes;
    if (bytes > flash.end() - at || !flash.is_border(at) || !flash.is_border(at + bytes)) {
        return MBED_ERROR_INVALID_SIZE;
    }
    // Where the program begins is not known; its last byte is.
    const uint64_t image = FLASHIAP_APP_ROM_END_ADDR;
    const bool is_hit = at < image && image <= at + bytes;
    if (is_hit || (!is_placed && at < flash.first_free())) {
        return MBED_ERROR_MEDIA_FULL;
    }
    *start_address = at;
    *size = bytes;
    return MBED_SUCCESS;
#else
    return MBED_ERROR_UNSUPPORTED;
#endif
}

// The folder of FileSystemStore.
inline const char *get_filesystemstore_folder_path(void) {
    return NVKV_TEXT(MBED_CONF_STORAGE_FILESYSTEM_FOLDER_PATH);
}

} // extern "C"

// A driver of the program's own, for `blockdevice: other`. Not called by this version.
mbed::BlockDevice *get_other_blockdevice();

#if NVKV_STORAGE == 1 && NVKV_HAS_FLASH_IAP
namespace nvkv_detail {
NVKV_NAMES_BEGIN

// The store on the flash of the chip, opened: what the global API has as its default partition, and
// nvkv::Preferences. The device is there where MBED_SUCCESS is returned, and the store.
inline int internal_store(mbed::TDBStore **store, FlashIAPBlockDevice **device) {
#ifdef NVKV_OWN_FLASH_IAP
    if (internal_flash() == NULL) {
        return MBED_ERROR_UNSUPPORTED;
    }
#endif
    mbed::bd_addr_t start = MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS;
    mbed::bd_size_t size = MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE;
    const int status = start == 0 && size == 0 ? kv_get_default_flash_addresses(&start, &size)
                                               : kv_get_flash_bounds_from_config(&start, &size);
    if (status != MBED_SUCCESS) {
        return status;
    }
    static FlashIAPBlockDevice on_chip(static_cast<uint32_t>(start), static_cast<uint32_t>(size));
    static mbed::TDBStore the_store(&on_chip);
    if (on_chip.init() != 0) {
        return MBED_ERROR_FAILED_OPERATION;
    }
    const bool is_enough = on_chip.size() / on_chip.get_erase_size(0) >= 2;
    on_chip.deinit();
    if (!is_enough) {
        return MBED_ERROR_INVALID_ARGUMENT;
    }
    *store = &the_store;
    *device = &on_chip;
    return the_store.init();
}

// The same as the default partition.
inline int tdb_internal() {
    static mbed::kvstore_config_t config;
    mbed::TDBStore *store = NULL;
    FlashIAPBlockDevice *device = NULL;
    int status = internal_store(&store, &device);
    if (status != MBED_SUCCESS) {
        return status;
    }
    config.kvstore_main_instance = store;
    config.internal_store = store;
    config.internal_bd = device;
    // As Mbed: taken by kv_set, and dropped without a word.
    config.flags_mask = ~static_cast<uint32_t>(mbed::KVStore::REQUIRE_CONFIDENTIALITY_FLAG |
                                               mbed::KVStore::REQUIRE_REPLAY_PROTECTION_FLAG);
    mbed::KVMap &map = mbed::KVMap::get_instance();
    status = map.init();
    return status != MBED_SUCCESS
               ? status
               : map.attach(NVKV_TEXT(MBED_CONF_STORAGE_DEFAULT_KV), &config);
}

NVKV_NAMES_END
} // namespace nvkv_detail
#elif NVKV_STORAGE != 1 && NVKV_STORAGE != 2
// The program's own.
int NVKV_PASTE(_storage_config_, MBED_CONF_STORAGE_STORAGE_TYPE)();
#endif

extern "C" {

// Called by the library, at the first call of the global API, where the program has no
// kv_init_storage_config and has attached nothing.
__attribute__((used)) inline int nvkv_default_storage_config(void) {
#if NVKV_STORAGE == 1 && NVKV_HAS_FLASH_IAP
    const nvkv_detail::init_mark mark;
    return nvkv_detail::tdb_internal();
#elif NVKV_STORAGE == 1 || NVKV_STORAGE == 2
    return MBED_ERROR_UNSUPPORTED;
#else
    const nvkv_detail::init_mark mark;
    return NVKV_PASTE(_storage_config_, MBED_CONF_STORAGE_STORAGE_TYPE)();
#endif
}

// Called by the library while another thread makes the first call: waits a millisecond. 0: cannot.
__attribute__((used)) inline int nvkv_wait_for_init(void) {
    return nvkv_detail::wait_for_other_thread();
}

} // extern "C"

#endif
