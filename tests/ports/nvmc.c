/* ports/flash/nvkv_flash_nvmc_nrf51.c over memory in place of the controller and its flash. What
 * the controller itself does is seen on the emulated board. */
#include "check.h"
#include "nvkv_flash_nvmc_nrf51.h"

enum { PAGE = 1024, SIZE = 4 * PAGE, READY = 0x400 / 4, CONFIG = 0x504 / 4, ERASEPAGE = 0x508 / 4 };

static uint32_t registers[0x600 / 4];

/* Room for an area that begins with a page. */
static unsigned char room[SIZE + PAGE];

static nvkv_nvmc_t described(void) {
    nvkv_nvmc_t nvmc = {0};

    nvmc.start = ((uintptr_t)room + PAGE - 1) / PAGE * PAGE;
    nvmc.size = SIZE;
    nvmc.registers = (uintptr_t)registers;
    nvmc.poll_limit = 100;
    return nvmc;
}

static void describes(void) {
    const nvkv_nvmc_t good = described();
    nvkv_nvmc_t wrong[6];
    kv_flash_t flash;
    size_t i;

    OK(nvkv_nvmc_describe(&good, &flash));
    CHECK(flash.size == SIZE && flash.sector_size == PAGE && flash.program_size == 4);
    CHECK(flash.erased == KV_ERASED_FF && flash.context == &good);
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        wrong[i] = good;
    }
    wrong[0].size = 0;
    wrong[1].size = SIZE - 4;
    wrong[2].start += 4;
    wrong[3].page_size = 1000;
    wrong[4].page_size = 2;
    wrong[5].page_size = 8192; /* more than the partition */
    for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT(NVKV_NVMC_RANGE, nvkv_nvmc_describe(&wrong[i], &flash));
    }
}

static void writes_and_reads(void) {
    const nvkv_nvmc_t nvmc = described();
    const uint32_t words[3] = {0x01020304, 0xA0B0C0D0, 0xFFFFFFFF};
    unsigned char back[10];
    kv_flash_t flash;

    memset(room, 0xEE, sizeof room);
    registers[READY] = 1;
    registers[CONFIG] = 7;
    OK(nvkv_nvmc_describe(&nvmc, &flash));
    OK(flash.program(flash.context, PAGE - 4, words, sizeof words));
    CHECK(registers[CONFIG] == 0);
    CHECK(memcmp((void *)(nvmc.start + PAGE - 4), words, sizeof words) == 0);
    CHECK(*(unsigned char *)(nvmc.start + PAGE - 5) == 0xEE);
    CHECK(*(unsigned char *)(nvmc.start + PAGE + 8) == 0xEE);
    OK(flash.read(flash.context, PAGE - 3, back, sizeof back));
    CHECK(memcmp(back, (const char *)words + 1, sizeof back) == 0);

    registers[CONFIG] = 7;
    OK(flash.erase(flash.context, 2 * PAGE, PAGE));
    CHECK(registers[ERASEPAGE] == (uint32_t)(nvmc.start + 2 * PAGE));
    CHECK(registers[CONFIG] == 0);
}

static void refuses(void) {
    const nvkv_nvmc_t nvmc = described();
    uint32_t word = 0;
    kv_flash_t flash;

    registers[READY] = 1;
    registers[CONFIG] = 7;
    registers[ERASEPAGE] = 7;
    OK(nvkv_nvmc_describe(&nvmc, &flash));
    EXPECT(NVKV_NVMC_RANGE, flash.read(flash.context, SIZE, &word, 1));
    EXPECT(NVKV_NVMC_RANGE, flash.read(flash.context, 0xFFFFFFFF, &word, 2));
    EXPECT(NVKV_NVMC_RANGE, flash.program(flash.context, SIZE, &word, 4));
    EXPECT(NVKV_NVMC_RANGE, flash.program(flash.context, 2, &word, 4));
    EXPECT(NVKV_NVMC_RANGE, flash.program(flash.context, 0, &word, 2));
    EXPECT(NVKV_NVMC_RANGE, flash.erase(flash.context, SIZE, PAGE));
    EXPECT(NVKV_NVMC_RANGE, flash.erase(flash.context, 4, PAGE));
    EXPECT(NVKV_NVMC_RANGE, flash.erase(flash.context, 0, 2 * PAGE));
    CHECK(registers[CONFIG] == 7 && registers[ERASEPAGE] == 7);
}

static void gives_up(void) {
    const nvkv_nvmc_t nvmc = described();
    uint32_t word = 0;
    kv_flash_t flash;

    memset(room, 0xEE, sizeof room);
    registers[READY] = 0;
    registers[CONFIG] = 7;
    registers[ERASEPAGE] = 7;
    OK(nvkv_nvmc_describe(&nvmc, &flash));
    EXPECT(NVKV_NVMC_TIMEOUT, flash.program(flash.context, 0, &word, 4));
    CHECK(registers[CONFIG] == 0 && *(unsigned char *)nvmc.start == 0xEE);
    EXPECT(NVKV_NVMC_TIMEOUT, flash.erase(flash.context, 0, PAGE));
    CHECK(registers[CONFIG] == 0 && registers[ERASEPAGE] == 7);
}

int main(void) {
    describes();
    writes_and_reads();
    refuses();
    gives_up();
    return 0;
}
