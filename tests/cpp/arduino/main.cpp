// Runs a sketch on a flash like that of a Portenta H7, which is kept in a file between runs: the
// first argument.
#include "Arduino.h"
#include "FlashIAP.h"
#include "chip.h"

SerialPort Serial;

namespace {

const uint32_t START = 0x08000000, SECTOR = 128 * 1024, SECTORS = 16;

chip_t *chip() {
    static chip_t flash;
    if (flash.bytes == NULL) {
        chip_new(&flash, SECTORS, SECTOR, 32);
    }
    return &flash;
}

void move(const char *path, const char *mode) {
    FILE *const file = fopen(path, mode);
    if (file == NULL) {
        return;
    }
    unsigned char *const parts[] = {chip()->bytes, chip()->programmed};
    for (unsigned char *part : parts) {
        const size_t size = SECTORS * SECTOR;
        const size_t done =
            mode[0] == 'r' ? fread(part, 1, size, file) : fwrite(part, 1, size, file);
        if (done != size) {
            fprintf(stderr, "%s: too short\n", path);
            exit(1);
        }
    }
    fclose(file);
}

} // namespace

// A program of 500 KiB is before it.
extern "C" const nvkv_internal_flash_t *nvkv_internal_flash(void) {
    static const nvkv_internal_flash_t flash = {&chip()->flash, START, START + 500 * 1024};
    return &flash;
}

int main(int argc, char **argv) {
    if (argc > 1) {
        move(argv[1], "rb");
    }
    setup();
    loop();
    if (argc > 1) {
        move(argv[1], "wb");
    }
    return 0;
}
