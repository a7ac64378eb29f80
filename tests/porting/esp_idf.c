/* Partitions of ESP-IDF, one that is encrypted among them. */
#include "esp_partition.h"
#include "try.h"

int flash_esp_idf(kv_flash_t *flash);

static esp_partition_t partition = {
    .type = ESP_PARTITION_TYPE_DATA,
    .size = 32 * 1024,
    .erase_size = 4096,
    .label = "nvkv",
};
static int is_there = 1;

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
                                                esp_partition_subtype_t subtype,
                                                const char *label) {
    CHECK(type == ESP_PARTITION_TYPE_DATA && subtype == ESP_PARTITION_SUBTYPE_ANY);
    return is_there && strcmp(label, partition.label) == 0 ? &partition : NULL;
}

/* What stands for the encryption: each 16 bytes have a key of their own. */
static unsigned char key_at(size_t offset) {
    return partition.encrypted ? (unsigned char)(offset / 16 * 37 + 11) : 0;
}

esp_err_t esp_partition_read(const esp_partition_t *from, size_t offset, void *to, size_t size) {
    unsigned char *bytes = to;
    size_t i;

    CHECK(from == &partition);
    if (nor_read(&try_nor, (uint32_t)offset, to, (uint32_t)size) != 0) {
        return ESP_FAIL;
    }
    for (i = 0; i < size; i++) {
        bytes[i] ^= key_at(offset + i);
    }
    return ESP_OK;
}

esp_err_t esp_partition_write(const esp_partition_t *to, size_t offset, const void *from,
                              size_t size) {
    static uint32_t words[256];
    unsigned char *bytes = (unsigned char *)words;
    size_t i;

    CHECK(to == &partition && size <= sizeof words);
    CHECK(!partition.encrypted || (offset % 16 == 0 && size % 16 == 0));
    memcpy(bytes, from, size);
    for (i = 0; i < size; i++) {
        bytes[i] ^= key_at(offset + i);
    }
    return nor_program(&try_nor, (uint32_t)offset, bytes, (uint32_t)size) == 0 ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *in, size_t offset, size_t size) {
    CHECK(in == &partition && offset % in->erase_size == 0 && size % in->erase_size == 0);
    return nor_erase(&try_nor, (uint32_t)offset, (uint32_t)size) == 0 ? ESP_OK : ESP_FAIL;
}

int main(void) {
    kv_flash_t flash;

    is_there = 0;
    CHECK(flash_esp_idf(&flash) != 0);
    is_there = 1;
    CHECK(flash_esp_idf(&flash) == 0 && flash.program_size == 4);
    try_new(NULL, partition.size, partition.erase_size, 4);
    CHECK(try_store(&flash, NULL) == 0);

    partition.encrypted = true;
    CHECK(flash_esp_idf(&flash) == 0 && flash.program_size == 32);
    try_new(NULL, partition.size, partition.erase_size, 32);
    return try_store(&flash, NULL);
}
