// Stands for the header of this name of an Arduino core with Mbed OS: what the examples use of it.
// Like that one it brings Mbed's own headers along.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "WString.h"
#include "platform/PlatformMutex.h"
#include "platform/mbed_error.h"

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
