// A block device that insists on the rules of flash: whole units, no unit programmed twice between
// two erases. A breach ends the program. It can begin with junk, fail on demand, and lose power.
#ifndef DEVICE_HPP
#define DEVICE_HPP

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "BlockDevice.h"

class Device : public mbed::BlockDevice {
public:
    typedef mbed::bd_addr_t bd_addr;

    Device(uint32_t size, uint32_t read, uint32_t program, uint32_t erase, int erase_value = 0xFF)
        : fail_reads(0), fail_programs(0), fail_erases(0), fail_init(0), bad_programs(0),
          power(-1), inits(0),
          reads(0), programs(0), erases(0), _size(size), _read(read), _program(program),
          _erase(erase), _value(erase_value), _random(size | 1),
          _bytes(static_cast<unsigned char *>(malloc(size))),
          _programmed(static_cast<unsigned char *>(malloc(size))) {
        blank();
    }
    virtual ~Device() {
        free(_bytes);
        free(_programmed);
    }

    // Fresh from the factory; or with something else in it, which nobody erased.
    void blank() {
        memset(_programmed, 0, _size);
        memset(_bytes, _value < 0 ? 0xA5 : _value, _size);
    }
    void junk(uint32_t from = 0, uint32_t to = 0) {
        for (uint32_t i = from; i < (to == 0 ? _size : to); i++) {
            _bytes[i] = random();
            _programmed[i] = 1;
        }
    }
    unsigned char *bytes() { return _bytes; }

    virtual int init() {
        inits += fail_init == 0;
        return fail_init;
    }
    virtual int deinit() {
        inits--;
        return 0;
    }
    virtual int sync() { return power == 0 ? -1 : 0; }
    virtual int read(void *buffer, bd_addr addr, bd_addr bytes) {
        demand(is_valid_read(addr, bytes), "read");
        reads++;
        if (fail_reads != 0) {
            return fail_reads;
        }
        memcpy(buffer, _bytes + addr, static_cast<size_t>(bytes));
        return 0;
    }
    virtual int program(const void *buffer, bd_addr addr, bd_addr bytes) {
        demand(is_valid_program(addr, bytes), "program");
        programs++;
        if (fail_programs != 0) {
            return fail_programs;
        }
        for (bd_addr i = addr; i < addr + bytes; i++) {
            demand(_programmed[i] == 0, "programmed twice");
            if (power == 0) {
                return -1;
            }
            _programmed[i] = 1;
            _bytes[i] = static_cast<const unsigned char *>(buffer)[i - addr];
        }
        if (bad_programs > 0) {
            bad_programs--;
            _bytes[addr + bytes / 2] ^= 1;
        }
        // The last unit that is programmed before power goes is torn.
        power -= power > 0;
        if (power == 0) {
            for (bd_addr i = addr + bytes / 2; i < addr + bytes; i++) {
                _bytes[i] = random();
            }
            return -1;
        }
        return 0;
    }
    virtual int erase(bd_addr addr, bd_addr bytes) {
        demand(is_valid_erase(addr, bytes), "erase");
        erases++;
        if (fail_erases != 0 || power == 0) {
            return fail_erases != 0 ? fail_erases : -1;
        }
        for (bd_addr i = addr; i < addr + bytes; i++) {
            _programmed[i] = 0;
            _bytes[i] = _value < 0 ? random() : static_cast<unsigned char>(_value);
        }
        return 0;
    }
    virtual bd_addr get_read_size() const { return _read; }
    virtual bd_addr get_program_size() const { return _program; }
    virtual bd_addr get_erase_size() const { return _erase; }
    virtual bd_addr get_erase_size(bd_addr) const { return _erase; }
    virtual int get_erase_value() const { return _value; }
    virtual bd_addr size() const { return _size; }
    virtual const char *get_type() const { return "TEST"; }

    // What the functions return where it is not 0.
    int fail_reads, fail_programs, fail_erases, fail_init;
    // So many programs leave a wrong bit, and say nothing.
    unsigned bad_programs;
    // Programs until power goes; -1: it stays.
    int power;
    int inits;
    unsigned reads, programs, erases;

private:
    Device(const Device &);
    Device &operator=(const Device &);

    static void demand(bool condition, const char *what) {
        if (!condition) {
            printf("device: %s\n", what);
            abort();
        }
    }
    unsigned char random() {
        _random = _random * 1664525u + 1013904223u;
        return static_cast<unsigned char>(_random >> 24);
    }

    uint32_t _size, _read, _program, _erase;
    int _value;
    uint32_t _random;
    unsigned char *_bytes, *_programmed;
};

// With sectors of two sizes: four small ones, then large ones of four times that.
class MixedDevice : public Device {
public:
    MixedDevice(uint32_t size, uint32_t program, uint32_t small)
        : Device(size, 1, program, small), _small(small) {}
    virtual bd_addr get_erase_size(bd_addr addr) const {
        return addr < 4 * _small ? _small : 4 * _small;
    }

private:
    bd_addr _small;
};

#endif
