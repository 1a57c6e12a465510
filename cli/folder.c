/* Temporary folders: made with mkdtemp, removed with all that is in them. */
#include "cli/folder.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/mem.h"

char *folder_make(const char *command) {
  const char *tmp = getenv("TMPDIR");
  char *dir = mem_format("%s/godwit-%s-XXXXXX", tmp && *tmp ? tmp : "/tmp", command);
  if (mkdtemp(dir)) return dir;
  fprintf(stderr, "godwit %s: can't make a folder like %s: %s (TMPDIR names another place)\n", command, dir,
          strerror(errno));
  free(dir);
  return NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at) {
  (void)st, (void)type, (void)at;
  remove(path);
  return 0;
}

void folder_remove(const char *dir) { nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS); }
