/* Tasks of FreeRTOS that share a store, with the ready locks: `locked`. With `none` the store has
 * no kv_lock_t, with `empty` functions that lock nothing: then the program fails. `single`: no
 * tasks, one caller and an interrupt. A number behind the word is a seed for what the tasks do. */
#include <string.h>

#include "nvkv_lock_freertos.h"
#include "test.h"

#ifdef __arm__
#define STACK_WORDS 2048 /* 8 KiB */
#else
#define STACK_WORDS 16384
#endif

/* A test that is not through by then is stuck: ticks. */
#define LIMIT 100000

typedef struct {
    const char *name;
    void (*work)(counts_t *own);
    UBaseType_t priority;
    int stores; /* the test is over when all these are through */
    volatile int is_through;
    counts_t counts;
    StaticTask_t task;
} job_t;

enum { LOW = 1, HIGH = 3, HIGHEST = 4 };

static job_t jobs[] = {
    {.name = "stream", .work = stream_values, .priority = LOW, .stores = 1},
    {.name = "writer a", .work = write_a, .priority = LOW, .stores = 1},
    {.name = "writer b", .work = write_b, .priority = LOW, .stores = 1},
    {.name = "reader 1", .work = read_values, .priority = LOW},
    {.name = "reader 2", .work = read_values, .priority = LOW},
    {.name = "iterator 1", .work = iterate, .priority = LOW},
    {.name = "iterator 2", .work = iterate, .priority = LOW},
    {.name = "burner", .work = burn, .priority = LOW + 1},
    {.name = "urgent", .work = hurry, .priority = HIGH},
};
#define JOBS (sizeof jobs / sizeof jobs[0])

static StackType_t stacks[JOBS][STACK_WORDS];

kv_store_t *test_store;
int test_is_locked;
uint32_t test_seed;
volatile int test_is_over;
volatile uint32_t test_begun[ALL_KEYS], test_stored[ALL_KEYS];
volatile uint32_t test_interrupted;
volatile unsigned test_waits, test_inherited;

static nvkv_lock_freertos_t mutexes;
static unsigned char ram[KV_STORE_RAM(40, 8)];

static void print_number(const char *what, uint32_t number) {
    char digits[14];
    char *at = digits + sizeof digits;

    *--at = '\0';
    *--at = '\n';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    *--at = ' ';
    machine_print(what);
    machine_print(at);
}

void test_failed(const char *file, unsigned line, const char *what) {
    taskDISABLE_INTERRUPTS();
    machine_print("not so: ");
    machine_print(what);
    machine_print("\n");
    machine_print(file);
    print_number(": line", line);
    machine_leave(1);
}

void test_assert_failed(const char *file, unsigned line) {
    test_failed(file, line, "what the kernel asserts");
}

int test_succeeded(counts_t *own, int status, unsigned line) {
    if (status == MBED_ERROR_ALREADY_IN_USE && !test_is_locked) {
        own->refused++;
        vTaskDelay(1);
        return 0;
    }
    if (status != MBED_SUCCESS) {
        test_failed("a call", line, kv_error_name(status));
    }
    return 1;
}

void vApplicationIdleHook(void) {
    machine_idle();
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name) {
    (void)task;
    test_failed(name, 0, "the stack is large enough");
}

/* What the lock of a store says to an interrupt, whatever else goes on. */
void test_interrupt(void) {
    const int status = kv_store_exists(test_store, key_name(STREAM));

    if (status != MBED_ERROR_ALREADY_IN_USE) {
        test_failed("an interrupt", __LINE__, kv_error_name(status));
    }
    test_interrupted++;
}

static int lock_nothing(void *context) {
    (void)context;
    return 0;
}

/* Whether the program was started with this word; takes the seed that may be behind it. */
static int is_kind(const char *kind) {
    const char *rest = machine_argument();

    if (strncmp(rest, kind, strlen(kind)) != 0) {
        return 0;
    }
    rest += strlen(kind);
    if (*rest == ' ') {
        for (test_seed = 0, rest++; *rest >= '0' && *rest <= '9'; rest++) {
            test_seed = test_seed * 10 + (uint32_t)(*rest - '0');
        }
    }
    return *rest == '\0';
}

static void open_store(void) {
    const kv_flash_t flash = flash_describe();
    const kv_lock_t ready = nvkv_lock_freertos(&mutexes);
    const kv_lock_t empty = {&mutexes, lock_nothing, lock_nothing, &mutexes};
    kv_store_config_t config = {
        .flash = &flash,
        .keys = 40,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    test_is_locked = is_kind("locked");
    if (test_is_locked) {
        config.lock = &ready;
    } else if (is_kind("empty")) {
        config.lock = &empty;
    } else {
        CHECK(is_kind("none"));
    }
    CHECK(kv_store_open(&config, ram, sizeof ram, &test_store) == MBED_SUCCESS);
}

/* The first value of each key that is always there. */
static void store_first_values(void) {
    static unsigned char value[VALUE_SIZE];
    unsigned key;

    for (key = 0; key < KEYS; key++) {
        const size_t size = value_size(key, 1);

        value_fill(value, key, 1, 0, size);
        CHECK(kv_store_set(test_store, key_name(key), value, size, 0) == MBED_SUCCESS);
        test_begun[key] = 1;
        test_stored[key] = 1;
    }
}

static void run_job(void *context) {
    job_t *job = context;

    job->counts.random = test_seed + (uint32_t)(job - jobs) * 7919;
    job->work(&job->counts);
    job->is_through = 1;
    vTaskSuspend(NULL);
}

static int are_through(int all) {
    size_t i;

    for (i = 0; i < JOBS; i++) {
        if ((all || jobs[i].stores) && !jobs[i].is_through) {
            return 0;
        }
    }
    return 1;
}

static void wait_for(int all) {
    while (!are_through(all)) {
        size_t i;

        vTaskDelay(10);
        if (xTaskGetTickCount() > LIMIT) {
            for (i = 0; i < JOBS; i++) {
                print_number(jobs[i].name, (uint32_t)jobs[i].is_through);
            }
            CHECK(!"it is stuck");
        }
    }
}

/* Steps: 1 a value is open, 2 it was dropped by another task, 3 its own has noticed. */
static volatile int step;

static void await(int wanted) {
    while (step < wanted) {
        vTaskDelay(1);
    }
}

static void owner(void *context) {
    kv_set_handle_t *handle = context;
    int status = kv_store_set_start(test_store, handle, "left", 100, 0);

    CHECK(status == MBED_SUCCESS);
    step = 1;
    await(2);
    status = kv_store_set_add_data(test_store, *handle, "x", 1);
    CHECK(status == MBED_ERROR_INVALID_ARGUMENT);
    step = 3;
    vTaskSuspend(NULL);
}

static void set_after(const char *key) {
    CHECK(kv_store_set(test_store, key, "value", 5, 0) == MBED_SUCCESS);
}

/* A task drops a value that another one has open, and nobody waits for ever: not before that one
 * notices, and not after. */
static void drop_that_of_another(void) {
    static StaticTask_t task;
    static StackType_t stack[STACK_WORDS];
    static kv_set_handle_t handle;

    CHECK(xTaskCreateStatic(owner, "owner", STACK_WORDS, &handle, LOW, stack, &task) != NULL);
    await(1);
    CHECK(kv_store_set_abort(test_store, handle) == MBED_SUCCESS);
    set_after("before");
    step = 2;
    await(3);
    set_after("after");
    CHECK(kv_store_exists(test_store, "left") == MBED_ERROR_ITEM_NOT_FOUND);
}

static void add_counts(counts_t *sum) {
    size_t i;

    for (i = 0; i < JOBS; i++) {
        const counts_t *own = &jobs[i].counts;

        sum->values += own->values;
        sum->stored += own->stored;
        sum->streams += own->streams;
        sum->dropped += own->dropped;
        sum->iterations += own->iterations;
        sum->refused += own->refused;
        sum->longest = own->longest > sum->longest ? own->longest : sum->longest;
    }
}

static void print_counts(const counts_t *sum) {
    print_number("values read whole:", sum->values);
    print_number("stored or removed:", sum->stored);
    print_number("stored in pieces:", sum->streams);
    print_number("dropped in pieces:", sum->dropped);
    print_number("iterations:", sum->iterations);
    print_number("calls refused:", sum->refused);
    print_number("calls from interrupts, refused:", test_interrupted);
    print_number("flash calls that met another:", flash_overlaps());
    print_number("waits for a mutex:", test_waits);
    print_number("priorities inherited:", test_inherited);
    print_number("longest two reads of the urgent task, ticks:", sum->longest);
    print_number("ticks:", xTaskGetTickCount());
}

static void supervise(void *context) {
    counts_t sum = {0};
    kv_stats_t stats;

    (void)context;
    wait_for(0);
    test_is_over = 1;
    wait_for(1);
    add_counts(&sum);
    print_counts(&sum);
    CHECK(sum.refused == 0);
    /* The one that burns would be in the way for so long, were no priority inherited. */
    CHECK(sum.longest < BURNS / 2 || !machine_is_exact());
    CHECK(flash_overlaps() == 0);
    CHECK(flash_breaches() == 0);
    CHECK(kv_store_stats(test_store, &stats) == MBED_SUCCESS);
    CHECK(stats.keys == KEYS && stats.damaged_records == 0 && stats.flash_errors == 0);
    drop_that_of_another();
    CHECK(kv_store_check(test_store, NULL) == MBED_SUCCESS);
    if (machine_interrupt()) {
        CHECK(test_interrupted > 0);
    }
    CHECK(kv_store_close(test_store) == MBED_SUCCESS);
    nvkv_lock_freertos_delete(&mutexes);
    machine_print("passed\n");
    machine_leave(0);
}

int test_main(void) {
    static StaticTask_t task;
    static StackType_t stack[STACK_WORDS];
    size_t i;

    if (is_kind("single")) {
        single_caller();
    }
    open_store();
    store_first_values();
    for (i = 0; i < JOBS; i++) {
        job_t *job = &jobs[i];

        CHECK(xTaskCreateStatic(run_job, job->name, STACK_WORDS, job, job->priority, stacks[i],
                                &job->task)
              != NULL);
    }
    CHECK(xTaskCreateStatic(supervise, "supervisor", STACK_WORDS, NULL, HIGHEST, stack, &task)
          != NULL);
    vTaskStartScheduler();
    return 1;
}
