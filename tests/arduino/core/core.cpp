// The rest of the core: from the reset to the sketch, the terminal, the clock, and the flash. The
// last is in memory that the emulator keeps in a file.
#include "Arduino.h"
#include "drivers/FlashIAP.h"
#include "startup.h"

namespace {

const uint32_t START = 0x08000000, SIZE = 2 * 1024 * 1024, SECTOR = 128 * 1024, UNIT = 32;

// The second memory of the board mps2-an500.
unsigned char *bytes(uint32_t addr) {
    return reinterpret_cast<unsigned char *>(0x60000000 + (addr - START));
}

bool holds(uint32_t addr, uint32_t size, uint32_t unit) {
    return addr >= START && addr - START <= SIZE && size <= SIZE - (addr - START) &&
           addr % unit == 0 && size % unit == 0;
}

} // namespace

namespace mbed {

int FlashIAP::init() { return 0; }
int FlashIAP::deinit() { return 0; }

int FlashIAP::read(void *buffer, uint32_t addr, uint32_t size) {
    if (!holds(addr, size, 1)) {
        return -1;
    }
    memcpy(buffer, bytes(addr), size);
    return 0;
}

int FlashIAP::program(const void *buffer, uint32_t addr, uint32_t size) {
    if (!holds(addr, size, UNIT)) {
        return -1;
    }
    for (uint32_t i = 0; i < size; i++) {
        if (bytes(addr)[i] != 0xFF) {
            return -1;
        }
    }
    memcpy(bytes(addr), buffer, size);
    return 0;
}

int FlashIAP::erase(uint32_t addr, uint32_t size) {
    if (!holds(addr, size, SECTOR)) {
        return -1;
    }
    memset(bytes(addr), 0xFF, size);
    return 0;
}

uint32_t FlashIAP::get_sector_size(uint32_t addr) const {
    return holds(addr, 1, 1) ? SECTOR : MBED_FLASH_INVALID_SIZE;
}
uint32_t FlashIAP::get_flash_start() const { return START; }
uint32_t FlashIAP::get_flash_size() const { return SIZE; }
uint32_t FlashIAP::get_page_size() const { return UNIT; }
uint8_t FlashIAP::get_erase_value() const { return 0xFF; }

} // namespace mbed

SerialPort Serial;

void SerialPort::print(const char *text) { ::print(text); }

void SerialPort::print(unsigned long long number) {
    char digits[21];
    char *at = digits + sizeof digits;
    *--at = '\0';
    do {
        *--at = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(at);
}

void SerialPort::print(long long number) {
    if (number < 0) {
        print("-");
    }
    const unsigned long long all = static_cast<unsigned long long>(number);
    print(number < 0 ? 0 - all : all);
}

// As Arduino's Print: rounded, and with so many digits.
void SerialPort::print(double number, int digits) {
    if (number < 0) {
        print("-");
        number = -number;
    }
    double half = 0.5;
    for (int i = 0; i < digits; i++) {
        half /= 10;
    }
    number += half;
    const unsigned long whole = static_cast<unsigned long>(number);
    print(whole);
    print(digits > 0 ? "." : "");
    number -= static_cast<double>(whole);
    for (int i = 0; i < digits; i++) {
        number *= 10;
        const unsigned digit = static_cast<unsigned>(number);
        print(digit);
        number -= digit;
    }
}

// A millisecond passes between two looks at the clock.
unsigned long millis() {
    static unsigned long now = 100;
    return now++;
}
unsigned long micros() { return millis() * 1000; }

extern "C" {
// Of the operating system: one thread.
void *osThreadGetId(void) {
    static char thread;
    return &thread;
}
int osDelay(uint32_t) { return 0; }
// For destructors of global objects, which never run.
void *__dso_handle;
extern void (*init_array_start[])(void);
extern void (*init_array_end[])(void);
}

// How often Mbed's own KVStore was called, whose functions have the same names in the sources.
extern int mbed_calls;

int main() {
    for (void (**make)(void) = init_array_start; make < init_array_end; make++) {
        (*make)();
    }
    setup();
    loop();
    if (mbed_calls != 0) {
        print("Mbed's own KVStore was called\n");
    }
    return mbed_calls;
}
