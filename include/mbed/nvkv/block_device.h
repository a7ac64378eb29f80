// mbed::BlockDevice for programs without Mbed: the class that drivers of memories derive from.
#ifndef NVKV_OWN_BLOCK_DEVICE
#define NVKV_OWN_BLOCK_DEVICE
#define MBED_BLOCK_DEVICE_H

#include <stdint.h>

namespace mbed {

// Results of a block device that are not its own.
enum bd_error {
    BD_ERROR_OK = 0,
    BD_ERROR_DEVICE_ERROR = -4001,
};

typedef uint64_t bd_addr_t;
typedef uint64_t bd_size_t;

// A memory that is read, programmed and erased in blocks. Addresses count from its start; each
// function returns 0 or a negative number. The order of the virtual functions is Mbed's.
class BlockDevice {
public:
    virtual ~BlockDevice() {}

    virtual int init() = 0;
    virtual int deinit() = 0;

    // Makes what was programmed survive the loss of power.
    virtual int sync() { return BD_ERROR_OK; }

    // Address and size are multiples of get_read_size().
    virtual int read(void *buffer, bd_addr_t addr, bd_size_t size) = 0;

    // Address and size are multiples of get_program_size(); the blocks were erased before.
    virtual int program(const void *buffer, bd_addr_t addr, bd_size_t size) = 0;

    // Address and size are multiples of get_erase_size(). Does nothing where a memory is
    // overwritten in place.
    virtual int erase(bd_addr_t addr, bd_size_t size) {
        static_cast<void>(addr);
        static_cast<void>(size);
        return BD_ERROR_OK;
    }

    // Tells the memory that these blocks are not needed.
    virtual int trim(bd_addr_t addr, bd_size_t size) {
        static_cast<void>(addr);
        static_cast<void>(size);
        return BD_ERROR_OK;
    }

    virtual bd_size_t get_read_size() const = 0;
    virtual bd_size_t get_program_size() const = 0;
    virtual bd_size_t get_erase_size() const { return get_program_size(); }
    virtual bd_size_t get_erase_size(bd_addr_t addr) const {
        static_cast<void>(addr);
        return get_erase_size();
    }

    // What an erased byte reads as; -1 where that is not known.
    virtual int get_erase_value() const { return -1; }

    virtual bd_size_t size() const = 0;

    virtual bool is_valid_read(bd_addr_t addr, bd_size_t bytes) const {
        return fits(addr, bytes, get_read_size());
    }
    virtual bool is_valid_program(bd_addr_t addr, bd_size_t bytes) const {
        return fits(addr, bytes, get_program_size());
    }
    virtual bool is_valid_erase(bd_addr_t addr, bd_size_t bytes) const {
        return bytes <= size() && addr <= size() - bytes && addr % get_erase_size(addr) == 0 &&
               (bytes == 0 || (addr + bytes) % get_erase_size(addr + bytes - 1) == 0);
    }

    // The kind of device: "FLASHIAP", "HEAP" and so on.
    virtual const char *get_type() const = 0;

private:
    bool fits(bd_addr_t addr, bd_size_t bytes, bd_size_t unit) const {
        return bytes <= size() && addr <= size() - bytes && addr % unit == 0 && bytes % unit == 0;
    }
};

} // namespace mbed

// Mbed's header does the same: older programs name these without their namespace.
#ifndef MBED_NO_GLOBAL_USING_DIRECTIVE
using mbed::BlockDevice;
using mbed::bd_addr_t;
using mbed::bd_size_t;
using mbed::BD_ERROR_OK;
using mbed::BD_ERROR_DEVICE_ERROR;
#endif

#endif
