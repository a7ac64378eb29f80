// mbed::SlicingBlockDevice for programs without Mbed: a part of another block device.
#ifndef NVKV_OWN_SLICING_BLOCK_DEVICE
#define NVKV_OWN_SLICING_BLOCK_DEVICE
#define MBED_SLICING_BLOCK_DEVICE_H

#include <stddef.h>

#include "../BlockDevice.h"

namespace mbed {

// From `start` up to `end` of a device, which must live as long as this one. What is negative, or 0
// for `end`, counts from the end of that device.
class SlicingBlockDevice : public BlockDevice {
public:
    SlicingBlockDevice(BlockDevice *bd, bd_addr_t start, bd_addr_t end = 0)
        : _bd(bd), _from_end(false), _to_end(false), _start(start), _stop(end) {
        _from_end = static_cast<int64_t>(start) < 0;
        _to_end = static_cast<int64_t>(end) <= 0;
    }

    virtual int init() {
        const int status = _bd->init();
        if (status != BD_ERROR_OK) {
            return status;
        }
        const bd_size_t whole = _bd->size();
        if (_from_end) {
            _start += whole;
            _from_end = false;
        }
        if (_to_end) {
            _stop += whole;
            _to_end = false;
        }
        if (_start <= _stop && _stop <= whole && _bd->is_valid_erase(_start, size())) {
            return BD_ERROR_OK;
        }
        _bd->deinit();
        return BD_ERROR_DEVICE_ERROR;
    }

    virtual int deinit() { return _bd->deinit(); }
    virtual int sync() { return _bd->sync(); }

    virtual int read(void *buffer, bd_addr_t addr, bd_size_t bytes) {
        return is_valid_read(addr, bytes) ? _bd->read(buffer, addr + _start, bytes)
                                          : static_cast<int>(BD_ERROR_DEVICE_ERROR);
    }
    virtual int program(const void *buffer, bd_addr_t addr, bd_size_t bytes) {
        return is_valid_program(addr, bytes) ? _bd->program(buffer, addr + _start, bytes)
                                             : static_cast<int>(BD_ERROR_DEVICE_ERROR);
    }
    virtual int erase(bd_addr_t addr, bd_size_t bytes) {
        return is_valid_erase(addr, bytes) ? _bd->erase(addr + _start, bytes)
                                           : static_cast<int>(BD_ERROR_DEVICE_ERROR);
    }
    virtual int trim(bd_addr_t addr, bd_size_t bytes) {
        return is_valid_erase(addr, bytes) ? _bd->trim(addr + _start, bytes)
                                           : static_cast<int>(BD_ERROR_DEVICE_ERROR);
    }

    virtual bd_size_t get_read_size() const { return _bd->get_read_size(); }
    virtual bd_size_t get_program_size() const { return _bd->get_program_size(); }
    virtual bd_size_t get_erase_size() const { return _bd->get_erase_size(_start); }
    virtual bd_size_t get_erase_size(bd_addr_t addr) const {
        return _bd->get_erase_size(_start + addr);
    }
    virtual int get_erase_value() const { return _bd->get_erase_value(); }
    virtual bd_size_t size() const { return _stop - _start; }
    virtual const char *get_type() const { return _bd != NULL ? _bd->get_type() : NULL; }

private:
    BlockDevice *_bd;
    bool _from_end, _to_end;
    bd_addr_t _start, _stop;
};

} // namespace mbed

// Mbed's header does the same: older programs name the class without its namespace.
#ifndef MBED_NO_GLOBAL_USING_DIRECTIVE
using mbed::SlicingBlockDevice;
#endif

#endif
