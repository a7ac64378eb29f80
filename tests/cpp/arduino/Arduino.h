// Stands for an Arduino core's header of this name: what the sketches here use of it.
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

inline unsigned long micros() { return 4711; }
inline unsigned long millis() { return 42; }
inline void delay(unsigned long) {}

// Prints to the standard output.
class SerialPort {
public:
    void begin(unsigned long) {}
    operator bool() const { return true; }

    void print(const char *text) { printf("%s", text); }
    void print(char character) { printf("%c", character); }
    void print(int number) { printf("%d", number); }
    void print(unsigned number) { printf("%u", number); }
    void print(long number) { printf("%ld", number); }
    void print(unsigned long number) { printf("%lu", number); }
    void print(unsigned long long number) { printf("%llu", number); }
    void println() { printf("\n"); }
    template <typename Value> void println(Value value) {
        print(value);
        println();
    }
};

extern SerialPort Serial;

void setup();
void loop();

#endif
