// mbed::HeapBlockDevice for programs without Mbed: a memory on the heap, for tests.
#ifndef NVKV_OWN_HEAP_BLOCK_DEVICE
#define NVKV_OWN_HEAP_BLOCK_DEVICE
#define MBED_MEM_BLOCK_DEVICE_H

#include <stddef.h>
#include <string.h>

#include <new>

#include "../BlockDevice.h"

namespace mbed {

// Blocks come from the heap when they are first programmed; those that never were read as 0. Can
// be overwritten in place: erasing changes nothing. What it holds stays until it is destroyed.
class HeapBlockDevice : public BlockDevice {
public:
    HeapBlockDevice(bd_size_t size, bd_size_t block = 512)
        : _read(block), _program(block), _erase(block), _count(size / block), _blocks(NULL),
          _inits(0) {}
    HeapBlockDevice(bd_size_t size, bd_size_t read, bd_size_t program, bd_size_t erase)
        : _read(read), _program(program), _erase(erase), _count(size / erase), _blocks(NULL),
          _inits(0) {}

    virtual ~HeapBlockDevice() {
        if (_blocks != NULL) {
            for (size_t i = 0; i < _count; i++) {
                delete[] _blocks[i];
            }
            delete[] _blocks;
        }
    }

    virtual int init() {
        if (_blocks == NULL) {
            _blocks = new (std::nothrow) unsigned char *[static_cast<size_t>(_count)]();
            if (_blocks == NULL) {
                return BD_ERROR_DEVICE_ERROR;
            }
        }
        _inits++;
        return BD_ERROR_OK;
    }

    virtual int deinit() {
        if (_inits > 0) {
            _inits--;
        }
        return BD_ERROR_OK;
    }

    virtual int read(void *buffer, bd_addr_t addr, bd_size_t bytes) {
        if (_inits == 0 || !is_valid_read(addr, bytes)) {
            return BD_ERROR_DEVICE_ERROR;
        }
        unsigned char *to = static_cast<unsigned char *>(buffer);
        while (bytes > 0) {
            const size_t part = here(addr, bytes);
            const unsigned char *block = _blocks[static_cast<size_t>(addr / _erase)];
            if (block == NULL) {
                memset(to, 0, part);
            } else {
                memcpy(to, block + static_cast<size_t>(addr % _erase), part);
            }
            to += part;
            addr += part;
            bytes -= part;
        }
        return BD_ERROR_OK;
    }

    virtual int program(const void *buffer, bd_addr_t addr, bd_size_t bytes) {
        if (_inits == 0 || !is_valid_program(addr, bytes)) {
            return BD_ERROR_DEVICE_ERROR;
        }
        const unsigned char *from = static_cast<const unsigned char *>(buffer);
        while (bytes > 0) {
            const size_t part = here(addr, bytes);
            unsigned char *&block = _blocks[static_cast<size_t>(addr / _erase)];
            if (block == NULL) {
                block = new (std::nothrow) unsigned char[static_cast<size_t>(_erase)]();
                if (block == NULL) {
                    return BD_ERROR_DEVICE_ERROR;
                }
            }
            memcpy(block + static_cast<size_t>(addr % _erase), from, part);
            from += part;
            addr += part;
            bytes -= part;
        }
        return BD_ERROR_OK;
    }

    virtual int erase(bd_addr_t addr, bd_size_t bytes) {
        return _inits != 0 && is_valid_erase(addr, bytes) ? BD_ERROR_OK : BD_ERROR_DEVICE_ERROR;
    }

    virtual bd_size_t get_read_size() const { return _read; }
    virtual bd_size_t get_program_size() const { return _program; }
    virtual bd_size_t get_erase_size() const { return _erase; }
    virtual bd_size_t get_erase_size(bd_addr_t addr) const {
        static_cast<void>(addr);
        return _erase;
    }
    virtual bd_size_t size() const { return _count * _erase; }
    virtual const char *get_type() const { return "HEAP"; }

private:
    HeapBlockDevice(const HeapBlockDevice &);
    HeapBlockDevice &operator=(const HeapBlockDevice &);

    // How many of these bytes are in the block of the first.
    size_t here(bd_addr_t addr, bd_size_t bytes) const {
        const bd_size_t room = _erase - addr % _erase;
        return static_cast<size_t>(bytes < room ? bytes : room);
    }

    bd_size_t _read, _program, _erase, _count;
    unsigned char **_blocks;
    unsigned _inits;
};

} // namespace mbed

// Mbed's header does the same: older programs name the class without its namespace.
#ifndef MBED_NO_GLOBAL_USING_DIRECTIVE
using mbed::HeapBlockDevice;
#endif

#endif
