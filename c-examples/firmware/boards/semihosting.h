/* Services of the debugger or emulator: Arm's semihosting, which RISC-V has taken over. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

enum {
    SEMIHOSTING_WRITE0 = 0x04,
    SEMIHOSTING_CLOCK = 0x10, /* in hundredths of a second */
    SEMIHOSTING_GET_CMDLINE = 0x15,
    SEMIHOSTING_EXIT = 0x18
};

/* Asks for the service; what it returns depends on which it is. Without a debugger or emulator the
 * processor faults or stands still here. */
uintptr_t semihosting(uintptr_t operation, const void *argument);

#endif
