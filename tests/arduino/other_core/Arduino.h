// Stands for the header of this name of an Arduino core without Mbed.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "../core/WString.h"

// Prints on the terminal of the emulator.
class SerialPort {
public:
    void begin(unsigned long) {}
    operator bool() const { return true; }
    void print(const char *text);
    void println(const char *text) {
        print(text);
        print("\n");
    }
};

extern SerialPort Serial;

void setup();
void loop();

#endif
