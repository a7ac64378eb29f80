/* Memory that outlives the emulator, used as flash by the rules of an STM32H743: sectors of 128
 * KiB, programmed in words of 32 bytes with ECC, each once between two erases.
 *
 * What breaks a rule ends the program. A word whose program or erase was cut off has an ECC that
 * does not fit, and reads as something else each time: the worst that the store is promised. (The
 * real chip reports a double error then, with a bus fault that its driver must have masked.) */
#ifndef STM32H7_RULES_H
#define STM32H7_RULES_H

#include "nvkv.h"

enum { STM32H7_WORD = 32, STM32H7_SECTOR = 128 * 1024 };

typedef struct {
    /* The bytes, and a code for each word: 4 bytes that say what it was programmed with. */
    volatile uint32_t *bytes;
    volatile uint32_t *codes;
    uint32_t sectors;
    /* For what cannot be read. */
    uint32_t noise;
} stm32h7_flash_t;

void stm32h7_describe(stm32h7_flash_t *chip, kv_flash_t *flash);

#endif
