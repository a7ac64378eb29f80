// The flat spellings of Mbed OS 5 and of Arduino's cores; each header alone is the first of its
// kind in the files that tests/cpp.rs makes, too.
#include "BlockDevice.h"
#include "FileSystemStore.h"
#include "HeapBlockDevice.h"
#include "KVMap.h"
#include "KVStore.h"
#include "SecureStore.h"
#include "SlicingBlockDevice.h"
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

// Mbed's numbers, as programs print them and people look for them.
TEST(error_numbers) {
    static const struct {
        const char *name;
        long status, expected_status;
        int code, expected_code;
    } numbers[] = {
#define NUMBERS(name, status, code) \
    {"MBED_ERROR_" #name, MBED_ERROR_##name, status, MBED_ERROR_CODE_##name, code}
        NUMBERS(UNKNOWN, -2130771712, 256),
        NUMBERS(INVALID_ARGUMENT, -2130771711, 257),
        NUMBERS(INVALID_DATA_DETECTED, -2130771710, 258),
        NUMBERS(INVALID_FORMAT, -2130771709, 259),
        NUMBERS(INVALID_INDEX, -2130771708, 260),
        NUMBERS(INVALID_SIZE, -2130771707, 261),
        NUMBERS(INVALID_OPERATION, -2130771706, 262),
        NUMBERS(ITEM_NOT_FOUND, -2130771705, 263),
        NUMBERS(ACCESS_DENIED, -2130771704, 264),
        NUMBERS(UNSUPPORTED, -2130771703, 265),
        NUMBERS(BUFFER_FULL, -2130771702, 266),
        NUMBERS(MEDIA_FULL, -2130771701, 267),
        NUMBERS(ALREADY_IN_USE, -2130771700, 268),
        NUMBERS(TIME_OUT, -2130771699, 269),
        NUMBERS(NOT_READY, -2130771698, 270),
        NUMBERS(FAILED_OPERATION, -2130771697, 271),
        NUMBERS(OPERATION_PROHIBITED, -2130771696, 272),
        NUMBERS(OPERATION_ABORTED, -2130771695, 273),
        NUMBERS(WRITE_PROTECTED, -2130771694, 274),
        NUMBERS(CRC_ERROR, -2130771688, 280),
        NUMBERS(READ_FAILED, -2130771685, 283),
        NUMBERS(WRITE_FAILED, -2130771684, 284),
        NUMBERS(INITIALIZATION_FAILED, -2130771683, 285),
        NUMBERS(OUT_OF_MEMORY, -2130771681, 287),
        NUMBERS(OUT_OF_RESOURCES, -2130771680, 288),
        NUMBERS(CONFIG_UNSUPPORTED, -2130771654, 314),
        NUMBERS(CONFIG_MISMATCH, -2130771653, 315),
        NUMBERS(ALREADY_INITIALIZED, -2130771652, 316),
        NUMBERS(AUTHENTICATION_FAILED, -2130771643, 325),
        NUMBERS(RBP_AUTHENTICATION_FAILED, -2130771642, 326),
    };
    IS(MBED_SUCCESS == 0 && MBED_SYSTEM_ERROR_BASE == 256);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        IS(numbers[i].status == numbers[i].expected_status);
        IS(numbers[i].code == numbers[i].expected_code);
        IS(MBED_GET_ERROR_CODE(numbers[i].status) == numbers[i].expected_code);
        IS(MBED_GET_ERROR_TYPE(numbers[i].status) == MBED_ERROR_TYPE_SYSTEM);
        IS(MBED_GET_ERROR_MODULE(numbers[i].status) == 255);
        IS(check::same(kv_error_name(static_cast<int>(numbers[i].status)), numbers[i].name));
    }
}

// Programs of Mbed's name these without its namespace, and bring their own MBED_SUCCESS.
#ifndef MBED_SUCCESS
#error "a macro in Mbed"
#endif
#undef MBED_SUCCESS
#define MBED_SUCCESS 0
TEST(names_without_namespace) {
    ::BlockDevice *device = NULL;
    ::bd_addr_t address = 0;
    ::bd_size_t size = 0;
    IS(device == NULL && address == size && ::BD_ERROR_OK == 0 && ::BD_ERROR_DEVICE_ERROR == -4001);
    ::HeapBlockDevice heap(1024, 16);
    ::SlicingBlockDevice slice(&heap, 0, 512);
    OK(slice.init());
    IS(slice.size() == 512);
    OK(slice.deinit());
}
