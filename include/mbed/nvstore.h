// Mbed's NVStore on the engine of nvkv: values by number in the flash of the chip.
// docs/mbed-differences.md lists what differs from Mbed's.
#ifndef MBED_NVSTORE_H
#define MBED_NVSTORE_H

#include <stddef.h>
#include <stdint.h>

#include <new>

#include "nvkv/names.h"

#include "FlashIAP.h"

// 0 where Mbed's chip has no flash, as in Mbed; programs ask with #if.
#if !defined(NVKV_OWN_FLASH_IAP) && !defined(DEVICE_FLASH)
#undef NVSTORE_ENABLED
#define NVSTORE_ENABLED 0
#elif !defined(NVSTORE_ENABLED)
#define NVSTORE_ENABLED 1
#endif

typedef enum {
    NVSTORE_SUCCESS = 0,
    NVSTORE_READ_ERROR = -1,
    NVSTORE_WRITE_ERROR = -2,
    NVSTORE_NOT_FOUND = -3,
    NVSTORE_DATA_CORRUPT = -4,
    NVSTORE_BAD_VALUE = -5,
    NVSTORE_BUFF_TOO_SMALL = -6,
    NVSTORE_FLASH_AREA_TOO_SMALL = -7,
    NVSTORE_OS_ERROR = -8,
    NVSTORE_ALREADY_EXISTS = -9,
    NVSTORE_NO_FREE_KEY = -10
} nvstore_status_e;

typedef enum {
    NVSTORE_FIRST_PREDEFINED_KEY = 0,
    NVSTORE_STORED_TIME_KEY = 2,
    NVSTORE_STORED_BACK_TIME_KEY = 3,
    NVSTORE_DEVICEKEY_KEY = 4,
    NVSTORE_CA_PUBKEY_KEY = 9,
    NVSTORE_LAST_PREDEFINED_KEY = 15,
    NVSTORE_NUM_PREDEFINED_KEYS
} nvstore_predefined_keys_e;

typedef enum {
    NVSTORE_UNSPECIFIED_OWNER = 0,
    NVSTORE_MAX_OWNERS = 16
} nvstore_owner_e;

#ifndef NVSTORE_MAX_KEYS
#define NVSTORE_MAX_KEYS ((uint16_t)NVSTORE_NUM_PREDEFINED_KEYS)
#endif

#define NVSTORE_NUM_AREAS 2

#if NVSTORE_ENABLED

#include "nvkv/flash_owner.h"
#include "nvkv/lock.h"
#include "nvkv/nvstore_flash.h"

NVKV_NAMES_BEGIN

// Values by number, in two areas of the flash of the chip: its end, or where
// NVSTORE_AREA_1_ADDRESS, NVSTORE_AREA_1_SIZE, NVSTORE_AREA_2_ADDRESS and NVSTORE_AREA_2_SIZE say.
// Each call initialises the store where it is not, also after deinit(). Threads may share it.
//
// After a loss of power each key has its last value, but for the one that was being written: that
// has its old value or the new one, whole.
//
// What init() returns, all others may: NVSTORE_READ_ERROR, NVSTORE_WRITE_ERROR: the flash failed;
// NVSTORE_FLASH_AREA_TOO_SMALL: the areas are too small; NVSTORE_DATA_CORRUPT: they hold data of
// Mbed's NVStore or of something else that must not be lost (reset() makes an empty store of them);
// NVSTORE_OS_ERROR: no heap; MBED_ERROR_ALREADY_INITIALIZED: TDBStore has the flash of the chip.
class NVStore {
public:
    static NVStore &get_instance() {
        static NVStore instance;
        return instance;
    }

    virtual ~NVStore() {
        deinit();
        delete[] _ram;
        delete[] _allocated;
    }

    // Keys are less than this. 16, NVSTORE_MAX_KEYS, or what set_max_keys said last: that is
    // stored.
    uint16_t get_max_keys() const {
        const_cast<NVStore *>(this)->init();
        return _max_keys;
    }

    // Ignored where it is less than 16, not less than get_max_possible_keys(), or not above a key
    // that is used or allocated: get_max_keys() tells.
    void set_max_keys(uint16_t num_keys);

    uint16_t get_max_possible_keys() {
        if (init() != NVSTORE_SUCCESS) {
            return 0;
        }
        const size_t page = _flash.get()->program_size < 8 ? 8 : _flash.get()->program_size;
        const size_t record = (16 + page - 1) / page * page;
        const size_t keys = size() / record - 1;
        return static_cast<uint16_t>(keys < KEYS_END ? keys : KEYS_END);
    }

    // - NVSTORE_NOT_FOUND: no value
    // - NVSTORE_BAD_VALUE: not a key
    // - NVSTORE_BUFF_TOO_SMALL: `actual_size` is the value's size, and nothing was copied
    // - NVSTORE_DATA_CORRUPT: the value is damaged
    int get(uint16_t key, uint16_t buf_size, void *buf, uint16_t &actual_size);

    // The same, of the size alone.
    int get_item_size(uint16_t key, uint16_t &actual_size);

    // A `buf` of NULL stores an empty value.
    //
    // - NVSTORE_BAD_VALUE: not a key, or 4096 bytes or more
    // - NVSTORE_ALREADY_EXISTS: the key was stored with set_once
    // - NVSTORE_FLASH_AREA_TOO_SMALL: no room; the old value stays
    int set(uint16_t key, uint16_t buf_size, const void *buf) {
        return store(key, buf_size, buf, 0);
    }

    // The value can neither be changed nor removed from now on: only reset() ends it.
    int set_once(uint16_t key, uint16_t buf_size, const void *buf) {
        return store(key, buf_size, buf, KV_WRITE_ONCE_FLAG);
    }

    // A free key from 16 on, for an owner of 1 to 15. It is remembered in RAM until it is set.
    //
    // - NVSTORE_BAD_VALUE: no such owner
    // - NVSTORE_NO_FREE_KEY
    int allocate_key(uint16_t &key, uint8_t owner = NVSTORE_UNSPECIFIED_OWNER);

    // Removes all keys that were allocated for an owner, set or not.
    //
    // - NVSTORE_BAD_VALUE: no such owner
    // - NVSTORE_ALREADY_EXISTS: one was stored with set_once; it stays, and so may others
    int free_all_keys_by_owner(uint8_t owner);

    // - NVSTORE_NOT_FOUND: no value
    // - NVSTORE_BAD_VALUE: not a key
    // - NVSTORE_ALREADY_EXISTS: the key was stored with set_once
    int remove(uint16_t key);

    // NVSTORE_SUCCESS, too, where it is initialised.
    int init();
    int deinit();

    // Removes everything. get_max_keys() stays as it is.
    int reset();

    // Bytes of the smaller area.
    size_t size() {
        init();
        const uint32_t first = _flash.get_area(0).size, second = _flash.get_area(1).size;
        return first < second ? first : second;
    }

    // NVSTORE_BAD_VALUE: an area other than 0 and 1.
    int get_area_params(uint8_t area, uint32_t &address, size_t &size) {
        if (area >= NVSTORE_NUM_AREAS) {
            return NVSTORE_BAD_VALUE;
        }
        init();
        address = _flash.get_area(area).address;
        size = _flash.get_area(area).size;
        return NVSTORE_SUCCESS;
    }

private:
    // What a key is called in the store: "k" and three digits.
    class name {
    public:
        explicit name(unsigned key) {
            static const char digits[] = "0123456789abcdef";
            _text[0] = 'k';
            _text[1] = digits[key >> 8 & 15];
            _text[2] = digits[key >> 4 & 15];
            _text[3] = digits[key & 15];
            _text[4] = '\0';
        }
        const char *text() const { return _text; }

    private:
        char _text[5];
    };

    static const uint16_t KEYS_END = 0xFFE;

    NVStore()
        : _store(NULL), _ram(NULL), _ram_size(0), _allocated(NULL), _max_keys(NVSTORE_MAX_KEYS) {}
    NVStore(const NVStore &);
    NVStore &operator=(const NVStore &);

    static int status_of(int status);
    int open();
    int reserve(uint16_t keys);
    int find(uint16_t key, uint16_t &size);
    int store(uint16_t key, uint16_t size, const void *buf, uint32_t flags);
    uint8_t owner_of(uint16_t key);
    bool is_used(uint16_t key) {
        return _allocated[key] != 0 || kv_store_exists(_store, name(key).text()) == MBED_SUCCESS;
    }

    PlatformMutex _mutex;
    nvkv_detail::nvstore_flash _flash;
    kv_store_t *_store;
    unsigned char *_ram;
    size_t _ram_size;
    // By key: the owner for whom it was allocated and who has not set it yet; else 0.
    uint8_t *_allocated;
    uint16_t _max_keys;
};

NVKV_NAMES_END

#include "nvkv/nvstore_impl.h"

#endif

#endif
