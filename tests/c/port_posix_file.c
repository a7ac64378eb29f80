/* ports/flash/nvkv_flash_posix_file.c: keeps what is stored, behaves as NOR flash, and lets neither
 * another chip's file nor another process in. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "nvkv_flash_posix_file.h"

#define SIZE (32 * 1024)

static char path[64];
static nvkv_flash_posix_file_t chip = {.size = SIZE, .program_size = 8, .sector_size = 4096};
static unsigned char ram[KV_STORE_RAM(20, 8)];

static void rules_of_nor(void) {
    static const unsigned char first[8] = {0xF0, 0xFF, 0x0F}, second[8] = {0x3C, 0xFF, 0xFF};
    const kv_flash_t flash = nvkv_flash_posix_file(&chip);
    unsigned char found[8];

    CHECK(flash.size == SIZE && flash.program_size == 8 && flash.sector_size == 4096);
    CHECK(flash.read(flash.context, SIZE - 8, found, 8) == 0 && found[7] == 0xFF);
    CHECK(flash.program(flash.context, 4096, first, 8) == 0);
    CHECK(flash.program(flash.context, 4096, second, 8) == 0);
    CHECK(flash.read(flash.context, 4096, found, 8) == 0);
    CHECK(found[0] == 0x30 && found[1] == 0xFF && found[2] == 0x0F);
    CHECK(flash.erase(flash.context, 4096, 4096) == 0);
    CHECK(flash.read(flash.context, 4096, found, 8) == 0 && found[0] == 0xFF);
    CHECK(flash.sync(flash.context) == 0);

    CHECK(flash.read(flash.context, SIZE - 4, found, 8) != 0);
    CHECK(flash.program(flash.context, SIZE, first, 8) != 0);
    CHECK(flash.program(flash.context, 0xFFFFFFF8, first, 8) != 0);
    CHECK(flash.erase(flash.context, SIZE, 4096) != 0);
}

/* Counts its runs, as a program would. */
static unsigned run_once(void) {
    const kv_flash_t flash = nvkv_flash_posix_file(&chip);
    kv_store_config_t config = {.keys = 20, .format = KV_FORMAT_IF_UNRECOGNISED};
    kv_store_t *store;
    unsigned runs = 0;
    int status;

    config.flash = &flash;
    OK(kv_store_open(&config, ram, sizeof ram, &store));
    status = kv_store_get(store, "runs", &runs, sizeof runs, NULL);
    CHECK(status == MBED_SUCCESS || status == NOT_FOUND);
    runs++;
    OK(kv_store_set(store, "runs", &runs, sizeof runs, 0));
    OK(kv_store_close(store));
    return runs;
}

/* A process that has it open, and is killed in the middle of its work. */
static void another_process(void) {
    const unsigned before = run_once();
    int status = 0;
    pid_t child;

    CHECK(nvkv_flash_posix_file_close(&chip) == 0 && chip.file < 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (nvkv_flash_posix_file_open(&chip, path) == 0) {
            (void)run_once();
            (void)kill(getpid(), 9);
        }
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    CHECK(nvkv_flash_posix_file_open(&chip, path) == 0);
    CHECK(run_once() == before + 2);

    /* While it is open here, it is not to be had there. */
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        nvkv_flash_posix_file_t other = chip;
        const int result = nvkv_flash_posix_file_open(&other, path);

        _exit(result == -1 && (errno == EACCES || errno == EAGAIN) ? 7 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(run_once() == before + 3);
}

static void other_files(void) {
    nvkv_flash_posix_file_t larger = chip;
    struct stat found;

    larger.size = 2 * SIZE;
    CHECK(nvkv_flash_posix_file_open(&larger, path) == -1 && errno == EINVAL && larger.file < 0);
    CHECK(stat(path, &found) == 0 && found.st_size == SIZE);
    CHECK(nvkv_flash_posix_file_open(&larger, "/no/such/folder/x") == -1 && errno == ENOENT);
}

int main(void) {
    sprintf(path, "/tmp/nvkv-port-%ld.img", (long)getpid());
    (void)unlink(path);
    CHECK(nvkv_flash_posix_file_open(&chip, path) == 0);
    rules_of_nor();
    CHECK(run_once() == 1 && run_once() == 2);
    another_process();
    CHECK(nvkv_flash_posix_file_close(&chip) == 0);
    other_files();
    CHECK(unlink(path) == 0);
    return 0;
}
