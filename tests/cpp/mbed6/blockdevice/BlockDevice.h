// Stands for Mbed's header of this name: the same virtual functions in the same order.
#ifndef MBED_BLOCK_DEVICE_H
#define MBED_BLOCK_DEVICE_H

#include <stdint.h>

#define STAND_IN_BLOCK_DEVICE 1

namespace mbed {

enum bd_error { BD_ERROR_OK = 0, BD_ERROR_DEVICE_ERROR = -4001 };
typedef uint64_t bd_addr_t;
typedef uint64_t bd_size_t;

class BlockDevice {
public:
    virtual ~BlockDevice() {}
    virtual int init() = 0;
    virtual int deinit() = 0;
    virtual int sync() { return 0; }
    virtual int read(void *buffer, bd_addr_t addr, bd_size_t size) = 0;
    virtual int program(const void *buffer, bd_addr_t addr, bd_size_t size) = 0;
    virtual int erase(bd_addr_t, bd_size_t) { return 0; }
    virtual int trim(bd_addr_t, bd_size_t) { return 0; }
    virtual bd_size_t get_read_size() const = 0;
    virtual bd_size_t get_program_size() const = 0;
    virtual bd_size_t get_erase_size() const { return get_program_size(); }
    virtual bd_size_t get_erase_size(bd_addr_t) const { return get_erase_size(); }
    virtual int get_erase_value() const { return -1; }
    virtual bd_size_t size() const = 0;
    virtual bool is_valid_read(bd_addr_t, bd_size_t) const { return true; }
    virtual bool is_valid_program(bd_addr_t, bd_size_t) const { return true; }
    virtual bool is_valid_erase(bd_addr_t, bd_size_t) const { return true; }
    virtual const char *get_type() const = 0;
};

} // namespace mbed

using mbed::bd_addr_t;
using mbed::bd_size_t;

#endif
