/* Threads that share a store: `threads KIND API [SCENARIO]`, with a kind of lock and a way to the
 * store as their names below say; without a scenario, all that are for this kind. */
#define _GNU_SOURCE

#include "threads.h"

#include <sched.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 150

static const unsigned char zeros[2000];

/* Keys of its own, and one that all write. */
static void *mixed_work(void *context) {
    const unsigned number = *(const unsigned *)context;
    char key[32], found_key[32];
    unsigned i, found;
    kv_set_handle_t handle;
    kv_iterator_t it;
    int status;

    for (i = 0; i < ROUNDS; i++) {
        sprintf(key, "t%u-%u", number, i % 3);
        if (i % 8 == 0) {
            OK(api.start(&handle, key, sizeof i));
            OK(api.add(handle, &i, 2));
            OK(api.add(handle, (const char *)&i + 2, sizeof i - 2));
            OK(api.finalize(handle));
        } else {
            OK(api.set(key, &i, sizeof i));
        }
        OK(api.get(key, &found, sizeof found, NULL));
        CHECK(found == i);
        OK(api.set("common", &number, sizeof number));
        OK(api.get("common", &found, sizeof found, NULL));
        CHECK(found < THREADS);
        sprintf(key, "t%u", number);
        OK(api.open(&it, key));
        OK(api.next(it, found_key, sizeof found_key));
        CHECK(strncmp(found_key, key, strlen(key)) == 0);
        OK(api.close(it));
        if (i % 5 == 0) {
            sprintf(key, "t%u-%u", number, i % 3);
            OK(api.remove(key));
            status = api.exists(key);
            CHECK(status == NOT_FOUND);
        }
    }
    return NULL;
}

static void mixed(void) {
    pthread_t ids[THREADS];
    unsigned numbers[THREADS], i;

    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ids[i] = begin(mixed_work, &numbers[i]);
    }
    for (i = 0; i < THREADS; i++) {
        join(ids[i]);
    }
}

/* Steps: 1 the first streams, 2 the second is about to, 3 it has started, 4 it has ended. */
static void *second_writer(void *context) {
    kv_set_handle_t handle;

    (void)context;
    await(1);
    reach(2);
    handle = begin_value("key", "second");
    reach(3);
    end_value(handle, "second");
    reach(4);
    return NULL;
}

/* A second writer waits for the first; readers and iterators go on. */
static void two_streams(void) {
    kv_set_handle_t handle;
    kv_iterator_t it;
    pthread_t second;
    char key[16];

    OK(api.set("key", "old", 3));
    OK(api.set("other", "o", 1));
    second = begin(second_writer, NULL);
    handle = begin_value("key", "first");
    reach(1);
    await(2);
    pause_ms(60);
    CHECK(reached() == 2);
    value_is("key", "old");
    OK(api.exists("other"));
    OK(api.open(&it, "ke"));
    OK(api.next(it, key, sizeof key));
    CHECK(strcmp(key, "key") == 0);
    EXPECT(NOT_FOUND, api.next(it, key, sizeof key));
    OK(api.close(it));
    CHECK(reached() == 2);
    end_value(handle, "first");
    join(second);
    value_is("key", "second");
}

/* Step 1: the stream is open; 2: it was read beside it; `kind` SINGLE: reading waits. */
static void *reader(void *context) {
    kv_iterator_t it;
    char key[16];

    (void)context;
    await(1);
    value_is("key", "old");
    OK(api.open(&it, NULL));
    while (api.next(it, key, sizeof key) == MBED_SUCCESS) {
    }
    OK(api.close(it));
    reach(2);
    return NULL;
}

static void other_readers(void) {
    kv_set_handle_t handle;
    pthread_t id;

    OK(api.set("key", "old", 3));
    id = begin(reader, NULL);
    handle = begin_value("other", "value");
    reach(1);
    if (kind == SINGLE) {
        pause_ms(60);
        CHECK(reached() == 1);
    } else {
        await(2);
    }
    end_value(handle, "value");
    join(id);
}

static void *write_once(void *context) {
    OK(api.set("written", context, 1));
    reach(reached() + 1);
    return NULL;
}

/* Another thread can write: no mutex is held once too often. */
static void others_can_write(void) {
    const int before = reached();
    pthread_t id = begin(write_once, "w");

    await(before + 1);
    join(id);
}

/* The thread that streams writes something else: its stream is dropped, the call proceeds. */
static void own_write(void) {
    kv_set_handle_t handle, next;

    handle = begin_value("key", "dropped");
    OK(api.set("key", "set", 3));
    EXPECT(INVALID_ARGUMENT, api.finalize(handle));
    others_can_write();

    handle = begin_value("key", "dropped");
    next = begin_value("key", "next");
    EXPECT(INVALID_ARGUMENT, api.add(handle, "d", 1));
    end_value(next, "next");
    value_is("key", "next");
    others_can_write();

    handle = begin_value("key", "dropped");
    CHECK(api.start(&next, "key", 1 << 20) != MBED_SUCCESS);
    others_can_write();

    handle = begin_value("key", "dropped");
    OK(kv_store_maintain(store, 1) < 0);
    others_can_write();

    handle = begin_value("key", "dropped");
    OK(api.abort(handle));
    others_can_write();

    handle = begin_value("key", "dropped");
    EXPECT(INVALID_SIZE, api.finalize(handle));
    others_can_write();

    chip.program_result = -1;
    handle = NULL;
    CHECK(api.start(&handle, "key", 2000) != MBED_SUCCESS
          || api.add(handle, zeros, 2000) != MBED_SUCCESS
          || api.finalize(handle) != MBED_SUCCESS);
    chip.program_result = 0;
    EXPECT(INVALID_ARGUMENT, api.abort(handle));
    store_restart();
    others_can_write();
    value_is("key", "next");
}

static kv_set_handle_t left_open;

static void *dies(void *context) {
    left_open = begin_value("key", context);
    reach(1);
    return NULL;
}

static void *waits_for_the_dead(void *context) {
    reach(2);
    OK(api.set("key", context, 1));
    reach(3);
    return NULL;
}

/* A thread ends in the middle of its stream, and another drops that. */
static void dead_writer(void) {
    pthread_t id;

    OK(api.set("key", "old", 3));
    join(begin(dies, "unfinished"));
    value_is("key", "old");
    if (kind == SPIN) {
        id = begin(waits_for_the_dead, "w");
        await(2);
        pause_ms(30);
        CHECK(reached() == 2);
        OK(api.abort(left_open));
        join(id);
    } else {
        OK(api.abort(left_open));
    }
    EXPECT(INVALID_ARGUMENT, api.abort(left_open));
    EXPECT(INVALID_ARGUMENT, api.finalize(left_open));
    OK(api.set("key", "after", 5));
    others_can_write();
    end_value(begin_value("key", "stream"), "stream");
    others_can_write();
    value_is("key", "stream");

    /* Closing does the same. */
    reset_steps();
    join(begin(dies, "unfinished"));
    store_restart();
    EXPECT(INVALID_ARGUMENT, api.finalize(left_open));
    value_is("key", "stream");
    others_can_write();
}

static void *refused_beside_a_stream(void *context) {
    kv_set_handle_t handle;

    (void)context;
    EXPECT(IN_USE, api.set("key", "x", 1));
    EXPECT(IN_USE, api.start(&handle, "key", 1));
    EXPECT(IN_USE, kv_store_maintain(store, 1));
    EXPECT(IN_USE, kv_store_reset(store));
    OK(api.exists("key"));
    return NULL;
}

/* With a mutex that stays with the dead thread: nobody waits for it any more, and who meets
 * another's stream is refused instead. */
static void lost_mutex(void) {
    kv_set_handle_t handle;

    OK(api.set("key", "old", 3));
    join(begin(dies, "unfinished"));
    OK(api.abort(left_open));
    handle = begin_value("key", "value");
    join(begin(refused_beside_a_stream, NULL));
    end_value(handle, "value");
    others_can_write();
    value_is("key", "value");
    store_restart();
    reset_steps();
    two_streams();
}

/* With a mutex that notices, whoever writes next drops the stream, and one who waits already. */
static void noticed_death(void) {
    kv_set_handle_t handle;

    OK(api.set("key", "old", 3));
    join(begin(dies, "unfinished"));
    OK(api.set("other", "v", 1));
    EXPECT(INVALID_ARGUMENT, api.finalize(left_open));
    others_can_write();
    value_is("key", "old");

    reset_steps();
    join(begin(dies, "unfinished"));
    handle = begin_value("key", "taken over");
    EXPECT(INVALID_ARGUMENT, api.abort(left_open));
    end_value(handle, "taken over");
    value_is("key", "taken over");
    reset_steps();
    two_streams();
}

static void *streams_on(void *context) {
    kv_set_handle_t handle = begin_value("key", context);

    left_open = handle;
    reach(1);
    await(2);
    EXPECT(INVALID_ARGUMENT, api.add(handle, "x", 1));
    reach(3);
    await(4);
    return NULL;
}

/* A stream is dropped by another thread, and its own comes back to it. */
static void dropped_by_another(void) {
    pthread_t id = begin(streams_on, "unfinished");

    await(1);
    OK(api.abort(left_open));
    reach(2);
    await(3);
    others_can_write();
    join(id);
    reset_steps();
    two_streams();
}

static void *writes_when_closed(void *context) {
    int status;

    reach(1);
    status = api.set("key", context, 1);
    /* kv_detach drops the value before kv_store_close does: then it may come first. */
    CHECK(status == NOT_READY || (by_paths && (status == MBED_SUCCESS || status == NOT_FOUND)));
    return NULL;
}

/* The store is closed while another thread waits for it. */
static void closed_beneath(void) {
    pthread_t id;

    OK(api.set("key", "old", 3));
    (void)begin_value("key", "unfinished");
    id = begin(writes_when_closed, "w");
    await(1);
    pause_ms(30);
    store_close();
    join(id);
    store_open();
    if (!by_paths) {
        value_is("key", "old");
    }
}

static void call_back(void *context) {
    kv_set_handle_t handle;
    kv_iterator_t it;

    ++*(unsigned *)context;
    EXPECT(IN_USE, api.set("key", "v", 1));
    EXPECT(IN_USE, api.start(&handle, "key", 1));
    EXPECT(IN_USE, api.exists("key"));
    EXPECT(IN_USE, api.open(&it, NULL));
    EXPECT(IN_USE, kv_store_maintain(store, 1));
    EXPECT(IN_USE, kv_store_close(store));
}

static void *writes_on(void *context) {
    unsigned i;

    for (i = 0; i < 300; i++) {
        int status = api.set("busy", &i, sizeof i);

        CHECK(status == MBED_SUCCESS || (kind == NONE && status == IN_USE));
    }
    reach(1);
    return context;
}

/* A flash function calls back: refused, and nobody waits for ever, not even where a writer waits
 * for the very call that it comes out of. */
static void reentry(void) {
    unsigned calls = 0;
    pthread_t id;

    OK(api.set("key", "value", 5));
    chip.meanwhile = call_back;
    chip.meanwhile_context = &calls;
    id = begin(writes_on, NULL);
    while (reached() < 1) {
        int status = kv_store_check(store, NULL);

        CHECK(status == MBED_SUCCESS || (kind == NONE && status == IN_USE));
    }
    join(id);
    chip.meanwhile = NULL;
    /* Without locks most of the two threads' calls are refused before they reach the flash. */
    CHECK(calls > (kind == NONE ? 0 : 300));
}

static int turn;

static void *in_turn_work(void *context) {
    const int own = *(const int *)context;
    int i;

    for (i = own; i < 20; i += 2) {
        while (__atomic_load_n(&turn, __ATOMIC_RELAXED) != i) {
            pause_ms(1);
        }
        OK(api.set("key", &i, sizeof i));
        __atomic_store_n(&turn, i + 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

/* Two threads, never at once, in an order that says nothing of their memory: all that they see of
 * each other is what the locks hand on. Without locks it works by luck, and a tool that looks for
 * races finds one. */
static void in_turn(void) {
    int numbers[2] = {0, 1};
    pthread_t first = begin(in_turn_work, &numbers[0]);
    pthread_t second = begin(in_turn_work, &numbers[1]);

    join(first);
    join(second);
}

static void *contend(void *context) {
    unsigned i, found;

    (void)context;
    for (i = 0; reached() < 2; i++) {
        OK(api.get("progress", &found, sizeof found, NULL));
        if (i % 16 == 0) {
            OK(api.set("urgent", &i, sizeof i));
        }
        pause_ms(1);
    }
    return NULL;
}

/* Pins this thread to one processor; those it starts stay there, too. */
static void one_processor(void) {
#ifdef __linux__
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(0, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) {
        puts("contender: on any processor");
    }
#endif
}

/* One that comes before all others, on the one processor: with mutexes the others get on. */
static void contender(void) {
    struct sched_param priority = {0};
    kv_set_handle_t handle;
    unsigned i = 0;
    pthread_t id;

    if (kind != SPIN) {
        one_processor();
    }
    OK(api.set("progress", &i, sizeof i));
    id = begin(contend, NULL);
    priority.sched_priority = sched_get_priority_min(SCHED_FIFO);
    if (pthread_setschedparam(id, SCHED_FIFO, &priority) != 0) {
        puts("contender: no permission for a higher priority; it ran with the same one");
    }
    for (i = 1; i <= 100; i++) {
        OK(api.start(&handle, "progress", sizeof i));
        OK(api.add(handle, &i, 1));
        OK(api.add(handle, (const char *)&i + 1, sizeof i - 1));
        OK(api.finalize(handle));
    }
    reach(2);
    join(id);
}

/* Steps: 1 the flash is at work, 2 it may go on. */
static void slow_flash(void *context) {
    (void)context;
    chip.meanwhile = NULL;
    reach(1);
    await(2);
}

static void *slow_write(void *context) {
    OK(api.set("slow", context, 1));
    return NULL;
}

/* No lock: who meets a call in progress is refused, whatever it wants. */
static void refused(void) {
    kv_set_handle_t handle;
    kv_iterator_t it, opened;
    kv_stats_t stats;
    char buffer[8];
    pthread_t id;

    OK(api.set("key", "value", 5));
    OK(api.open(&opened, NULL));
    chip.meanwhile = slow_flash;
    id = begin(slow_write, "s");
    await(1);
    EXPECT(IN_USE, api.set("key", "x", 1));
    EXPECT(IN_USE, api.get("key", buffer, sizeof buffer, NULL));
    EXPECT(IN_USE, api.exists("key"));
    EXPECT(IN_USE, api.remove("key"));
    EXPECT(IN_USE, api.start(&handle, "key", 1));
    EXPECT(IN_USE, api.open(&it, NULL));
    EXPECT(IN_USE, api.next(opened, buffer, sizeof buffer));
    EXPECT(IN_USE, api.close(opened));
    EXPECT(IN_USE, kv_store_reset(store));
    EXPECT(IN_USE, kv_store_stats(store, &stats));
    EXPECT(IN_USE, kv_store_check(store, NULL));
    EXPECT(IN_USE, kv_store_close(store));
    reach(2);
    join(id);
    value_is("key", "value");
    value_is("slow", "s");
    OK(api.close(opened));
}

static void *hammer(void *context) {
    char key[16], value[32], found[32];
    unsigned i;
    int status;
    kv_set_handle_t handle;
    size_t size;

    sprintf(key, "t%u", *(const unsigned *)context);
    for (i = 0; i < 400; i++) {
        sprintf(value, "%s=%u", key, i);
        do {
            status = api.set(key, value, strlen(value));
        } while (status == IN_USE);
        OK(status);
        do {
            status = api.get(key, found, sizeof found, &size);
        } while (status == IN_USE);
        OK(status);
        CHECK(size == strlen(value) && memcmp(found, value, size) == 0);
        if (i % 4 == 0 && api.start(&handle, "common", 1) == MBED_SUCCESS) {
            /* Any other write may have dropped it. */
            status = api.add(handle, "x", 1);
            CHECK(status == MBED_SUCCESS || status == IN_USE || status == INVALID_ARGUMENT
                  || status == INVALID_SIZE);
            status = api.finalize(handle);
            CHECK(status == MBED_SUCCESS || status == IN_USE || status == INVALID_ARGUMENT
                  || status == INVALID_SIZE);
        }
    }
    return NULL;
}

/* No lock, and threads all the same: nothing breaks. */
static void nothing_breaks(void) {
    pthread_t ids[THREADS];
    unsigned numbers[THREADS], i;

    for (i = 0; i < THREADS; i++) {
        numbers[i] = i;
        ids[i] = begin(hammer, &numbers[i]);
    }
    for (i = 0; i < THREADS; i++) {
        join(ids[i]);
    }
}

#define ALL (1 << MUTEX | 1 << ROBUST | 1 << SPIN)

static const struct {
    const char *name;
    void (*run)(void);
    int kinds; /* that have it when no scenario is named */
} scenarios[] = {
    {"in_turn", in_turn, ALL | 1 << SINGLE | 1 << NONE},
    {"mixed", mixed, ALL | 1 << SINGLE},
    {"two_streams", two_streams, ALL},
    {"other_readers", other_readers, ALL | 1 << SINGLE},
    {"own_write", own_write, ALL | 1 << SINGLE},
    {"dead_writer", dead_writer, 1 << MUTEX | 1 << SPIN},
    {"lost_mutex", lost_mutex, 1 << MUTEX},
    {"noticed_death", noticed_death, 1 << ROBUST},
    {"dropped_by_another", dropped_by_another, ALL},
    {"closed_beneath", closed_beneath, ALL | 1 << SINGLE},
    {"reentry", reentry, ALL | 1 << SINGLE | 1 << NONE},
    {"contender", contender, ALL},
    {"refused", refused, 1 << NONE},
    {"nothing_breaks", nothing_breaks, 1 << NONE},
};

int main(int count, char **arguments) {
    static const char *const kinds[KINDS] = {"mutex", "robust", "spin", "single",
                                             "none", "unlocked", "half"};
    const char *scenario = count > 3 ? arguments[3] : NULL;
    unsigned ran = 0, i;

    CHECK(count > 2);
    alarm(240); /* who waits for ever fails */
    while (kind < KINDS && strcmp(arguments[1], kinds[kind]) != 0) {
        kind++;
    }
    CHECK(kind < KINDS);
    for (i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        if (scenario != NULL ? strcmp(scenario, scenarios[i].name) == 0
                             : (scenarios[i].kinds >> kind & 1) == 1) {
            store_begin(strcmp(arguments[2], "paths") == 0);
            scenarios[i].run();
            store_end();
            ran++;
        }
    }
    printf("%u scenarios\n", ran);
    return ran == 0;
}
