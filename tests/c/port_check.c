/* ports/flash/nvkv_flash_check.c: good drivers pass, and each kind of mistake is found. */
#include "chip.h"
#include "check.h"
#include "nvkv_flash_check.h"

static chip_t chip;
static kv_flash_t flash;

/* Mistakes that drivers have. */
static int plus_four(void *context, uint32_t address, void *buffer, uint32_t size) {
    return chip.flash.read(context, address + 4 < chip.flash.size - size ? address + 4 : address,
                           buffer, size);
}

static int program_one_less(void *context, uint32_t address, const void *data, uint32_t size) {
    return size > 4 ? chip.flash.program(context, address, data, size - 4) : 0;
}

/* Goes on at the beginning of a page of 256 bytes. */
static int wraps_in_page(void *context, uint32_t address, const void *data, uint32_t size) {
    uint32_t i;

    (void)context;
    for (i = 0; i < size; i++) {
        chip.bytes[address / 256 * 256 + (address + i) % 256] = ((const unsigned char *)data)[i];
    }
    return 0;
}

static int no_program(void *context, uint32_t address, const void *data, uint32_t size) {
    (void)context;
    (void)address;
    (void)data;
    (void)size;
    return 0;
}

static int no_erase(void *context, uint32_t address, uint32_t size) {
    (void)context;
    (void)address;
    (void)size;
    return 0;
}

static int erases_two(void *context, uint32_t address, uint32_t size) {
    const uint32_t next = address + size < chip.flash.size ? address + size : 0;

    return chip.flash.erase(context, address, size) | chip.flash.erase(context, next, size);
}

static int erases_the_first(void *context, uint32_t address, uint32_t size) {
    (void)address;
    return chip.flash.erase(context, 0, size);
}

/* The last of 64 KiB is elsewhere: an address of 16 bits, once too short. */
static int short_address(void *context, uint32_t address, void *buffer, uint32_t size) {
    return chip.flash.read(context, address & 0x7FFF, buffer, size);
}

/* A cache that nobody tells of programs and erases. */
static unsigned char cached[64 * 1024], is_cached[64 * 1024];

static int stale_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    unsigned char *to = buffer;
    uint32_t i;

    (void)context;
    for (i = 0; i < size; i++) {
        if (!is_cached[address + i]) {
            is_cached[address + i] = 1;
            cached[address + i] = chip.bytes[address + i];
        }
        to[i] = cached[address + i];
    }
    return 0;
}

static int reads_nothing(void *context, uint32_t address, void *buffer, uint32_t size) {
    (void)context;
    (void)address;
    (void)buffer;
    (void)size;
    return 0;
}

static uint32_t sizes_too_large(void *context, uint32_t address) {
    (void)context;
    return address < 4096 ? 4096 : 64 * 1024;
}

static void fresh(void) {
    chip_free(&chip);
    chip_new(&chip, 16, 4096, 4);
    flash = chip.flash;
}

/* The flash with the mistake in it must be found wrong, by this word. */
static void finds(const char *word) {
    const char *wrong = nvkv_flash_check(&flash);

    if (wrong == NULL || strstr(wrong, word) == NULL) {
        fprintf(stderr, "found: %s; not: %s\n", wrong == NULL ? "nothing" : wrong, word);
        exit(1);
    }
    fresh();
}

static void good(void) {
    static const uint32_t units[] = {1, 2, 8, 32, 256, 1024};
    unsigned i;

    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        chip_free(&chip);
        chip_new(&chip, 3, 16384, units[i]);
        chip.flash.read_size = i % 2 == 0 ? 1 : 16;
        chip.flash.erased = i % 3;
        chip_reshape(&chip);
        CHECK(nvkv_flash_check(&chip.flash) == NULL);
        CHECK(chip.erases == 6 && chip.syncs > 0);
    }
    chip_free(&chip);
    chip_new(&chip, 2, 4096, 4);
    CHECK(nvkv_flash_check(&chip.flash) == NULL);
    chip_free(&chip);
    chip_new(&chip, 16, 512, 1);
    chip_without_erase(&chip);
    chip.flash.sync = NULL;
    CHECK(nvkv_flash_check(&chip.flash) == NULL && chip.erases == 0 && chip.programs > 0);
}

static void wrong(void) {
    fresh();
    flash.read = plus_four;
    finds("does not read so");
    flash.read = short_address;
    finds("read");
    flash.read = stale_read;
    finds("read");
    flash.read = reads_nothing;
    finds("read");
    flash.program = program_one_less;
    finds("does not read so");
    flash.program = wraps_in_page;
    finds("does not read so");
    flash.program = no_program;
    finds("does not read so");
    flash.erase = erases_two;
    finds("does not read so");
    flash.erase = erases_the_first;
    finds("read");
    memset(chip.bytes, 0x5A, chip.flash.size);
    flash.erase = no_erase;
    finds("what was erased");
    flash.erased = KV_ERASED_00;
    finds("what was erased");
    chip.read_result = -1;
    finds("a read fails");
    chip.program_result = -1;
    finds("a program fails");
    chip.erase_result = -1;
    finds("an erase fails");
    chip.sync_result = -1;
    finds("a sync fails");
    flash.program_size = 3;
    finds("the sizes");
    flash.read = NULL;
    finds("NULL");
    flash.sector_size_at = sizes_too_large;
    finds("the s");
}

int main(void) {
    good();
    wrong();
    chip_free(&chip);
    return 0;
}
