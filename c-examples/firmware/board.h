/* What the firmware needs of its board. There is one implementation for each board, in boards/. */
#ifndef BOARD_H
#define BOARD_H

#include "nvkv.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The partition that the board keeps for settings has no more sectors than this. */
#define BOARD_MAX_SECTORS 64

/* Makes the flash ready and describes the partition in `flash`. 0, or the number of the driver's
 * error. */
int board_flash(kv_flash_t *flash);

/* Prints text on the terminal of the emulator or debugger. */
void board_print(const char *text);

/* Ends the program: with 0 where all was well. On a board without a debugger it stands still. */
void board_exit(int status);

#ifdef __cplusplus
}
#endif

#endif
