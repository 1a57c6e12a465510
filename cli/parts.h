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
  char *interpose; /* libgodwit_interpose.a, for dynamic links with -race; need not exist */
  char *wrap;      /* libgodwit_wrap.a, for static ones; needs wrap_args */
  char *wrap_args; /* linker options in a file */
};
/* Never fails; the files need not exist. */
const struct parts *parts_find(void);
bool file_exists(const char *path);

#endif
