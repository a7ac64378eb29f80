/* Enough of a start for a RISC-V program to be linked; nothing runs it. */
#include "../cmake/firmware/startup.h"

int main(void);

void print(const char *text) {
    (void)text;
}

void reset(void) {
    main();
    for (;;) {
    }
}
