#include "nvkv_flash_check.h"

#include <stddef.h>

/* Most bytes of a program call. */
#define CALL 1024

/* What a program may ask for. */
#define ALIGNMENT 32

static unsigned char room[CALL + ALIGNMENT - 1], found[CALL];

/* A sector, and what it must hold: `round` 0 what an erase leaves, else the bytes of that round. */
typedef struct {
    uint32_t address;
    uint32_t size;
    uint32_t round;
} sector_t;

static uint32_t least(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t unit_of(uint32_t unit) {
    return unit != 0 ? unit : 1;
}

/* Differs from one address to the next, and from one round to the next. */
static unsigned char byte_at(uint32_t address, uint32_t round) {
    uint32_t mixed = (address + 1) * 2654435761u + round * 40503u;

    mixed ^= mixed >> 15;
    return (unsigned char)(mixed >> 8);
}

static uint32_t sector_size(const kv_flash_t *flash, uint32_t address) {
    if (flash->sector_size_at != NULL) {
        return flash->sector_size_at(flash->context, address);
    }
    /* Without erase any division serves. */
    return flash->sector_size != 0 ? flash->sector_size : CALL;
}

/* Reads `size` bytes and compares. */
static const char *compare(const kv_flash_t *flash, const sector_t *sector, uint32_t address,
                           uint32_t size) {
    const int is_unknown = flash->erase == NULL || flash->erased == KV_ERASED_UNKNOWN;
    const unsigned char erased = flash->erased == KV_ERASED_00 ? 0x00 : 0xFF;
    uint32_t i;

    for (i = 0; i < size; i++) {
        found[i] = (unsigned char)~byte_at(address + i, sector->round);
    }
    if (flash->read(flash->context, address, found, size) != 0) {
        return "a read fails";
    }
    for (i = 0; i < size; i++) {
        if (sector->round != 0 && found[i] != byte_at(address + i, sector->round)) {
            return "what was programmed does not read so";
        }
        if (sector->round == 0 && !is_unknown && found[i] != erased) {
            return "what was erased does not read as `erased` says";
        }
    }
    return NULL;
}

/* The whole sector, in reads of other sizes each time, from one unit on. */
static const char *compare_all(const kv_flash_t *flash, const sector_t *sector) {
    const uint32_t unit = unit_of(flash->read_size);
    uint32_t done = 0, size = unit;
    const char *wrong = NULL;

    while (wrong == NULL && done < sector->size) {
        const uint32_t some = least(least(size, CALL / unit * unit), sector->size - done);

        wrong = compare(flash, sector, sector->address + done, some);
        done += some;
        size += unit;
    }
    return wrong;
}

static const char *erase(const kv_flash_t *flash, sector_t *sector) {
    sector->round = 0;
    if (flash->erase != NULL
        && flash->erase(flash->context, sector->address, sector->size) != 0) {
        return "an erase fails";
    }
    return compare_all(flash, sector);
}

/* Programs the whole sector, in calls of other sizes each time, and reads each back at once. */
static const char *program(const kv_flash_t *flash, sector_t *sector, uint32_t round) {
    const uint32_t unit = unit_of(flash->program_size);
    const uint32_t read_unit = unit_of(flash->read_size);
    unsigned char *const written = room + (ALIGNMENT - (uintptr_t)room % ALIGNMENT) % ALIGNMENT;
    uint32_t done = 0, size = unit, i;
    const char *wrong = NULL;

    sector->round = round;
    while (wrong == NULL && done < sector->size) {
        const uint32_t some = least(least(size, CALL / unit * unit), sector->size - done);
        const uint32_t address = sector->address + done;

        for (i = 0; i < some; i++) {
            written[i] = byte_at(address + i, round);
        }
        if (flash->program(flash->context, address, written, some) != 0) {
            return "a program fails";
        }
        if (address % read_unit == 0 && some % read_unit == 0) {
            wrong = compare(flash, sector, address, some);
        }
        done += some;
        size += unit;
    }
    return wrong;
}

static const char *sync(const kv_flash_t *flash) {
    return flash->sync != NULL && flash->sync(flash->context) != 0 ? "a sync fails" : NULL;
}

/* All three as they must be. */
static const char *all_are_right(const kv_flash_t *flash, const sector_t sectors[3]) {
    const char *wrong = sync(flash);
    unsigned i;

    for (i = 0; wrong == NULL && i < 3; i++) {
        wrong = compare_all(flash, &sectors[i]);
    }
    return wrong;
}

static const char *has_a_shape(const kv_flash_t *flash) {
    const kv_store_config_t config = {.flash = flash};

    if (flash->read == NULL || flash->program == NULL) {
        return "`read` or `program` is NULL";
    }
    return kv_store_required_ram(&config) == 0 ? "the sizes are not such as a store can have"
                                               : NULL;
}

/* The first two sectors, and the last one. */
static const char *find(const kv_flash_t *flash, sector_t sectors[3]) {
    uint32_t address = 0, size, count = 0;

    while (address < flash->size) {
        size = sector_size(flash, address);
        if (size == 0 || size > flash->size - address) {
            return "the sectors do not add up to the size";
        }
        count++;
        sectors[count < 3 ? count - 1 : 2].address = address;
        sectors[count < 3 ? count - 1 : 2].size = size;
        address += size;
    }
    if (count < 3) {
        /* The second is the last. */
        sectors[2] = sectors[1];
    }
    return count < 2 ? "there are less than two sectors" : NULL;
}

const char *nvkv_flash_check(const kv_flash_t *flash) {
    sector_t sectors[3] = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
    const char *wrong = has_a_shape(flash);
    uint32_t round, order;

    if (wrong == NULL) {
        wrong = find(flash, sectors);
    }
    for (order = 0; wrong == NULL && order < 3; order++) {
        wrong = erase(flash, &sectors[order]);
    }
    /* Erased and programmed in one order and the other: each time the others stay as they are. */
    for (round = 1; wrong == NULL && round <= 2; round++) {
        for (order = 0; wrong == NULL && order < 3; order++) {
            sector_t *const sector = &sectors[round == 1 ? order : 2 - order];

            if (sectors[2].address == sectors[1].address && sector == &sectors[2]) {
                continue;
            }
            wrong = round == 1 ? NULL : erase(flash, sector);
            if (wrong == NULL) {
                wrong = program(flash, sector, round);
            }
            if (sectors[2].address == sectors[1].address) {
                sectors[2] = sectors[1];
            }
            if (wrong == NULL) {
                wrong = all_are_right(flash, sectors);
            }
        }
    }
    return wrong;
}
