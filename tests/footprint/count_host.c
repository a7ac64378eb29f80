/* The workload for callgrind, which is told to write what each of its parts took. */
#include <stdio.h>

#include "config.h"
#include "nor.h"

int main(void) {
    static unsigned char bytes[256 * 1024], programmed[sizeof bytes / 8 + 1];
    static nor_t nor = {.bytes = bytes, .programmed = programmed, .size = sizeof bytes,
                        .sector_size = 4096, .program_size = 1};
    kv_flash_t flash = nor_describe(&nor);
    uint32_t wrong;

    nor_clear(&nor);
    wrong = config_fill(&flash);
    wrong += config_sets();
    wrong += config_gets();
    wrong += config_misses();
    wrong += config_mount();
    wrong += config_verify() + nor.breaches;
    printf("wrong %u\n", (unsigned)wrong);
    return wrong != 0;
}
