// nvkv.h alone, first and twice: what a C++ program sees of it.
#include "nvkv.h"
#include "nvkv.h"

namespace {

alignas(1) unsigned char ram[KV_STORE_RAM(100, 16)];
static_assert(sizeof ram > 100 * 5 + 16 * 8, "a constant expression");
static_assert(KV_STORE_RAM_LARGE_UNIT(0, 2, 1024) > 1024, "a constant expression");
static_assert(sizeof(kv_info_t) >= sizeof(size_t) + sizeof(uint32_t), "Mbed's struct info");

int flash_read(void *, uint32_t, void *, uint32_t) {
    return 0;
}
int flash_program(void *, uint32_t, const void *, uint32_t) {
    return 0;
}

} // namespace

int main() {
    kv_flash_t flash = kv_flash_t();
    flash.read = flash_read;
    flash.program = flash_program;
    flash.size = 8192;
    kv_store_config_t config = kv_store_config_t();
    config.flash = &flash;

    kv_store_t *store = nullptr;
    const int status = kv_store_open(&config, ram, sizeof ram, &store);
    switch (status) {
    case MBED_SUCCESS:
    case MBED_ERROR_INVALID_FORMAT:
        break;
    default:
        return 1;
    }
    kv_iterator_t it = nullptr;
    return kv_store_iterator_open(store, &it, nullptr) == MBED_ERROR_NOT_READY;
}
