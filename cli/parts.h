/* Where godwit's own parts are, found from where its executable is: in a build tree and in an installed one. */
#ifndef GW_CLI_PARTS_H
#define GW_CLI_PARTS_H
#include <stdbool.h>

struct parts {
  char *self;      /* bin/godwit, symbolic links resolved */
  char *include;   /* folder with godwit.h */
  char *lib;       /* folder with what follows */
  char *plugin;    /* godwit_pass.so */
  char *plain;     /* libgodwit.a */
  char *race;      /* libgodwit_race.a */
  char *heap;      /* libgodwit_heap.a: the malloc of programs without -race */
  char *interpose; /* libgodwit_interpose.a: libc's names in dynamic links with -race */
  char *wrap;      /* libgodwit_wrap.a: the same in static ones, */
  char *wrap_args; /* and the linker arguments that go with it */
};
/* Never fails; the files need not exist. */
const struct parts *parts_find(void);
bool file_exists(const char *path);

#endif
