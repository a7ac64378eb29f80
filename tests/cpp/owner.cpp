// TDBStore and NVStore both want the flash of the chip: the second one is refused. With an argument
// of "nvstore_first" that one comes first.
#include "FlashIAPBlockDevice.h"
#include "TDBStore.h"
#include "check.hpp"
#include "flash.hpp"
#include "nvstore.h"

namespace {

FlashIAPBlockDevice &device() {
    static FlashIAPBlockDevice bd(FLASH_START + 12 * FLASH_SECTOR, 4 * FLASH_SECTOR);
    return bd;
}

} // namespace

TEST(tdbstore_first) {
    mbed::TDBStore store(&device());
    OK(store.init());
    EXPECT(MBED_ERROR_ALREADY_INITIALIZED, NVStore::get_instance().init());
    EXPECT(MBED_ERROR_ALREADY_INITIALIZED, NVStore::get_instance().set(1, 1, "a"));
    IS(NVStore::get_instance().get_max_possible_keys() == 0);
    OK(store.set("key", "data", 5, 0));
}

TEST(nvstore_first) {
    mbed::TDBStore store(&device());
    OK(NVStore::get_instance().init());
    EXPECT(MBED_ERROR_ALREADY_INITIALIZED, store.init());
    OK(NVStore::get_instance().set(1, 1, "a"));
}

// Of FlashIAPBlockDevice, which stands for the flash of the chip or for any other.
TEST(devices_tdbstore_first_flash_iap_block_device) {
    char buffer[64];
    EXPECT(0, device().init());
    IS(device().size() == 4 * FLASH_SECTOR && device().get_read_size() == 1);
    IS(device().get_program_size() == FLASH_UNIT && device().get_erase_size() == FLASH_SECTOR);
    IS(device().get_erase_size(5) == FLASH_SECTOR && device().get_erase_value() == 0xFF);
    IS(check::same(device().get_type(), "FLASHIAP"));
    EXPECT(-4001, device().read(buffer, 4 * FLASH_SECTOR, 1));
    EXPECT(-4001, device().program(buffer, 1, FLASH_UNIT));
    EXPECT(-4001, device().erase(0, 100));
    EXPECT(0, device().deinit());
    // From the first sector after the program to the end.
    FlashIAPBlockDevice rest;
    EXPECT(0, rest.init());
    IS(rest.size() == 12 * FLASH_SECTOR);
    FlashIAPBlockDevice beyond(FLASH_START + 16 * FLASH_SECTOR, 0), below(16, FLASH_SECTOR);
    EXPECT(-4001, beyond.init());
    EXPECT(-4001, below.init());
    FlashIAPBlockDevice ragged(FLASH_START + 100, FLASH_SECTOR);
    EXPECT(-4001, ragged.init());
    // A flash of its own, and FlashIAP itself.
    chip_t chip;
    memset(&chip, 0, sizeof chip);
    chip_new(&chip, 4, 4096, 8);
    FlashIAPBlockDevice own(&chip.flash), part(&chip.flash, 4096, 8192);
    EXPECT(0, own.init());
    EXPECT(0, part.init());
    IS(own.size() == 16384 && part.size() == 8192);
    EXPECT(0, part.erase(0, 8192));
    EXPECT(0, part.program("01234567", 4096, 8));
    EXPECT(0, own.read(buffer, 8192, 8));
    IS(memcmp(buffer, "01234567", 8) == 0);
    chip_free(&chip);
    mbed::FlashIAP flash;
    EXPECT(0, flash.init());
    IS(flash.get_flash_start() == FLASH_START && flash.get_page_size() == FLASH_UNIT);
    IS(flash.get_flash_size() == FLASH_SECTORS * FLASH_SECTOR);
    IS(flash.get_sector_size(FLASH_START + 5) == FLASH_SECTOR);
    IS(flash.get_sector_size(1) == MBED_FLASH_INVALID_SIZE && flash.get_erase_value() == 0xFF);
    EXPECT(-1, flash.read(buffer, FLASH_START - 1, 4));
    EXPECT(-1, flash.erase(FLASH_START + 4, FLASH_SECTOR));
    EXPECT(-1, flash.program(buffer, FLASH_START + 1, FLASH_UNIT));
    EXPECT(0, flash.erase(FLASH_START, FLASH_SECTOR));
    EXPECT(0, flash.deinit());
}
