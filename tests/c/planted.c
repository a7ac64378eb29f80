/* Mistakes that a tool must report: `planted overflow|overread|undefined|uninitialised|leak`. Were
 * one of them not reported, what is not reported of other programs would prove nothing. The first
 * two are made in the library, which is told of room that is not there. */
#include "check.h"
#include "chip.h"

#include <limits.h>

static kv_store_t *store;
static volatile int number = INT_MAX;

/* A size is written where there is room for half of one. */
static void overflow(void) {
    void *half = malloc(sizeof(size_t) / 2);
    char value[8];

    OK(kv_store_get(store, "key", value, sizeof value, half));
    free(half);
}

/* A key without its end. */
static void overread(void) {
    char *key = malloc(3);

    memcpy(key, "key", 3);
    (void)kv_store_exists(store, key);
    free(key);
}

static void undefined(void) {
    number = number + 1;
}

static void uninitialised(void) {
    char *value = malloc(1);

    if (value[number & 0] == 'x') {
        puts("x");
    }
    free(value);
}

static void leak(void) {
    char *volatile lost = malloc(100);

    lost[0] = 'x';
    lost = NULL;
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } mistakes[] = {{"overflow", overflow},
                    {"overread", overread},
                    {"undefined", undefined},
                    {"uninitialised", uninitialised},
                    {"leak", leak}};
    chip_t chip;
    size_t i;

    CHECK(count == 2);
    chip_new(&chip, 4, 4096, 4);
    store = chip_open(&chip, 4);
    OK(kv_store_set(store, "key", "value", 5, 0));
    for (i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        if (strcmp(mistakes[i].name, arguments[1]) == 0) {
            mistakes[i].run();
        }
    }
    chip_close(store);
    chip_free(&chip);
    return 0;
}
