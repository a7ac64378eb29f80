// Stands for the header of this name of an Arduino core with Mbed OS: what the examples use of it.
// Like that one it brings Mbed's own headers along, before the sketch can include anything, and
// defines what Mbed's configuration does.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MBED_CONF_RTOS_PRESENT 1
#define MBED_CONF_RTOS_API_PRESENT 1
#define MBED_CONF_STORAGE_STORAGE_TYPE default
#define MBED_CONF_STORAGE_DEFAULT_KV kv
#define MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_BASE_ADDRESS 0
#define MBED_CONF_STORAGE_TDB_INTERNAL_INTERNAL_SIZE 0

#include "blockdevice/BlockDevice.h"
#include "drivers/FlashIAP.h"
#include "platform/PlatformMutex.h"
#include "platform/mbed_error.h"

#include "WString.h"

unsigned long micros();
unsigned long millis();
inline void delay(unsigned long) {}

// Prints on the terminal of the emulator.
class SerialPort {
public:
    void begin(unsigned long) {}
    operator bool() const { return true; }

    void print(const char *text);
    void print(const String &text) { print(text.c_str()); }
    void print(char character) {
        const char text[] = {character, '\0'};
        print(text);
    }
    void print(int number) { print(static_cast<long long>(number)); }
    void print(unsigned number) { print(static_cast<unsigned long long>(number)); }
    void print(long number) { print(static_cast<long long>(number)); }
    void print(unsigned long number) { print(static_cast<unsigned long long>(number)); }
    void print(long long number);
    void print(unsigned long long number);
    void print(double number, int digits = 2);
    void println() { print("\n"); }
    template <typename Value> void println(const Value &value) {
        print(value);
        println();
    }
};

extern SerialPort Serial;

void setup();
void loop();

#endif
