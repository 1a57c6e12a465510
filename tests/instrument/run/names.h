/* The parts of names.c that names_main.c calls. */
#ifndef NAMES_H
#define NAMES_H
void names_run(void);
#endif
