/* Owns the codes of the words: which are programmed, and which are whole. */
#include "stm32h7_rules.h"

#include "../board.h"

enum { WORDS_OF_4 = STM32H7_WORD / 4 };

static const uint32_t ERASED = 0xFFFFFFFF;

static void must(int condition, const char *rule) {
    if (!condition) {
        board_print("flash: ");
        board_print(rule);
        board_print("\n");
        board_exit(1);
    }
}

static uint32_t code_of(const volatile uint32_t *word) {
    uint32_t code = 0x811C9DC5;
    uint32_t i;

    for (i = 0; i < WORDS_OF_4; i++) {
        code = (code ^ word[i]) * 0x01000193;
        code ^= code >> 15;
    }
    return code == ERASED ? 0 : code;
}

static int is_whole(const stm32h7_flash_t *chip, uint32_t word) {
    const uint32_t code = chip->codes[word];

    return code == ERASED || code == code_of(chip->bytes + word * WORDS_OF_4);
}

static int read(void *context, uint32_t address, void *buffer, uint32_t size) {
    stm32h7_flash_t *chip = context;
    const volatile unsigned char *bytes = (const volatile unsigned char *)chip->bytes;
    unsigned char *to = buffer;
    uint32_t at = address;
    uint32_t end;
    int whole;

    while (at < address + size) {
        whole = is_whole(chip, at / STM32H7_WORD);
        end = (at / STM32H7_WORD + 1) * STM32H7_WORD;
        for (; at < end && at < address + size; at++) {
            chip->noise = chip->noise * 1664525 + 1013904223;
            *to++ = whole ? bytes[at] : (unsigned char)(chip->noise >> 24);
        }
    }
    return 0;
}

static int program(void *context, uint32_t address, const void *data, uint32_t size) {
    stm32h7_flash_t *chip = context;
    const uint32_t *from = data;
    uint32_t word, i;

    must((address | size | (uintptr_t)data) % STM32H7_WORD == 0, "not whole words");
    must(address + size <= chip->sectors * STM32H7_SECTOR, "beyond its end");
    for (word = address / STM32H7_WORD; word < (address + size) / STM32H7_WORD; word++) {
        must(chip->codes[word] == ERASED, "a word is programmed twice");
        /* First the code: a word that is cut off is never taken for one that is erased. */
        chip->codes[word] = code_of(from);
        for (i = 0; i < WORDS_OF_4; i++) {
            chip->bytes[word * WORDS_OF_4 + i] = *from++;
        }
    }
    return 0;
}

static int erase(void *context, uint32_t address, uint32_t size) {
    stm32h7_flash_t *chip = context;
    uint32_t i;

    must(size == STM32H7_SECTOR && address % size == 0, "not a whole sector");
    must(address < chip->sectors * STM32H7_SECTOR, "beyond its end");
    /* The codes last: an erase that is cut off leaves words that are not erased. */
    for (i = address / 4; i < (address + size) / 4; i++) {
        chip->bytes[i] = ERASED;
    }
    for (i = address / STM32H7_WORD; i < (address + size) / STM32H7_WORD; i++) {
        chip->codes[i] = ERASED;
    }
    return 0;
}

void stm32h7_describe(stm32h7_flash_t *chip, kv_flash_t *flash) {
    const kv_flash_t description = {
        .context = chip,
        .read = read,
        .program = program,
        .erase = erase,
        .size = chip->sectors * STM32H7_SECTOR,
        .program_size = STM32H7_WORD,
        .sector_size = STM32H7_SECTOR,
    };

    *flash = description;
}
