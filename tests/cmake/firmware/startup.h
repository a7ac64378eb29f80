/* What the start-up code offers to main. */
#ifndef STARTUP_H
#define STARTUP_H

#ifdef __cplusplus
extern "C" {
#endif

/* Prints text on the terminal of the emulator. */
void print(const char *text);

#ifdef __cplusplus
}
#endif

#endif
