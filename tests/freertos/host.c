/* What machine.h promises, as a process of POSIX. */
#define _DEFAULT_SOURCE

#include <string.h>
#include <unistd.h>

#include "machine.h"

static const char *argument = "";

const char *machine_argument(void) {
    return argument;
}

/* Not stdio: a task may be stopped within it, and the next one would wait for its lock for ever. */
void machine_print(const char *text) {
    const ssize_t written = write(STDOUT_FILENO, text, strlen(text));

    (void)written;
}

/* The other tasks are threads that still run. */
void machine_leave(int status) {
    _exit(status);
}

void machine_idle(void) {
    usleep(200);
}

int machine_is_exact(void) {
    return 0;
}

int machine_interrupt(void) {
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        argument = argv[1];
    }
    return test_main();
}
