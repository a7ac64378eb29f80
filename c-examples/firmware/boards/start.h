/* What the start-up code of both processor families does alike, before main and after it. */
#ifndef START_H
#define START_H

/* Fills the data of the program, runs its constructors and main, and leaves with what that
 * returned. */
void start_program(void);

/* For what must never happen: prints "fault" and leaves. */
void start_fault(void);

#endif
