/* A firmware on a PC: it keeps its data in a flash image file, over runs and over power cuts.
 *
 *     demo IMAGE            a run: what was kept, one more start counted, a value stored in pieces
 *     demo IMAGE --cut      a run whose power goes in the middle of a write (exit code 86)
 *     demo IMAGE --verify   what is left, compared with what must be left
 *
 * `cargo xtask demo` builds it and runs the three one after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvkv.h"
#include "nvkv_flash_posix_file.h"

#define CHIP_SIZE (64 * 1024)
#define SECTOR_SIZE (4 * 1024)
#define PROGRAM_SIZE 8
#define KEYS 64
#define NAME_SIZE 32 /* the names of this program are shorter */

#define JOURNAL_SIZE 6000 /* more than a sector */
#define PIECE 512
#define LETTER_SIZE 1500 /* several blocks: its write takes several program calls */

#define CUT_EXIT_CODE 86

static nvkv_flash_posix_file_t chip = {
    .size = CHIP_SIZE,
    .program_size = PROGRAM_SIZE,
    .sector_size = SECTOR_SIZE,
};
static kv_flash_t file; /* the chip as the driver describes it */

static uint32_t bytes_read;
static uint32_t cut_in_program; /* in which program call from now on the power goes; 0: in none */

static unsigned char ram[KV_STORE_RAM(KEYS, CHIP_SIZE / SECTOR_SIZE)];
static kv_store_t *store;

/* What a run keeps for the next one. */
typedef struct {
    uint32_t startup_bytes; /* bytes of flash read until the store was open */
    uint32_t random_value;
    uint32_t run_count;
} stats_t;

/* Prints what failed; the result is the exit code for it. */
static int failed(const char *what, int status) {
    fflush(stdout);
    fprintf(stderr, "demo: %s: %s\n", what, kv_error_name(status));
    return 1;
}

/* The contents of values, calculated from the run that writes them: so any later run knows them. */
static void fill(unsigned char *bytes, size_t size, size_t offset, uint32_t run) {
    size_t i;

    for (i = 0; i < size; i++) {
        const size_t at = offset + i;

        bytes[i] = (unsigned char)(at * 7 + (at >> 8) + run * 31);
    }
}

static uint32_t next_random(uint32_t value) {
    return value * 1664525u + 1013904223u;
}

static int counted_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    bytes_read += size;
    return file.read(context, address, buffer, size);
}

static int cut_program(void *context, uint32_t address, const void *data, uint32_t size) {
    if (cut_in_program > 0 && --cut_in_program == 0) {
        /* The power goes when half of the bytes are in the chip. Nothing after this runs. */
        (void)file.program(context, address, data, size / 2);
        _Exit(CUT_EXIT_CODE);
    }
    return file.program(context, address, data, size);
}

/* The driver's functions, with something of this program's in between. */
static kv_flash_t describe_flash(void) {
    kv_flash_t flash;

    file = nvkv_flash_posix_file(&chip);
    flash = file;
    flash.read = counted_read;
    flash.program = cut_program;
    return flash;
}

static int open_store(void) {
    const kv_flash_t flash = describe_flash();
    const kv_store_config_t config = {
        .flash = &flash,
        .keys = KEYS,
        .format = KV_FORMAT_IF_UNRECOGNISED,
    };

    return kv_store_open(&config, ram, sizeof ram, &store);
}

static void print_geometry(const char *path) {
    printf("Flash image: %s\n", path);
    printf("  size:         %6u bytes\n", (unsigned)chip.size);
    printf("  program unit: %6u bytes\n", (unsigned)chip.program_size);
    printf("  sector:       %6u bytes\n", (unsigned)chip.sector_size);
    printf("  RAM lent:     %6u bytes\n", (unsigned)sizeof ram);
}

/* The stats of the previous run; all zero before the first. */
static int load_stats(stats_t *stats) {
    size_t size = 0;
    int status = kv_store_get(store, "stats", stats, sizeof *stats, &size);

    if (status == MBED_ERROR_ITEM_NOT_FOUND) {
        memset(stats, 0, sizeof *stats);
        status = MBED_SUCCESS;
    } else if (status == MBED_SUCCESS && size != sizeof *stats) {
        status = MBED_ERROR_INVALID_SIZE;
    }
    return status;
}

static void print_previous(const stats_t *previous) {
    printf("\nPrevious run\n");
    if (previous->run_count == 0) {
        printf("  none: this image is new\n");
        return;
    }
    printf("  number:        %u\n", (unsigned)previous->run_count);
    printf("  random value:  %08X\n", (unsigned)previous->random_value);
    printf("  read at start: %u bytes\n", (unsigned)previous->startup_bytes);
}

/* Stores the journal of this run in pieces, as it would come from a sensor or a network. */
static int stream_journal(uint32_t run) {
    kv_set_handle_t handle;
    unsigned char piece[PIECE];
    size_t done = 0;
    unsigned pieces = 0;
    int status = kv_store_set_start(store, &handle, "journal", JOURNAL_SIZE, 0);

    while (status == MBED_SUCCESS && done < JOURNAL_SIZE) {
        const size_t size = JOURNAL_SIZE - done < PIECE ? JOURNAL_SIZE - done : PIECE;

        fill(piece, size, done, run);
        status = kv_store_set_add_data(store, handle, piece, size);
        done += size;
        pieces++;
    }
    if (status == MBED_SUCCESS) {
        status = kv_store_set_finalize(store, handle);
    }
    if (status == MBED_SUCCESS) {
        printf("\nJournal: %u bytes stored in %u pieces\n", (unsigned)done, pieces);
    }
    return status;
}

/* Reads a value in pieces and compares it with what `run` wrote. */
static int check_value(const char *key, size_t size, uint32_t run) {
    unsigned char found[PIECE];
    unsigned char expected[PIECE];
    size_t offset = 0;
    size_t count;

    do {
        const int status = kv_store_get_at(store, key, found, PIECE, &count, offset);

        if (status != MBED_SUCCESS) {
            return status;
        }
        fill(expected, count, offset, run);
        if (memcmp(found, expected, count) != 0) {
            return MBED_ERROR_INVALID_DATA_DETECTED;
        }
        offset += count;
    } while (count > 0);
    return offset == size ? MBED_SUCCESS : MBED_ERROR_INVALID_SIZE;
}

static int list_keys(void) {
    kv_iterator_t it;
    char name[NAME_SIZE];
    int status = kv_store_iterator_open(store, &it, NULL);

    if (status != MBED_SUCCESS) {
        return status;
    }
    printf("\nKeys\n");
    while ((status = kv_store_iterator_next(store, it, name, sizeof name)) == MBED_SUCCESS) {
        kv_info_t info;

        status = kv_store_get_info(store, name, &info);
        if (status != MBED_SUCCESS) {
            break;
        }
        printf("  %-12s %5u bytes\n", name, (unsigned)info.size);
    }
    (void)kv_store_iterator_close(store, it);
    return status == MBED_ERROR_ITEM_NOT_FOUND ? MBED_SUCCESS : status;
}

static int print_store(void) {
    kv_stats_t stats;
    const int status = kv_store_stats(store, &stats);

    if (status == MBED_SUCCESS) {
        printf("\nStore: %u keys, room for a value of %u bytes, sectors erased %u to %u times\n",
               (unsigned)stats.keys, (unsigned)stats.largest_value, (unsigned)stats.erase_min,
               (unsigned)stats.erase_max);
    }
    return status;
}

/* The letter is the value that --cut is writing when the power goes. Normal runs write it too, so
 * that there is an old one to keep. Runs with --cut write that of the next run. */
static int set_letter(uint32_t run) {
    static unsigned char letter[LETTER_SIZE];

    fill(letter, sizeof letter, 0, run);
    return kv_store_set(store, "letter", letter, sizeof letter, 0);
}

static int run_normally(const char *path) {
    const uint32_t startup_bytes = bytes_read;
    stats_t stats;
    int status = load_stats(&stats);

    if (status != MBED_SUCCESS) {
        return failed("reading the previous run", status);
    }
    print_geometry(path);
    print_previous(&stats);

    stats.startup_bytes = startup_bytes;
    stats.random_value = next_random(stats.random_value);
    stats.run_count++;
    status = kv_store_set(store, "stats", &stats, sizeof stats, 0);
    if (status != MBED_SUCCESS) {
        return failed("storing this run", status);
    }
    printf("\nThis run\n  random value:  %08X\n  read at start: %u bytes\n",
           (unsigned)stats.random_value, (unsigned)stats.startup_bytes);
    printf("Run count: %u\n", (unsigned)stats.run_count);

    status = stream_journal(stats.run_count);
    if (status == MBED_SUCCESS) {
        status = check_value("journal", JOURNAL_SIZE, stats.run_count);
    }
    if (status != MBED_SUCCESS) {
        return failed("the journal", status);
    }
    status = set_letter(stats.run_count);
    if (status == MBED_SUCCESS) {
        status = list_keys();
    }
    if (status == MBED_SUCCESS) {
        status = print_store();
    }
    return status == MBED_SUCCESS ? 0 : failed("the store", status);
}

/* Ends in cut_program, in the middle of a program call. */
static int run_until_cut(void) {
    stats_t stats;
    int status = load_stats(&stats);

    if (status == MBED_SUCCESS) {
        status = kv_store_set(store, "cut in run", &stats.run_count, sizeof stats.run_count, 0);
    }
    if (status != MBED_SUCCESS) {
        return failed("before the cut", status);
    }
    /* Another program call each time: the first, the second or the third. */
    cut_in_program = 1 + stats.run_count % 3;
    printf("Writing a letter of %u bytes; the power goes in program call %u of it\n", LETTER_SIZE,
           (unsigned)cut_in_program);
    fflush(stdout);

    status = set_letter(stats.run_count + 1);
    return failed("the power did not go", status);
}

/* One line of the verification; what is not as it must be counts. */
static unsigned verdict(const char *what, int status) {
    printf("  %-28s %s\n", what, status == MBED_SUCCESS ? "whole" : kv_error_name(status));
    return status != MBED_SUCCESS;
}

static int run_verification(void) {
    stats_t stats;
    uint32_t cut_in_run = 0;
    unsigned lost = 0;
    int status = load_stats(&stats);

    printf("After the power cut\n");
    lost += verdict("statistics of the last run", status);
    lost += verdict("journal", check_value("journal", JOURNAL_SIZE, stats.run_count));

    status = kv_store_get(store, "cut in run", &cut_in_run, sizeof cut_in_run, NULL);
    if (status == MBED_SUCCESS && cut_in_run != stats.run_count) {
        status = MBED_ERROR_INVALID_DATA_DETECTED;
    }
    lost += verdict("last value before the cut", status);

    status = check_value("letter", LETTER_SIZE, stats.run_count);
    if (status == MBED_SUCCESS) {
        lost += verdict("letter (the old one)", status);
    } else {
        status = check_value("letter", LETTER_SIZE, stats.run_count + 1);
        lost += verdict("letter (the new one)", status);
    }
    lost += verdict("all checks of the store", kv_store_check(store, NULL));
    if (lost > 0) {
        fprintf(stderr, "demo: %u of 5 are not as they must be\n", lost);
        return 1;
    }
    printf("Run %u and all it stored is there\n", (unsigned)stats.run_count);
    return 0;
}

int main(int argc, char **argv) {
    const char *const mode = argc == 3 ? argv[2] : "";
    int result;
    int status;

    if (argc < 2 || argc > 3
        || (*mode != '\0' && strcmp(mode, "--cut") != 0 && strcmp(mode, "--verify") != 0)) {
        fprintf(stderr, "usage: demo IMAGE [--cut | --verify]\n");
        return 2;
    }
    if (nvkv_flash_posix_file_open(&chip, argv[1]) != 0) {
        fprintf(stderr, "demo: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    status = open_store();
    if (status != MBED_SUCCESS) {
        return failed("opening the store", status);
    }
    if (strcmp(mode, "--cut") == 0) {
        result = run_until_cut();
    } else if (strcmp(mode, "--verify") == 0) {
        result = run_verification();
    } else {
        result = run_normally(argv[1]);
    }
    status = kv_store_close(store);
    if (status != MBED_SUCCESS) {
        result = failed("closing the store", status);
    }
    if (nvkv_flash_posix_file_close(&chip) != 0) {
        fprintf(stderr, "demo: %s: %s\n", argv[1], strerror(errno));
        result = 1;
    }
    return result;
}
