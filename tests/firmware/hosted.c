/* What the C library needs of the host that a board does not have: newlib's calls of the system, or
 * picolibc's files. Text goes to the terminal of the emulator, memory comes from what is free. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"

/* From the linker script. */
extern char heap_start[], heap_end[];

void *_sbrk(ptrdiff_t more);
void *sbrk(ptrdiff_t more);

void *_sbrk(ptrdiff_t more) {
    static char *end = heap_start;
    char *before = end;

    if (more > heap_end - end) {
        errno = ENOMEM;
        return (void *)-1;
    }
    end += more;
    return before;
}

void *sbrk(ptrdiff_t more) {
    return _sbrk(more);
}

/* Destructors of C++ programs are registered with it. Start-up files of the C library would bring
 * it. */
void *__dso_handle;

void _exit(int status) {
    board_exit(status);
    for (;;) {
    }
}

void abort(void) {
    board_print("aborted\n");
    _exit(1);
}

/* Text in lines: a call of the emulator for each character would be slow. */
static char line[120];
static size_t length;

static void put(char c) {
    line[length++] = c;
    if (c == '\n' || length == sizeof line - 1) {
        line[length] = '\0';
        board_print(line);
        length = 0;
    }
}

#ifdef __PICOLIBC__

static int put_file(char c, FILE *file) {
    (void)file;
    put(c);
    return c;
}

static FILE terminal = FDEV_SETUP_STREAM(put_file, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdin = &terminal;
FILE *const stdout = &terminal;
FILE *const stderr = &terminal;

#else

#include <sys/stat.h>

int _write(int file, const char *text, int size);
int _read(int file, char *text, int size);
int _close(int file);
int _isatty(int file);
int _fstat(int file, struct stat *facts);
int _lseek(int file, int offset, int from);

int _write(int file, const char *text, int size) {
    int i;

    (void)file;
    for (i = 0; i < size; i++) {
        put(text[i]);
    }
    return size;
}

int _read(int file, char *text, int size) {
    (void)file;
    (void)text;
    (void)size;
    return 0;
}

int _close(int file) {
    (void)file;
    return -1;
}

int _isatty(int file) {
    (void)file;
    return 1;
}

int _fstat(int file, struct stat *facts) {
    (void)file;
    memset(facts, 0, sizeof *facts);
    facts->st_mode = S_IFCHR;
    return 0;
}

int _lseek(int file, int offset, int from) {
    (void)file;
    (void)offset;
    (void)from;
    return 0;
}

#endif
