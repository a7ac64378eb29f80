/* Zephyr: a partition at an offset of its device, and mutexes that count. */
#include "try.h"

#include <errno.h>

#include <zephyr/drivers/flash.h>
#include <zephyr/kernel.h>
#include <zephyr/storage/flash_map.h>

int flash_zephyr(kv_flash_t *flash);
kv_lock_t lock_zephyr(void);

struct device {
    int number;
};

static const struct device chip = {1};
static const struct flash_area area = {
    .fa_id = 3, .fa_off = 0xF8000, .fa_size = 32 * 1024, .fa_dev = &chip};
static unsigned locked;
static bool is_interrupt;

int flash_area_open(uint8_t id, const struct flash_area **found) {
    CHECK(id == area.fa_id);
    *found = &area;
    return 0;
}

int flash_area_read(const struct flash_area *from, off_t offset, void *to, size_t size) {
    CHECK(from == &area && locked > 0);
    return nor_read(&try_nor, (uint32_t)offset, to, (uint32_t)size) == 0 ? 0 : -EIO;
}

int flash_area_write(const struct flash_area *to, off_t offset, const void *from, size_t size) {
    CHECK(to == &area && locked > 0);
    return nor_program(&try_nor, (uint32_t)offset, from, (uint32_t)size) == 0 ? 0 : -EIO;
}

int flash_area_erase(const struct flash_area *in, off_t offset, size_t size) {
    CHECK(in == &area && locked > 0);
    return nor_erase(&try_nor, (uint32_t)offset, (uint32_t)size) == 0 ? 0 : -EIO;
}

uint32_t flash_area_align(const struct flash_area *of) {
    CHECK(of == &area);
    return 4;
}

uint8_t flash_area_erased_val(const struct flash_area *of) {
    CHECK(of == &area);
    return 0xFF;
}

int flash_get_page_info_by_offs(const struct device *device, off_t offset,
                                struct flash_pages_info *info) {
    CHECK(device == &chip && offset == area.fa_off);
    info->size = 4096;
    return 0;
}

int k_mutex_init(struct k_mutex *mutex) {
    mutex->lock_count = 0;
    return 0;
}

int k_mutex_lock(struct k_mutex *mutex, k_timeout_t timeout) {
    CHECK(timeout.ticks == -1 && !is_interrupt);
    mutex->lock_count++;
    locked++;
    return 0;
}

int k_mutex_unlock(struct k_mutex *mutex) {
    CHECK(!is_interrupt);
    if (mutex->lock_count == 0) {
        return -EINVAL;
    }
    mutex->lock_count--;
    locked--;
    return 0;
}

bool k_is_in_isr(void) {
    return is_interrupt;
}

int main(void) {
    const kv_lock_t lock = lock_zephyr();
    kv_flash_t flash;

    try_new(NULL, (uint32_t)area.fa_size, 4096, 4);
    CHECK(flash_zephyr(&flash) == 0);
    /* Opening reads before any lock is there. */
    locked = 1;
    CHECK(try_store(&flash, &lock) == 0);
    CHECK(locked == 1);
    is_interrupt = true;
    CHECK(lock.lock(lock.context) != 0 && lock.unlock(lock.context) != 0);
    return 0;
}
