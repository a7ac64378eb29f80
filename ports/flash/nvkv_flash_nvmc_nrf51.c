/* Owns the sequence of register accesses for the flash of an nRF51 or nRF52: chapter "Non-Volatile
 * Memory Controller" of the nRF51 Series Reference Manual, and "NVMC" of the nRF52 product
 * specifications.
 *
 * Invariant: CONFIG says "read only" whenever no function of this file runs. */
#include "nvkv_flash_nvmc_nrf51.h"

#include <string.h>

/* Offsets of the registers. */
enum { READY = 0x400, CONFIG = 0x504, ERASEPAGE = 0x508 };

/* What CONFIG allows. Write and erase must not be allowed at once. */
enum { READ_ONLY = 0, WRITE = 1, ERASE = 2 };

enum { WORD = 4, DEFAULT_PAGE = 1024, DEFAULT_POLLS = 1000000 };

static volatile uint32_t *at(const nvkv_nvmc_t *nvmc, uint32_t offset) {
    const uintptr_t registers = nvmc->registers != 0 ? nvmc->registers : NVKV_NVMC_REGISTERS;

    return (volatile uint32_t *)(registers + offset);
}

static uint32_t page_of(const nvkv_nvmc_t *nvmc) {
    return nvmc->page_size != 0 ? nvmc->page_size : DEFAULT_PAGE;
}

static int is_inside(const nvkv_nvmc_t *nvmc, uint32_t address, uint32_t size) {
    return address <= nvmc->size && size <= nvmc->size - address;
}

static int wait_until_ready(const nvkv_nvmc_t *nvmc) {
    uint32_t polls = nvmc->poll_limit != 0 ? nvmc->poll_limit : DEFAULT_POLLS;

    for (; polls > 0; polls--) {
        if ((*at(nvmc, READY) & 1) != 0) {
            return 0;
        }
    }
    return NVKV_NVMC_TIMEOUT;
}

/* The controller takes a new mode only when it is ready. */
static int allow(const nvkv_nvmc_t *nvmc, uint32_t what) {
    const int status = wait_until_ready(nvmc);

    if (status == 0) {
        *at(nvmc, CONFIG) = what;
    }
    return status == 0 ? wait_until_ready(nvmc) : status;
}

/* Whatever came before: also after an error nothing may be written by accident. */
static int forbid(const nvkv_nvmc_t *nvmc, int status) {
    const int ready = wait_until_ready(nvmc);

    *at(nvmc, CONFIG) = READ_ONLY;
    return status != 0 ? status : ready;
}

int nvkv_nvmc_describe(const nvkv_nvmc_t *nvmc, kv_flash_t *flash) {
    const uint32_t page = page_of(nvmc);

    if (page < WORD || (page & (page - 1)) != 0 || nvmc->start % page != 0 || nvmc->size == 0
        || nvmc->size % page != 0) {
        return NVKV_NVMC_RANGE;
    }
    memset(flash, 0, sizeof *flash);
    /* The functions only read it. */
    flash->context = (void *)(uintptr_t)nvmc;
    flash->read = nvkv_nvmc_read;
    flash->program = nvkv_nvmc_program;
    flash->erase = nvkv_nvmc_erase;
    flash->size = nvmc->size;
    flash->program_size = WORD;
    flash->sector_size = page;
    return 0;
}

int nvkv_nvmc_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    const nvkv_nvmc_t *nvmc = context;

    if (!is_inside(nvmc, address, size)) {
        return NVKV_NVMC_RANGE;
    }
    memcpy(buffer, (const void *)(nvmc->start + address), size);
    return 0;
}

int nvkv_nvmc_program(void *context, uint32_t address, const void *data, uint32_t size) {
    const nvkv_nvmc_t *nvmc = context;
    const unsigned char *from = data;
    uint32_t word, i;
    int status;

    if (!is_inside(nvmc, address, size) || (address | size) % WORD != 0) {
        return NVKV_NVMC_RANGE;
    }
    status = allow(nvmc, WRITE);
    for (i = 0; status == 0 && i < size; i += WORD) {
        /* In the order of memory, which is that of the processor. */
        memcpy(&word, from + i, WORD);
        *(volatile uint32_t *)(nvmc->start + address + i) = word;
        status = wait_until_ready(nvmc);
    }
    return forbid(nvmc, status);
}

int nvkv_nvmc_erase(void *context, uint32_t address, uint32_t size) {
    const nvkv_nvmc_t *nvmc = context;
    int status;

    if (!is_inside(nvmc, address, size) || size != page_of(nvmc) || address % size != 0) {
        return NVKV_NVMC_RANGE;
    }
    status = allow(nvmc, ERASE);
    if (status == 0) {
        *at(nvmc, ERASEPAGE) = (uint32_t)(nvmc->start + address);
        status = wait_until_ready(nvmc);
    }
    return forbid(nvmc, status);
}
