#include "nor.h"

void nor_clear(nor_t *nor) {
    uint32_t i;

    for (i = 0; i < nor->size; i++) {
        ((volatile unsigned char *)nor->bytes)[i] = 0xFF;
    }
    for (i = 0; i <= nor->size / nor->program_size / 8; i++) {
        ((volatile unsigned char *)nor->programmed)[i] = 0;
    }
    nor->cut = 0;
    nor->is_off = 0;
    nor->breaches = 0;
}

kv_flash_t nor_describe(nor_t *nor) {
    const kv_flash_t flash = {
        .context = nor,
        .read = nor_read,
        .program = nor_program,
        .erase = nor_erase,
        .size = nor->size,
        .program_size = nor->program_size,
        .sector_size = nor->sector_size,
    };

    return flash;
}

/* The volatile accesses below keep the compiler from calling memcpy and memset. */

int nor_read(void *context, uint32_t address, void *buffer, uint32_t size) {
    nor_t *nor = context;
    volatile unsigned char *to = buffer;
    uint32_t i;

    if (nor->is_off || address > nor->size || size > nor->size - address) {
        nor->breaches += !nor->is_off;
        return -1;
    }
    for (i = 0; i < size; i++) {
        to[i] = nor->bytes[address + i];
    }
    return 0;
}

int nor_program(void *context, uint32_t address, const void *data, uint32_t size) {
    nor_t *nor = context;
    const unsigned char *from = data;
    uint32_t mask = nor->program_size - 1;
    uint32_t i, unit;

    if (nor->is_off) {
        return -1;
    }
    if (address > nor->size || size > nor->size - address || ((address | size) & mask) != 0
        || size > 1024 || (uintptr_t)data % 4 != 0) {
        nor->breaches++;
        return -1;
    }
    if (nor->cut != 0 && --nor->cut == 0) {
        nor->is_off = 1;
        size /= 2;
    }
    for (i = 0; i < size; i++) {
        unit = (address + i) / nor->program_size;
        if (((address + i) & mask) == 0) {
            nor->breaches += nor->programmed[unit / 8] >> unit % 8 & 1;
            nor->programmed[unit / 8] |= (unsigned char)(1u << unit % 8);
        }
        ((volatile unsigned char *)nor->bytes)[address + i] &= from[i];
    }
    return nor->is_off ? -1 : 0;
}

int nor_erase(void *context, uint32_t address, uint32_t size) {
    nor_t *nor = context;
    uint32_t i, unit;

    if (nor->is_off) {
        return -1;
    }
    if (size != nor->sector_size || (address & (size - 1)) != 0 || address > nor->size - size) {
        nor->breaches++;
        return -1;
    }
    if (nor->cut != 0 && --nor->cut == 0) {
        nor->is_off = 1;
        size /= 2;
    }
    for (i = 0; i < size; i++) {
        ((volatile unsigned char *)nor->bytes)[address + i] = 0xFF;
        unit = (address + i) / nor->program_size;
        ((volatile unsigned char *)nor->programmed)[unit / 8] &= (unsigned char)~(1u << unit % 8);
    }
    return nor->is_off ? -1 : 0;
}
