// The rest of that core: from the reset to the sketch, and the terminal.
#include "Arduino.h"
#include "startup.h"

SerialPort Serial;

void SerialPort::print(const char *text) { ::print(text); }

extern "C" {
// For destructors of global objects, which never run.
void *__dso_handle;
extern void (*init_array_start[])(void);
extern void (*init_array_end[])(void);
}

int main() {
    for (void (**make)(void) = init_array_start; make < init_array_end; make++) {
        (*make)();
    }
    setup();
    loop();
    return 0;
}
