// Stands for Mbed's header of this name.
#ifndef MBED_FLASHIAP_BLOCK_DEVICE_H
#define MBED_FLASHIAP_BLOCK_DEVICE_H

#include "blockdevice/BlockDevice.h"
#include "drivers/FlashIAP.h"

class FlashIAPBlockDevice : public mbed::BlockDevice {
public:
    FlashIAPBlockDevice(uint32_t address, uint32_t size) : _base(address), _size(size) {}
    virtual int init() { return _flash.init(); }
    virtual int deinit() { return _flash.deinit(); }
    virtual int read(void *buffer, mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        return _flash.read(buffer, at(addr), static_cast<uint32_t>(bytes));
    }
    virtual int program(const void *buffer, mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        return _flash.program(buffer, at(addr), static_cast<uint32_t>(bytes));
    }
    virtual int erase(mbed::bd_addr_t addr, mbed::bd_size_t bytes) {
        return _flash.erase(at(addr), static_cast<uint32_t>(bytes));
    }
    virtual mbed::bd_size_t get_read_size() const { return 1; }
    virtual mbed::bd_size_t get_program_size() const { return _flash.get_page_size(); }
    virtual mbed::bd_size_t get_erase_size() const { return get_erase_size(0); }
    virtual mbed::bd_size_t get_erase_size(mbed::bd_addr_t addr) const {
        return _flash.get_sector_size(at(addr));
    }
    virtual int get_erase_value() const { return _flash.get_erase_value(); }
    virtual mbed::bd_size_t size() const { return _size; }
    virtual const char *get_type() const { return "FLASHIAP"; }

private:
    uint32_t at(mbed::bd_addr_t addr) const { return _base + static_cast<uint32_t>(addr); }

    mbed::FlashIAP _flash;
    uint32_t _base, _size;
};

#endif
